# SPDX-License-Identifier: Apache-2.0
"""Probes of frozen representations with known content."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy import config

from sionna_semcom import metrics
from sionna_semcom.datasets import Data, generated_features
from sionna_semcom.simulation.evaluation import probes
from sionna_semcom.simulation.evaluation.probes import LinearProbes, Probing, probe


class Shares:
    """Text and audio contain the redundant bit, vision is noise; symbols contain it in noise."""

    name = "shares"

    def representations(self, batch, snr_db, present=None):
        redundant = tf.cast(batch["label"] % 2, tf.float32)[:, None] * 2.0 - 1.0
        no = tf.pow(10.0, -snr_db / 10.0)

        def noise(power):
            return tf.sqrt(power) * config.tf_rng.normal([tf.shape(redundant)[0], 2])

        return {
            "text": redundant + noise(0.01),
            "audio": redundant + noise(0.01),
            "vision": noise(1.0),
            "received": redundant + noise(no),
        }


@pytest.fixture(scope="module")
def data():
    return generated_features(1500, 10, 800)


def test_they_find_what_is_shared_and_where_each_part_is(data):
    found = {
        name: estimate.mean for name, estimate in probe(Shares(), data, data.test(500), 0.0).items()
    }
    # the sign of both agrees in matched pairs, and in half of the others
    assert found["jsd_text_audio"] == pytest.approx(0.4315, abs=0.06)
    assert found["bce_text_audio"] == pytest.approx(2 * np.log(2) - found["jsd_text_audio"])
    assert found["bce_text_vision"] == pytest.approx(2 * np.log(2), abs=0.03)
    assert found["redundant_in_text"] > 0.98
    assert found["redundant_in_vision"] == pytest.approx(0.5, abs=0.08)
    assert found["unique_text_in_text"] == pytest.approx(0.5, abs=0.08)
    # two numbers in noise of power one each
    assert found["redundant_in_received"] == pytest.approx(0.921, abs=0.03)


def test_without_known_parts_only_dependence_is_measured(data):
    names = probe(Shares(), _Unknown(data), data.test(500), 0.0)
    assert {name.split("_")[0] for name in names} == {"bce", "jsd"}


def test_what_depends_on_no_snr_is_computed_once(data, monkeypatch):
    fitted, probe_once = [], functools.partial(metrics.linear_probe, whiten=True)

    def counted(*samples):
        fitted.append(samples)
        return probe_once(*samples)

    monkeypatch.setitem(probes._CLASSIFIERS, "whitened", counted)
    probing = Probing(Shares(), data, data.test(500), kind="whitened")
    clean, noisy = (probing.at(snr_db) for snr_db in (20.0, -10.0))
    parts = len(data.parts(next(iter(data.test(2)))))
    assert len(fitted) == parts * (4 + 1)
    assert list(clean) == list(noisy)
    for name in clean:
        assert (clean[name] == noisy[name]) or name.endswith("_in_received"), name
    assert clean["redundant_in_received"].mean > 0.98 > 0.8 > noisy["redundant_in_received"].mean


class _Unknown(Data):
    num_classes = 0

    def __init__(self, data):
        self.train = data.train


def test_a_system_that_shows_nothing_is_refused(data):
    class Blind:
        name = "blind"

    with pytest.raises(
        ValueError, match=r"probes need a system with representations.*Received: blind"
    ):
        probe(Blind(), data, data.test(500), 0.0)


class Shows:
    """The received representation is one number that determines the label."""

    name = "shows"

    def representations(self, batch, snr_db, present=None):
        return {"received": tf.cast(batch["label"], tf.float32)[:, None]}


class _Apart(Data):
    """Training samples of one class; separate pairs for probes of all classes and other parts."""

    num_classes = 2

    def __init__(self, parts=None, probing=True):
        self.asked = []
        if parts is not None:
            self.parts = parts
        if probing:
            self.probing = lambda size: self._batches("probing", [0, 1] * 50)

    def _batches(self, split, labels):
        self.asked.append(split)
        return tf.data.Dataset.from_tensor_slices({"label": labels}).batch(30)

    def train(self, size):
        return self._batches("train", [0] * 40 + [1] * 40)

    def validation(self, size=100):
        return self._batches("validation", [0, 1, 1])

    test = validation


@pytest.mark.parametrize(("kind", "right"), [("linear", 0.5), ("whitened", 0.5), ("perceptron", 1)])
def test_classifiers_are_of_the_kind_that_is_asked_for(kind, right):
    class Agrees:
        """The label is whether two signs are equal."""

        name = "agrees"

        def representations(self, batch, snr_db, present=None):
            first = tf.where(tf.range(len(batch["label"])) % 4 < 2, 1.0, -1.0)
            second = tf.where(batch["label"] == 1, first, -first)
            return {"received": tf.stack([first, second], -1)}

    data = _Apart(probing=False)
    data.train = lambda size: data._batches("train", [0, 1] * 60)
    found = probe(Agrees(), data, data.train(1), 0.0, kind=kind)["label_in_received"].mean
    assert found == pytest.approx(right, abs=0.15)


def test_an_unknown_kind_is_refused():
    data = _Apart()
    with pytest.raises(ValueError, match=r"one of linear, whitened, perceptron\. Received: 'deep'"):
        probe(Shows(), data, data.test(), 0.0, kind="deep")


def test_the_label_is_probed_where_parts_are_unknown():
    data = _Apart(probing=False)
    found = probe(Shows(), data, data.test(), 0.0)
    assert {name: estimate.mean for name, estimate in found.items()} == {"label_in_received": 1.0}
    assert "train" in data.asked


def test_probes_are_trained_on_samples_that_are_for_them():
    data = _Apart(parts=lambda batch: {"opposite": 1 - batch["label"]})
    found = probe(Shows(), data, data.test(), 0.0)
    assert found["opposite_in_received"].mean == 1.0
    assert "train" not in data.asked


def test_training_logs_them_every_few_epochs():
    data, logs = _Apart(), [{}, {}, {}, {}]
    callback = LinearProbes(data, every=2)
    callback.set_model(Shows())
    for epoch, log in enumerate(logs):
        callback.on_epoch_end(epoch, log)
    assert logs == [{}, {"val_label_in_received": 1.0}] * 2
    assert "validation" in data.asked
    with pytest.raises(ValueError, match="every"):
        LinearProbes(data, every=0)
