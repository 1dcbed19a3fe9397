# SPDX-License-Identifier: Apache-2.0
"""Layers that several modalities share, after a system is saved and loaded."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom import metrics
from sionna_semcom.link import AWGNLink
from sionna_semcom.semantics import Modality
from sionna_semcom.systems import CentroidSystem, CoMM

NAMES = ("front", "side")


def network(num_inputs, *layers):
    return keras.Sequential([keras.Input((num_inputs,)), *layers, keras.layers.Dense(8)])


def system_of(encoders, decoders):
    parts = zip(NAMES, encoders, decoders, strict=True)
    modalities = [Modality(n, (8,), encoder, decoder, metrics.mse) for n, encoder, decoder in parts]
    return CentroidSystem(modalities, link=AWGNLink())


@keras.saving.register_keras_serializable("tests")
class Scale(keras.layers.Layer):
    """Layer that is built in its constructor."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.factor = self.add_weight(shape=(8,), initializer="ones", name="factor")
        self.built = True

    def call(self, x):
        return x * self.factor


@keras.saving.register_keras_serializable("tests")
class Keyed(keras.layers.Layer):
    """Layer whose configuration has another name than the layer, or none."""

    def __init__(self, key):
        super().__init__(name=f"{key}_layer")
        self.key = key

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 8), name="kernel")

    def call(self, x):
        return keras.ops.matmul(x, self.kernel)

    def get_config(self):
        return {"name": self.key}

    @classmethod
    def from_config(cls, config):
        return cls(config["name"])


@keras.saving.register_keras_serializable("tests")
class Nameless(Keyed):
    """Layer without a name in its configuration."""

    def __init__(self):
        super().__init__("nameless")

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls()


def encoder_twice():
    return system_of([network(8)] * 2, [network(12), network(12)])


def encoder_and_decoder_twice():
    return system_of([network(8)] * 2, [network(12)] * 2)


def layer_in_both_encoders():
    trunk = keras.layers.Dense(8)
    return system_of([network(8, trunk), network(8, trunk)], [network(12), network(12)])


def layer_in_encoder_and_decoder():
    last = keras.layers.Dense(8)
    encoders = [network(8, last), network(8)]
    return system_of(encoders, [network(12, keras.layers.Dense(8), last), network(12)])


def other_layers_of_the_same_name():
    def trunk():
        return keras.layers.Dense(8, name="trunk")

    return system_of([network(8, trunk()), network(8, trunk())], [network(12), network(12)])


def layer_that_is_built_in_its_constructor():
    scale = Scale()
    encoders = [network(8, scale), network(8, scale)]
    return system_of(encoders, [network(12), network(12)])


def other_layers_of_the_same_name_in_their_configuration():
    encoders = [network(8, Keyed("one")), network(8, Keyed("one"))]
    return system_of(encoders, [network(12), network(12)])


def layer_without_a_name():
    return system_of([network(8, Nameless()), network(8)], [network(12), network(12)])


def functional_encoders_with_a_common_rescaling():
    def encoder(rescaling):
        inputs = keras.Input((8,))
        return keras.Model(inputs, keras.layers.Dense(8)(rescaling(inputs)))

    rescaling = keras.layers.Rescaling(0.5)
    return system_of([encoder(rescaling), encoder(rescaling)], [network(12), network(12)])


def layer_of_a_functional_and_a_sequential_encoder():
    common, inputs = keras.layers.Dense(8), keras.Input((8,))
    functional = keras.Model(inputs, keras.layers.Dense(8)(common(inputs)))
    return system_of([functional, network(8, common)], [network(12), network(12)])


CASES = {
    encoder_twice: 6,
    encoder_and_decoder_twice: 4,
    layer_in_both_encoders: 10,
    layer_in_encoder_and_decoder: 12,
    other_layers_of_the_same_name: 12,
    layer_that_is_built_in_its_constructor: 9,
    other_layers_of_the_same_name_in_their_configuration: 10,
    layer_without_a_name: 9,
    functional_encoders_with_a_common_rescaling: 8,
    layer_of_a_functional_and_a_sequential_encoder: 10,
}


@pytest.mark.parametrize("build", CASES)
def test_loaded_system_shares_the_same_layers(build, tmp_path):
    system = build()
    assert len(system.trainable_weights) == CASES[build]
    inputs = {name: tf.random.normal((5, 8), seed=1) for name in NAMES}
    before = system(inputs, snr_db=float("inf"))
    for file in ("first.keras", "second.keras"):
        system.save(tmp_path / file)
        system = keras.saving.load_model(tmp_path / file)
    assert len(system.trainable_weights) == CASES[build]
    after = system(inputs, snr_db=float("inf"))
    tf.nest.map_structure(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), before, after)


@pytest.mark.parametrize("layer", [keras.layers.Dropout, keras.layers.ReLU])
def test_frozen_layers_remain_frozen(layer, tmp_path):
    common = layer() if layer is keras.layers.ReLU else layer(0.1)
    system = system_of([network(8, common), network(8, common)], [network(12), network(12)])
    system.encoders["side"].layers[-1].trainable = False
    system.save(tmp_path / "frozen.keras")
    loaded = keras.saving.load_model(tmp_path / "frozen.keras")
    assert not loaded.encoders["side"].layers[-1].trainable
    assert len(loaded.trainable_weights) == len(system.trainable_weights) == 6


def test_frozen_layer_remains_frozen(tmp_path):
    system = layer_in_both_encoders()
    system.encoders["front"].layers[0].trainable = False
    system.save(tmp_path / "frozen.keras")
    loaded = keras.saving.load_model(tmp_path / "frozen.keras")
    assert not loaded.encoders["side"].layers[0].trainable
    assert len(loaded.trainable_weights) == len(system.trainable_weights) == 8


@pytest.mark.parametrize(
    "build",
    [encoder_twice, lambda: CoMM({"front": (8,)}, link=AWGNLink(), width=8, num_heads=2)],
)
def test_configuration_is_not_changed(build):
    system = build()
    config = system.get_config()
    again = type(system).from_config(config)
    assert config == system.get_config()
    assert again.shapes == system.shapes
