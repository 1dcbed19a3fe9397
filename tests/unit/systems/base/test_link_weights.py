# SPDX-License-Identifier: Apache-2.0
"""Weights of a link are trained, saved and replaced with it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.datasets import generated_features
from sionna_semcom.link import (
    AWGNLink,
    CodedTransmission,
    EffectiveAWGNLink,
    FlatFadingLink,
    Link,
    OFDMLink,
)
from sionna_semcom.mapping import LatentMapper
from sionna_semcom.systems import FeatureTransmission, TwoStageVIB
from sionna_semcom.systems.base.link_weights import LinkWeights

DATA = generated_features(40, 10, 10)


class Offset:
    """A plain object with a variable."""

    def __init__(self):
        self.value = tf.Variable([0.1])
        self.pool = tf.Variable(tf.zeros([3], tf.complex64), trainable=False)


class LearnedLink(Link):
    """A predistorter in containers, with normalization, dropout and an offset, before noise."""

    def __init__(self):
        super().__init__()
        self.networks = [{"predistorter": keras.layers.Dense(12)}, (keras.layers.Dropout(0.5),)]
        self.norm = keras.layers.BatchNormalization()
        self.offset = Offset()
        self.noise = AWGNLink()

    def transmit(self, symbols, no):
        real = self.networks[1][0](self.networks[0]["predistorter"](tf.math.real(symbols)))
        real = self.norm(real) + self.offset.value
        return self.noise(tf.complex(real, tf.math.imag(symbols)), no)

    def channel_uses(self, num_symbols, num_latents=1):
        return num_symbols * num_latents


def system(link):
    return TwoStageVIB(DATA.shapes, DATA.num_classes, link=link, transmitted_dim=24, width=8)


def train(model, steps=3):
    model.fit(DATA.train(16, steps, seed=1), verbose=0)


def test_weights_of_a_link_are_trained_with_the_system():
    plain, model = system(AWGNLink()), system(LearnedLink())
    assert len(model.trainable_weights) == len(plain.trainable_weights) + 5
    link = model.link
    parts = [*link.networks[0]["predistorter"].weights, link.norm.gamma, link.norm.moving_mean]
    before = [np.array(part) for part in (*parts, link.offset.value)]
    model.compile(keras.optimizers.Adam(1e-2))
    train(model)
    for old, new in zip(before, (*parts, link.offset.value), strict=True):
        assert np.any(old != np.array(new))
    moving = np.array(link.norm.moving_mean)
    model.evaluate(DATA.test(10), verbose=0)
    np.testing.assert_array_equal(link.norm.moving_mean, moving)


def test_a_link_in_a_link_counts():
    inner = LearnedLink()
    layer = keras.layers.Dense(2)
    inner.call_later = lambda x: layer(x)
    model = system(EffectiveAWGNLink(inner))
    held = {id(part) for part in model._link_weights.parts}
    assert id(inner.norm) in held
    assert id(layer) in held


def test_a_weight_of_a_layer_that_something_else_names_too_counts_once():
    link = LearnedLink()
    link.shortcut = [link.norm.gamma, link.offset.value]
    held = LinkWeights()
    held.hold(link, None)
    assert not any(value is link.norm.gamma for value in held.values)
    assert len(held.values) == 1


def test_weights_of_a_link_are_saved_and_loaded(tmp_path):
    first, second = system(LearnedLink()), system(LearnedLink())
    first.compile(keras.optimizers.Adam(1e-2))
    train(first)
    first.save_weights(tmp_path / "model.weights.h5")
    second.load_weights(tmp_path / "model.weights.h5")
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(first.link.offset.value, second.link.offset.value)


def test_files_of_systems_over_other_links_stay_what_they_were(tmp_path):
    import h5py

    model = system(AWGNLink())
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    with h5py.File(path, "a") as file:
        for name in ("link_weights", "__phase"):
            del file["layers"][name]
    other = system(FlatFadingLink())
    other.load_weights(path)
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_another_link_swaps_its_weights():
    model = system(LearnedLink())
    old = [id(weight) for weight in model.trainable_weights]
    model.compile(keras.optimizers.Adam(1e-2))
    train(model)
    model.link = AWGNLink()
    assert len(model.trainable_weights) == len(old) - 5
    train(model, 1)
    assert int(model.optimizer.iterations) == 4
    model.link = link = LearnedLink()
    before = np.array(link.offset.value)
    train(model, 1)
    assert np.any(before != np.array(link.offset.value))


def test_layers_given_to_a_link_later_are_found_when_the_system_is_compiled():
    model = system(LearnedLink())
    model.link.late = keras.layers.Dense(3)
    model.compile("sgd")
    assert any(part is model.link.late for part in model._link_weights.parts)


@pytest.mark.parametrize(
    "link",
    [
        AWGNLink(),
        FlatFadingLink(),
        OFDMLink(model="TDL-A"),
        CodedTransmission(AWGNLink(), 24, 0.5, 2),
    ],
)
def test_links_of_the_package_hold_no_weights(link):
    assert not LinkWeights().hold(link, None)


def test_a_mapper_in_a_link_learns_in_training_alone():
    class Mapped(AWGNLink):
        def __init__(self):
            super().__init__()
            self.mapper = LatentMapper("average")

        def transmit(self, symbols, no):
            parts = tf.concat([tf.math.real(symbols), tf.math.imag(symbols)], -1)
            return super().transmit(self.mapper(3.0 * parts), no)

    model = TwoStageVIB(DATA.shapes, DATA.num_classes, link=Mapped(), transmitted_dim=24, width=8)
    mapper = model.link.mapper
    model.compile("adam")
    model.evaluate(DATA.test(10), verbose=0)
    assert float(mapper.mean_power) == 0.0
    train(model)
    learned = float(mapper.mean_power)
    assert learned == pytest.approx(9.0, rel=1e-4)
    model.evaluate(DATA.test(10), verbose=0)
    model.measure(next(iter(DATA.test(10))), 10.0)
    assert float(mapper.mean_power) == learned
    assert any(weight is mapper.mean_power for weight in model.weights)


def test_a_system_without_a_transmission_trains():
    model = FeatureTransmission(DATA.shapes, DATA.num_classes, link=AWGNLink(), width=4)
    model.compile("adam")
    before = model.get_weights()
    train(model, 1)
    assert any(np.any(old != new) for old, new in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("link", ["awgn", {"kind": "awgn"}, AWGNLink])
def test_a_name_settings_or_a_class_is_no_link(link):
    system = FeatureTransmission(DATA.shapes, DATA.num_classes, link=AWGNLink(), width=4)
    before = system.link
    with pytest.raises(ValueError, match=r"`link` must be a link, such as .*AWGNLink\(\)`. Recei"):
        system.link = link
    assert system.link is before
