# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.link import AWGNLink
from sionna_semcom.semantics import modalities
from sionna_semcom.systems import CentroidSystem

SHAPES = {"image": (8, 8, 1), "text": (10,)}


@pytest.fixture
def system():
    return CentroidSystem(modalities(SHAPES, 4), link=AWGNLink())


def draw(size):
    labels = tf.random.uniform([size], maxval=10, dtype=tf.int32)
    images = tf.random.uniform([size, *SHAPES["image"]])
    return {"image": images, "text": tf.one_hot(labels, 10), "label": labels}


def test_recall_is_of_the_first_thousand_samples_and_no_others_are_read(system):
    data = [draw(90) for _ in range(13)]
    unread = iter(data)
    figures = system.summary(unread)
    assert len(list(unread)) == 1
    whole = {name: tf.concat([batch[name] for batch in data], 0)[:1000] for name in data[0]}
    embeddings, labels = system.embed(whole), whole["label"].numpy()
    nearest = np.argmax(embeddings["image"] @ tf.transpose(embeddings["text"]), axis=-1)
    for key, right in (
        ("recall_at_1", labels[nearest] == labels),
        ("instance_recall_at_1", nearest == np.arange(1000)),
    ):
        assert figures[f"{key}/image_to_text"] == pytest.approx(np.mean(right), abs=2e-3)


def test_samples_are_counted_without_labels(system):
    batch = draw(20)
    del batch["label"]
    figures = system.summary([batch])
    assert figures["channel_uses"] == 2
    assert {name for name in figures if "recall" in name} == {
        "instance_recall_at_1/image_to_text",
        "instance_recall_at_1/text_to_image",
    }


def test_without_data_it_is_that_of_keras(system):
    lines = []
    assert system.summary(print_fn=lines.append) is None
    assert "Total params" in "\n".join(lines)


def test_no_data_at_all_are_refused(system):
    with pytest.raises(ValueError, match="at least one batch"):
        system.summary([])
