# SPDX-License-Identifier: Apache-2.0
"""Training that resumes to the same weights."""

import copy
import shutil

import h5py
import pytest

from sionna_semcom.datasets import generated_features
from sionna_semcom.simulation.training import checkpoint as checkpoint_file
from sionna_semcom.simulation.training import loop, store
from sionna_semcom.simulation.training.settings import ModelSettings
from sionna_semcom.simulation.training.store import ModelStore
from sionna_semcom.systems import CentroidSystem

from .tiny_training import CHECKPOINT, SHORT, same, settings, train


def first_epochs(monkeypatch, trains=True):
    """Record the first epoch of each call of `fit`, which may do nothing else."""
    epochs, fit = [], CentroidSystem.fit

    def note(self, *args, **kwargs):
        epochs.append(kwargs["initial_epoch"])
        return fit(self, *args, **kwargs) if trains else None

    monkeypatch.setattr(CentroidSystem, "fit", note)
    return epochs


@pytest.fixture
def checkpoint(begun, tmp_path):
    """A copy of the checkpoint of one epoch, below ``tmp_path``."""
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return tmp_path / CHECKPOINT


def test_a_training_that_resumes_ends_with_the_same_weights(
    digits, models, checkpoint, tmp_path, monkeypatch
):
    epochs = first_epochs(monkeypatch)
    whole = ModelStore([models], tmp_path / "other").obtain("model", settings(), digits, 0)
    assert epochs == []
    resumed = ModelStore(work_dir=tmp_path).obtain("model", settings(), digits, 0)
    assert epochs == [1]
    assert same(whole, resumed)
    assert not checkpoint.exists()


@pytest.mark.parametrize("kind", ["two_stage_vib", "t_deepsc", "digital_features"])
def test_so_does_one_with_dropout_and_schedules(kind, tmp_path):
    data = generated_features(60, 10, 10, modalities=("text", "audio"))
    wanted = ModelSettings.model_validate(
        {
            "system": {"kind": kind, "transmitted_dim": 24, "dropout": 0.5},
            "training": {**SHORT, "warmup_steps": 1},
        }
    )
    whole = train(wanted, data, tmp_path)
    assert same(whole, ModelStore(work_dir=tmp_path / "begun").obtain("model", wanted, data, 0))


def test_a_checkpoint_of_another_training_is_not_gone_on_from(
    digits, checkpoint, tmp_path, monkeypatch
):
    kept = checkpoint.read_bytes()
    other_data = copy.copy(digits)
    other_data.checksums = {"digits": "other"}
    other = (settings(temperature=0.5), digits), (settings(snr_db=3.0), digits)
    epochs = first_epochs(monkeypatch, trains=False)
    for wanted, data in (*other, (settings(), other_data)):
        checkpoint.write_bytes(kept)
        ModelStore(work_dir=tmp_path).obtain("model", wanted, data, 0)
        assert epochs == [0, 1]
        epochs.clear()
    checkpoint.write_bytes(kept)
    system = settings().build(digits)
    loop.train(system, digits, settings().training, seed=5, checkpoint=checkpoint)
    assert epochs == [0, 1]


def test_a_checkpoint_that_is_gone_already_does_no_harm(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "train", lambda system, *_: system)
    ModelStore(work_dir=tmp_path).obtain("model", settings(), digits, 0)


@pytest.mark.parametrize("epoch", [None, 0, -1, 99, 1.5, "1", [1, 2], True])
def test_checkpoints_of_an_impossible_epoch_are_damaged(tmp_path, epoch):
    path = tmp_path / "seed0.checkpoint.weights.h5"
    attributes = {} if epoch is None else {"epoch": epoch}
    with h5py.File(path, "w") as file:
        file.attrs.update(attributes)
    with pytest.raises(
        ValueError, match=r"checkpoint\.weights\.h5 is damaged; delete it.*\[1, 2\]"
    ):
        loop._epochs_done(checkpoint_file.attributes_of(path), 2, path)
    with h5py.File(path, "w") as file:
        file.attrs["epoch"] = 2
    assert loop._epochs_done(checkpoint_file.attributes_of(path), 2, path) == 2


def test_a_checkpoint_without_an_epoch_ends_in_one_line(digits, checkpoint, tmp_path):
    with h5py.File(checkpoint, "r+") as file:
        del file.attrs["epoch"]
    with pytest.raises(ValueError, match=r"is damaged; delete it .* Received: None"):
        ModelStore(work_dir=tmp_path).obtain("model", settings(), digits, 0)
