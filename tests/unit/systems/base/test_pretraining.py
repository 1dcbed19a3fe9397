# SPDX-License-Identifier: Apache-2.0
"""Systems that start from a trained CoMM: transferred weights, and errors."""

import numpy as np
import pytest

from sionna_semcom.datasets import Digits, generated_features
from sionna_semcom.link import AWGNLink
from sionna_semcom.systems import (
    CentroidSettings,
    CoMMSettings,
    TwoStageVIBSettings,
    transfer_weights,
)

SMALL = {"kind": "comm", "width": 32, "token_width": 16, "num_heads": 4, "projection": [12]}


def _build(settings, data):
    return settings.build(data, AWGNLink(), (0.0, 10.0))


def _weights(layer):
    return [np.copy(weight) for weight in layer.get_weights()]


def test_a_two_stage_bottleneck_starts_from_comm():
    data = generated_features(64, 10, 10)
    encoders = {"kind": "two_stage_vib", "width": 16}
    comm = _build(CoMMSettings(**SMALL, encoders=encoders), data)
    system = _build(TwoStageVIBSettings(kind="two_stage_vib", width=16), data)
    batch = next(iter(data.train(8)))
    assert transfer_weights(system, comm) == [f"encoder of {name}" for name in data.shapes]
    for name, encoder in system.encoders.items():
        tokens, _ = comm.tokens[name](batch)
        np.testing.assert_array_equal(encoder(batch), tokens[:, 0])


def test_centroid_transmission_starts_from_comm():
    data = Digits()
    comm = _build(CoMMSettings(**SMALL, encoders={"kind": "centroid", "latent_dim": 8}), data)
    system = _build(CentroidSettings(kind="centroid", latent_dim=8), data)
    transfer_weights(system, comm)
    batch = next(iter(data.train(10)))
    for name, encoder in system.encoders.items():
        np.testing.assert_array_equal(encoder(batch[name]), comm.tokens[name](batch)[0][:, 0])


def test_decisions_start_from_comm_with_its_fusion():
    data = generated_features(64, 10, 10)
    comm = _build(CoMMSettings(**SMALL), data)
    decides = CoMMSettings(**SMALL, objective="supervised", targets=["label"])
    system = _build(decides, data)
    adopted = transfer_weights(system, comm)
    assert adopted[-1] == "fusion"
    batch = next(iter(data.train(8)))
    np.testing.assert_array_equal(system.represent(batch), comm.represent(batch))


def test_other_sizes_and_other_modalities_are_refused():
    data = generated_features(64, 10, 10)
    comm = _build(CoMMSettings(**SMALL, encoders={"kind": "two_stage_vib", "width": 8}), data)
    system = _build(TwoStageVIBSettings(kind="two_stage_vib", width=16), data)
    before = _weights(system)
    with pytest.raises(ValueError, match="encoder of text"):
        transfer_weights(system, comm)
    for old, new in zip(before, _weights(system), strict=True):
        np.testing.assert_array_equal(old, new)
    with pytest.raises(ValueError, match="encoder of image"):
        transfer_weights(_build(CentroidSettings(kind="centroid"), Digits()), comm)
