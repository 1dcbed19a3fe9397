# SPDX-License-Identifier: Apache-2.0
"""Trainable links in studies, which are trained with a model or before."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import yaml

from sionna_semcom._files import sha256
from sionna_semcom.simulation import ModelStore, Study, run_study
from sionna_semcom.simulation.studies.parts import Part
from sionna_semcom.simulation.studies.workspace import Workspace
from sionna_semcom.systems.channel_estimation.system import METRICS

DOCUMENT = yaml.safe_load("""
name: learned
models:
  receiver:
    system: {kind: channel_estimation}
    link: &learned
      kind: ofdm
      model: TDL-A
      num_tx_ant: 1
      num_rx_ant: 2
      fft_size: 12
      statistics: none
      estimator: {kind: learned, width: 4, num_blocks: 0, kernel_frequencies: 5}
    training: {epochs: 2, steps_per_epoch: 6, batch_size: 2, warmup_steps: 1, learning_rate: 0.01}
  plain: {system: {kind: channel_estimation}}
links:
  learned: *learned
  other: {<<: *learned, model: TDL-B}
  as_it_is: {<<: *learned, estimator: null}
  noise: {kind: awgn}
curves:
  - {label: learned, model: receiver, link: learned}
  - {label: elsewhere, model: receiver, link: other}
  - {label: plain, model: plain, link: as_it_is}
evaluation: {snr_db: [5], batch_size: 50, max_mc_iter: 3, seeds: [0, 1]}
figure: {metrics: [nmse, symbol_mse, error_over_no_eff], log_scale: [nmse]}
""")


def changed(**changes):
    document = copy.deepcopy(DOCUMENT)
    for key, value in changes.items():
        document[key] = value
    return document


def curve(model, link):
    return [{"label": "a", "model": model, "link": link}]


@pytest.mark.filterwarnings("ignore:`no_eff` may differ")
def test_a_study_trains_a_receiver_and_measures_it_over_its_links(tmp_path):
    study = Study.model_validate(DOCUMENT)
    models = ModelStore(work_dir=tmp_path / "models")
    result = run_study(study, tmp_path, models)
    assert set(result.curves["learned"].metrics) == {*METRICS}
    nmse = {label: one.metrics["nmse"].mean[0] for label, one in result.curves.items()}
    assert nmse["learned"] < nmse["plain"]
    there = Workspace(study, study.load_data(models), models)
    settings, checksums = study.models["receiver"], there.data.checksums
    files = [models.find("receiver", settings, checksums, seed) for seed in (0, 1)]
    assert all(files)
    for seed, part in ((0, "learned"), (1, "other"), (0, "other")):
        there._over_link(_part(study, part, seed))
        trained = models.obtain("receiver", settings, there.data, seed).link.estimator
        link = there.link(part, seed)
        for one, two in zip(link.estimator.weights, trained.weights, strict=True):
            np.testing.assert_array_equal(one, two)
    own = changed(links=dict(DOCUMENT["links"]), curves=curve("plain", "own"))
    estimator = {**DOCUMENT["links"]["learned"]["estimator"], "weights": str(files[0])}
    own["links"]["own"] = {**DOCUMENT["links"]["learned"], "estimator": estimator}
    over_own = Workspace(Study.model_validate(own), there.data, models)
    again = over_own.link("own", 0)
    assert over_own.channel_files() == {str(files[0]): sha256(files[0])}
    for one, two in zip(again.estimator.weights, trained.weights, strict=True):
        np.testing.assert_array_equal(one, two)


def _part(study, link, seed):
    return Part(study.curves[0], "receiver", link, seed)


@pytest.mark.parametrize(
    ("model", "link", "message"),
    [
        ("plain", "learned", r"needs `estimator.weights`.*'plain', trained over awgn without one"),
        ("receiver", "narrow", r"needs `estimator.weights`.*trained over ofdm with another one"),
        ("plain", "explained", r"needs `estimator.weights`"),
        ("plain", "noise", "needs a link that estimates a channel.*Received: 'awgn'"),
    ],
)
def test_a_link_without_weights_for_its_estimator_is_refused(model, link, message):
    document = changed(curves=curve(model, link))
    learned = document["links"]["learned"]
    document["links"]["narrow"] = {**learned, "estimator": {"width": 3}}
    document["links"]["explained"] = {"kind": "effective_awgn", "link": learned}
    document["models"]["centroid"] = {"system": {"kind": "centroid"}}
    if link == "explained":
        document["curves"] = curve("centroid", link)
        document["figure"] = {}
    with pytest.raises(ValueError, match=message):
        Study.model_validate(document)


def test_weights_of_a_link_follow_the_training_seed():
    settings: Any = Study.model_validate(DOCUMENT).links["learned"]
    assert settings.of_training(3) == settings
    named = settings.model_copy(
        update={"estimator": settings.estimator.model_copy(update={"weights": "a"})}
    )
    assert named.follows_training
    assert named.of_training(3).estimator.seed == 3
