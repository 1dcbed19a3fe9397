# SPDX-License-Identifier: Apache-2.0
"""Weights that were trained over a channel file are valid only for its content."""

from __future__ import annotations

import json
import shutil

import h5py
import numpy as np
import pytest

from sionna_semcom._files import sha256
from sionna_semcom.datasets import MultimodalFeatures
from sionna_semcom.simulation import Study, run_study
from sionna_semcom.simulation.training.settings import ModelSettings
from sionna_semcom.simulation.training.store import ModelStore
from sionna_semcom.simulation.training.weights import provenance_of
from sionna_semcom.systems import TwoStageVIB

from ...datasets.features.feature_files import make_splits

GRID = {"num_tx_ant": 1, "num_rx_ant": 2, "csi": "perfect"}
TRAINING = {"epochs": 1, "steps_per_epoch": 2, "batch_size": 10, "warmup_steps": 1}


def write(path, seed):
    """Write a file with Rayleigh fading of 70 channels."""
    rng = np.random.default_rng(seed)
    with h5py.File(path, "w") as file:
        file["a"] = rng.normal(size=[70, 1, 2, 1, 1, 1, 1]) + 0j
        file["tau"] = np.zeros([70, 1, 1, 1])
    return path


def model(path, **link):
    grid = {"kind": "ofdm", "fft_size": 12, **GRID}
    channel = {"kind": "cir", "path": str(path)}
    return {
        "system": {"kind": "centroid", "latent_dim": 4},
        "link": {**grid, "channel": channel, **link},
        "training": TRAINING,
    }


@pytest.fixture
def count(monkeypatch):
    """Record the names of trained models."""
    trained = []
    train = ModelStore._train

    def counted(self, system, name, *rest):
        trained.append(name)
        return train(self, system, name, *rest)

    monkeypatch.setattr(ModelStore, "_train", counted)
    return trained


def test_another_content_of_the_same_path_is_trained_anew(digits, tmp_path, count):
    path = write(tmp_path / "x.h5", seed=0)
    settings = ModelSettings.model_validate(model(path))
    store = ModelStore(work_dir=tmp_path / "models")
    first = store.obtain("main", settings, digits, 0).get_weights()
    again = store.obtain("main", settings, digits, 0).get_weights()
    assert all(map(np.array_equal, first, again))
    kept = provenance_of(tmp_path / "models/main/seed0.keras")
    assert json.loads(kept["channels"]) == {str(path): sha256(path)}
    assert count == ["main"]
    write(path, seed=1)
    assert store.find("main", settings, digits.checksums, 0) is None
    other = store.obtain("main", settings, digits, 0).get_weights()
    assert count == ["main", "main"]
    assert not all(map(np.array_equal, first, other))


def test_so_is_what_starts_from_it_or_sees_it_through_another_link(tmp_path):
    path = write(tmp_path / "x.h5", seed=0)
    inner = model(path)["link"]
    settings = ModelSettings.model_validate(
        {**model(path), "link": {"kind": "effective_awgn", "link": inner}}
    )
    comm = {"kind": "comm", "objective": "comm"}
    start = {"name": "start", "model": {"system": comm, "link": inner, "training": TRAINING}}
    few = {"kind": "compressed_comm", "sender": comm, "num_symbols": 2}
    started = ModelSettings.model_validate({"system": few, "pretrained": start})
    before = {str(path): sha256(path)}
    assert settings.checksums == started.checksums == before
    write(path, seed=1)
    assert settings.checksums == started.checksums != before


def test_weights_without_channels_are_known_as_before(digits, tmp_path, count):
    settings = ModelSettings.model_validate(
        {"system": {"kind": "centroid", "latent_dim": 4}, "training": TRAINING}
    )
    store = ModelStore(work_dir=tmp_path)
    store.obtain("main", settings, digits, 0)
    assert set(provenance_of(tmp_path / "main/seed0.keras")) == {"settings", "data", "threads"}
    store.obtain("main", settings, digits, 0)
    assert count == ["main"]


def study(path, **link):
    document = {
        "name": "own",
        "data": {"kind": "builtin", "modalities": ["image", "text"]},
        "models": {"main": model(path, **link)},
        "links": {"awgn": {"kind": "awgn"}},
        "curves": [{"label": "one", "model": "main", "link": "awgn"}],
        "evaluation": {"snr_db": [0], "batch_size": 100, "max_mc_iter": 2},
    }
    return Study.model_validate(document)


def test_a_result_names_the_channels_of_training(tmp_path, count):
    path = write(tmp_path / "x.h5", seed=0)
    first = run_study(study(path), tmp_path / "out")
    assert first.checksums[str(path)] == sha256(path)
    write(path, seed=1)
    second = run_study(study(path), tmp_path / "out")
    assert second.checksums[str(path)] == sha256(path)
    assert first.checksums["main, seed 0"] != second.checksums["main, seed 0"]
    assert count == ["main", "main"]


def test_a_link_of_training_that_does_not_fit_is_refused_before_anything_runs(tmp_path, count):
    path = write(tmp_path / "x.h5", seed=0)
    with pytest.raises(ValueError, match=r"has num_rx_ant=2 and num_tx_ant=1. Received"):
        run_study(study(path, num_rx_ant=4), tmp_path / "out")
    path.unlink()
    with pytest.raises(FileNotFoundError, match="No file of channels"):
        run_study(study(path), tmp_path / "out")
    assert not count
    shutil.rmtree(tmp_path / "out")


def test_a_path_may_lie_below_the_folder_of_the_data(tmp_path, monkeypatch):
    (tmp_path / "csi").mkdir()
    path = write(tmp_path / "csi/x.h5", seed=0)
    monkeypatch.setenv("SIONNA_SEMCOM_DATA", str(tmp_path))
    settings = ModelSettings.model_validate(model("csi/x.h5"))
    assert settings.checksums == {"csi/x.h5": sha256(path)}
    monkeypatch.delenv("SIONNA_SEMCOM_DATA")
    with pytest.raises(FileNotFoundError, match="neither here nor below SIONNA_SEMCOM_DATA"):
        _ = settings.checksums


def test_only_calibrated_weights_depend_on_test_videos_for_validation(tmp_path, count, monkeypatch):
    monkeypatch.setattr(TwoStageVIB, "fit", lambda *_, **__: None)  # scores are calibrated alone
    splits = make_splits()
    del splits["validation"]
    system = {"kind": "two_stage_vib", "width": 4, "transmitted_dim": 4}
    for calibrate, expected in ((False, 1), (True, 2)):
        training = {**TRAINING, "calibrate": calibrate}
        settings = ModelSettings.model_validate({"system": system, "training": training})
        store = ModelStore(work_dir=tmp_path / str(calibrate))
        count.clear()
        made = [
            store.obtain("main", settings, MultimodalFeatures(splits, development=share), 0)
            for share in (0.4, 0.4, 0.6)
        ]
        assert len(count) == expected
        same = [map(np.array_equal, made[0].get_weights(), x.get_weights()) for x in made]
        assert all(one.calibrated is calibrate for one in made)
        assert [all(equal) for equal in same] == [True, True, not calibrate]
    with pytest.raises(ValueError, match="`split` must be one of train, test"):
        store.obtain("main", settings, MultimodalFeatures(splits), 0)
