# SPDX-License-Identifier: Apache-2.0
import re

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.systems.base.presence import (
    batch_keys,
    check_batch,
    check_keys,
    check_shapes,
    dropout_mask,
    present_names,
    where_present,
)

NAMES = ["image", "audio", "text"]


def test_names_keep_the_order_of_the_modalities():
    assert present_names(None, NAMES) == NAMES
    assert present_names(["text", "image"], NAMES) == ["image", "text"]


@pytest.mark.parametrize("present", [[], ["smell"], ["image", "smell"]])
def test_unknown_modalities_and_none_at_all_are_refused(present):
    with pytest.raises(ValueError, match=r"`present` must name some of image, audio, text.*\["):
        present_names(present, NAMES)


@pytest.mark.parametrize("probability", [0.3, 0.9])
def test_each_is_missing_as_often_as_asked_and_never_all(compiled, probability):
    mask = compiled(lambda: dropout_mask(3, 20_000, probability))().numpy()
    assert mask.shape == (3, 20_000)
    assert set(np.unique(mask)) == {0.0, 1.0}
    assert mask.sum(0).min() == 1
    # if all three would be missing, each of them is kept in a third of the cases
    expected = 1 - probability + probability**3 / 3
    np.testing.assert_allclose(mask.mean(1), expected, atol=0.015)


def test_without_dropout_there_is_no_mask():
    assert dropout_mask(3, 20, 0.0) is None


def test_sequences_come_with_their_lengths():
    keys = batch_keys({"image": (8, 8, 1), "audio": (5, 3), "text": (7,)})
    assert keys == ["image", "audio", "text", "audio_length"]
    check_keys(dict.fromkeys([*keys, "label"]), keys)
    with pytest.raises(ValueError, match=r"hold image, .*, audio_length. Received: image, audio$"):
        check_keys({"image": 0, "audio": 0}, keys)


def test_what_is_missing_is_zero():
    parts = np.arange(1.0, 13.0, dtype="f").reshape(2, 3, 2)  # modality, sample, feature
    presence = np.array([[1, 0], [0, 1], [1, 1]], "f")
    found = where_present(tf.unstack(tf.constant(parts)), tf.constant(presence))
    np.testing.assert_array_equal(found, np.einsum("msd,sm->msd", parts, presence))


@pytest.mark.parametrize("inputs", [np.zeros([2, 3]), [1], "image"])
def test_inputs_that_are_no_dictionary_are_refused(inputs):
    received = type(inputs).__name__
    message = f"must be a dictionary with image, audio, text. Received: {received}"
    with pytest.raises(ValueError, match=message):
        check_keys(inputs, NAMES)


@pytest.mark.parametrize("shape", [(5, 8, 8), (5, 8, 9, 1), (8, 8, 1)])
@pytest.mark.parametrize("of_kind", [np.zeros, tf.zeros, lambda shape: np.zeros(shape).tolist()])
def test_samples_of_another_shape_are_refused(shape, of_kind):
    check_shapes({"image": of_kind((5, 8, 8, 1))}, {"image": (8, 8, 1)})
    check_shapes({"text": of_kind((5, 3, 7))}, {"text": (None, 7)})  # sequences of any length
    message = re.escape(f"`image` must have shape [batch, 8, 8, 1]. Received: {list(shape)}")
    with pytest.raises(ValueError, match=message):
        check_shapes({"image": of_kind(shape)}, {"image": (8, 8, 1)})


def test_unknown_shapes_are_accepted_in_graphs():
    @tf.function(input_signature=[tf.TensorSpec(None)])
    def checked(image):
        check_shapes({"image": image}, {"image": (8, 8, 1)})
        return tf.shape(image)

    assert checked(tf.zeros([5, 8, 8, 1])).numpy().tolist() == [5, 8, 8, 1]


def test_batches_have_lengths_of_sequences_and_samples_of_their_shapes():
    shapes = {"audio": (5, 3), "text": (7,)}
    batch = {"audio": np.zeros((2, 4, 3)), "audio_length": [4, 2], "text": np.zeros((2, 7))}
    check_batch(batch, shapes)
    with pytest.raises(ValueError, match=r"`audio` must have shape \[batch, any, 3\]. Rec"):
        check_batch({**batch, "audio": np.zeros((2, 4, 2))}, shapes)
    del batch["audio_length"]
    with pytest.raises(ValueError, match=r"must hold audio, text, audio_length\. Received: "):
        check_batch(batch, shapes)
