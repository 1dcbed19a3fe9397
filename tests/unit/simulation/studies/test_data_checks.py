# SPDX-License-Identifier: Apache-2.0
"""Settings that do not fit the labels or the number of samples raise an error before training."""

import copy

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.datasets import LatentPairs, LatentSplit, linear_gaussian_features
from sionna_semcom.link import from_settings
from sionna_semcom.simulation import Study
from sionna_semcom.simulation.studies.data_checks import check_data
from sionna_semcom.simulation.studies.workspace import Batches

DOCUMENT = {
    "name": "late",
    "data": {"kind": "linear_gaussian_features"},
    "models": {"v": {"system": {"kind": "two_stage_vib", "transmitted_dim": 4, "width": 8}}},
    "links": {"awgn": {"kind": "awgn"}},
    "curves": [{"label": "A", "model": "v", "link": "awgn"}],
    "evaluation": {"snr_db": [0], "batch_size": 20},
}
DECISION = {"curves": [{**DOCUMENT["curves"][0], "mode": "decision"}]}
LIMIT = {"curves": [{**DOCUMENT["curves"][0], "mode": "limit"}]}


def _check(label, changes, **evaluation):
    data = linear_gaussian_features(num_train=100, num_validation=20, num_test=41, label=label)
    document = {**copy.deepcopy(DOCUMENT), **changes}
    document["evaluation"] |= evaluation
    _check_study(Study.model_validate(document), data)


def _check_study(study, data):
    batches = Batches(data.test(study.evaluation.batch_size))
    check_data(study, data, batches, lambda name, seed: from_settings(study.links[name], seed))


@pytest.mark.parametrize(
    ("label", "changes", "evaluation", "message"),
    [
        ("classification", {"figure": {"metrics": ["mae"]}}, {}, "metric 'mae', but .* has only"),
        (
            "classification",
            {},
            {"target_half_width": {"mae": 0.1}},
            "target_half_width names .*mae",
        ),
        (
            "classification",
            {},
            {"num_target_errors": {"acc5": 5}},
            "num_target_errors names .*acc5",
        ),
        ("regression", {"figure": {"best": "accuracy"}}, {}, "'accuracy', but .* only acc2, acc5"),
        ("regression", DECISION, {}, "curve 'A', model 'v' .*two classes.*num_classes=0"),
        ("classification", LIMIT, {}, "curve 'A', model 'v' .*'limit' for scores"),
        ("regression", LIMIT, {}, "also the last one. Received: 41 samples, .*batch_size=20"),
        ("regression", {}, {"batch_size": 41}, "at least two batches .*Received: 41"),
        ("regression", {}, {"axis": "nonsense"}, "axis is 'nonsense', but .* channel_uses, "),
    ],
)
def test_wrong_settings_are_found_before_training(label, changes, evaluation, message):
    with pytest.raises(ValueError, match=message):
        _check(label, changes, **evaluation)


@pytest.mark.parametrize(
    ("label", "changes", "evaluation"),
    [
        ("regression", {"figure": {"metrics": ["mae"]}}, {"num_target_errors": {"acc2": 5}}),
        ("regression", LIMIT, {"batch_size": 21}),
        ("regression", {}, {"batch_size": 41, "max_mc_iter": 2}),
        ("regression", {}, {"axis": "channel_uses"}),
    ],
)
def test_what_fits_the_data_passes(label, changes, evaluation):
    _check(label, changes, **evaluation)


class _Changed:
    """Data whose test samples are changed."""

    def __init__(self, data, change):
        self._data, self._change = data, change

    def __getattr__(self, name):
        return getattr(self._data, name)

    def test(self, batch_size):
        return self._data.test(batch_size).map(self._change)


def test_numbers_of_another_type_are_found():
    data = linear_gaussian_features(num_train=100, num_validation=20, num_test=40)
    name = next(iter(data.shapes))
    double = _Changed(data, lambda batch: batch | {name: tf.cast(batch[name], tf.float64)})
    with pytest.raises(ValueError, match=f"{name}' of the data must be float32. .*float64"):
        _check_study(Study.model_validate(copy.deepcopy(DOCUMENT)), double)


@pytest.mark.parametrize(("scale", "shown"), [(255.0, "0 to 2"), (-1.0, "-1 to"), (np.nan, "nan")])
def test_images_that_cannot_be_reconstructed_are_found(scale, shown):
    models = {"v": {"system": {"kind": "deep_jscc", "num_symbols": 8}}}
    document = DOCUMENT | {"data": {"kind": "builtin"}, "models": models}
    study = Study.model_validate(document)
    data = study.data.load()
    _check_study(study, data)
    scaled = _Changed(data, lambda batch: batch | {"image": scale * batch["image"]})
    with pytest.raises(ValueError, match=f"`image` of the data must be between .*{shown}"):
        _check_study(study, scaled)


def _latents(count):
    label = np.arange(count, dtype=np.int32) % 3
    rx = np.eye(3, 4, dtype=np.float32)[label]
    return LatentSplit(np.random.default_rng(count).random((count, 6), np.float32), rx, label)


@pytest.mark.parametrize("axis", ["compression_factor", "num_symbols", "pilots", "flops"])
def test_axis_of_a_system_that_needs_antennas(axis):
    splits = {name: _latents(12) for name in ("train", "validation", "test")}
    data = LatentPairs(splits, np.eye(4, 3, dtype=np.float32), np.zeros(3, np.float32))
    document = {
        "name": "antennas",
        "data": {"kind": "digits_latents"},
        "models": {"linear": {"system": {"kind": "linear_alignment"}}},
        "links": {"mimo": {"kind": "flat_mimo", "num_tx_ant": 2, "num_rx_ant": 2}},
        "curves": [{"label": "A", "model": "linear", "link": "mimo"}],
        "evaluation": {"axis": axis, "snr_db": [0], "batch_size": 6},
    }
    _check_study(Study.model_validate(document), data)
