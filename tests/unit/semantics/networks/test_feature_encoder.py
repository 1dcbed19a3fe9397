# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.link import AWGNLink
from sionna_semcom.semantics import FeatureEncoder
from sionna_semcom.systems import CoMM, TwoStageVIB

WIDTH = 200


def _surviving(**rates):
    """Share of nonzero outputs of an encoder that only copies its inputs, which are one."""
    encoder = FeatureEncoder("text", (WIDTH,), WIDTH, **rates)
    encoder.set_weights([np.eye(WIDTH, dtype=np.float32), np.zeros(WIDTH, np.float32)])
    outputs = encoder({"text": tf.ones([50, WIDTH])}, training=True).numpy()
    return np.mean(outputs != 0), outputs.max()


@pytest.mark.parametrize(
    ("rates", "share", "scale"),
    [
        ({"input_dropout": 0.8}, 0.2, 5.0),
        ({"dropout": 0.5, "input_dropout": 0.8}, 0.1, 5.0),
        ({"dropout": 0.5, "input_dropout": 0.0}, 0.5, 1.0),
        ({"dropout": 0.5}, 0.25, 2.0),  # of inputs and of activations
    ],
)
def test_features_have_their_own_dropout(rates, share, scale):
    found, largest = _surviving(**rates)
    assert found == pytest.approx(share, abs=0.02)
    gelu = float(tf.nn.gelu(scale)) / (1 - rates.get("dropout", 0.0))
    assert largest == pytest.approx(gelu, rel=1e-5)


def test_the_rate_is_part_of_the_configuration():
    encoder = FeatureEncoder("text", (3,), 4, 0.5, 0.8)
    again = FeatureEncoder.from_config(encoder.get_config())
    assert again.get_config() == encoder.get_config()
    assert again._drop.rate == 0.8


@pytest.mark.parametrize("name", ["größe", "声", "a b", "a/b", "_x", "1"])
def test_systems_are_trained_with_any_name_of_a_modality(name):
    inputs = {name: tf.ones([4, 3]), "label": tf.constant([0, 1, 0, 1])}
    for system in (
        TwoStageVIB({name: (3,)}, 2, link=AWGNLink(), width=8, transmitted_dim=6),
        CoMM({name: (3,)}, link=AWGNLink(), width=8, num_heads=2, objective="supervised",
             targets={"label": 2}),
    ):  # fmt: skip
        system.compile("adam")
        history = system.fit(tf.data.Dataset.from_tensors(inputs), verbose=0).history
        assert np.isfinite(history["loss"]).all()
