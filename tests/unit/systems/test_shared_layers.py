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
from sionna_semcom.systems import CentroidSystem

NAMES = ("front", "side")


def network(num_inputs, *layers):
    return keras.Sequential([keras.Input((num_inputs,)), *layers, keras.layers.Dense(8)])


def system_of(encoders, decoders):
    parts = zip(NAMES, encoders, decoders, strict=True)
    modalities = [Modality(n, (8,), encoder, decoder, metrics.mse) for n, encoder, decoder in parts]
    return CentroidSystem(modalities, link=AWGNLink())


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


CASES = {
    encoder_twice: 6,
    encoder_and_decoder_twice: 4,
    layer_in_both_encoders: 10,
    layer_in_encoder_and_decoder: 12,
    other_layers_of_the_same_name: 12,
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


def test_frozen_layer_remains_frozen(tmp_path):
    system = layer_in_both_encoders()
    system.encoders["front"].layers[0].trainable = False
    system.save(tmp_path / "frozen.keras")
    loaded = keras.saving.load_model(tmp_path / "frozen.keras")
    assert not loaded.encoders["side"].layers[0].trainable
    assert len(loaded.trainable_weights) == len(system.trainable_weights) == 8


def test_configuration_is_not_changed():
    system = encoder_twice()
    config = system.get_config()
    CentroidSystem.from_config(config)
    assert config == system.get_config()
