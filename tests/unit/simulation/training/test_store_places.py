# SPDX-License-Identifier: Apache-2.0
"""Trained models and checkpoints of other settings with the same name stay."""

import json

import pytest

from sionna_semcom._files import locked
from sionna_semcom.simulation.training import store
from sionna_semcom.simulation.training.checkpoint import save_weights
from sionna_semcom.simulation.training.store import ModelStore
from sionna_semcom.simulation.training.weights import provenance_of

from .tiny_training import CHECKPOINT, same, settings


class Untrained:
    """Trainings end at once, or are interrupted after the first epoch where asked to."""

    def __init__(self):
        self.interrupted, self.calls = False, []

    def __call__(self, system, data, training, seed, checkpoint, verbose, provenance):
        self.calls.append((checkpoint.name, checkpoint.exists()))
        if self.interrupted:
            save_weights(system, checkpoint, {**provenance, "epoch": 1})
            raise KeyboardInterrupt
        return system


@pytest.fixture
def untrained(monkeypatch):
    train = Untrained()
    monkeypatch.setattr(store, "train", train)
    return train


def names(folder):
    return sorted(path.name for path in (folder / "model").iterdir())


def test_other_settings_get_another_file_and_both_are_found(digits, tmp_path, untrained):
    models, other = ModelStore(work_dir=tmp_path), settings(temperature=0.5)
    first = models.obtain("model", settings(), digits, 0)
    second = models.obtain("model", other, digits, 0)
    assert len(untrained.calls) == 2
    assert same(models.obtain("model", settings(), digits, 0), first)
    assert same(ModelStore([tmp_path]).obtain("model", other, digits, 0), second)
    assert len(untrained.calls) == 2
    assert models.find("model", settings(), digits.checksums, 0) == tmp_path / "model/seed0.keras"
    path = models.find("model", other, digits.checksums, 0)
    assert names(tmp_path) == [path.name, "seed0.keras"]
    assert json.loads(provenance_of(path)["settings"])["system"]["temperature"] == 0.5
    assert models.find("model", settings(temperature=0.6), digits.checksums, 0) is None


def test_a_checkpoint_is_kept_while_other_settings_are_trained(digits, tmp_path, untrained):
    models, other = ModelStore(work_dir=tmp_path), settings(temperature=0.5)
    untrained.interrupted = True
    for wanted in (settings(), other):
        with pytest.raises(KeyboardInterrupt):
            models.obtain("model", wanted, digits, 0)
    assert len(names(tmp_path)) == 2
    untrained.interrupted = False
    models.obtain("model", other, digits, 0)
    assert (tmp_path / CHECKPOINT).exists()
    models.obtain("model", settings(), digits, 0)
    main = CHECKPOINT.split("/")[1]
    beside = untrained.calls[1][0]
    assert beside != main
    assert untrained.calls == [(main, False), (beside, False), (beside, True), (main, True)]
    assert names(tmp_path) == [beside.replace("checkpoint.weights.h5", "keras"), "seed0.keras"]


def test_a_training_in_another_process_keeps_its_files(digits, tmp_path, untrained):
    models = ModelStore(work_dir=tmp_path)
    with locked(tmp_path / "model/seed0.lock", "seed0.keras"):
        models.obtain("model", settings(), digits, 0)
        assert "seed0.keras" not in names(tmp_path)
        assert models.find("model", settings(), digits.checksums, 0) is not None
    (path,) = (tmp_path / "model").iterdir()
    with (
        locked(tmp_path / "model/seed0.lock", "seed0.keras"),
        locked(path.with_suffix(".lock"), path.name),
        pytest.raises(BlockingIOError, match=f"{path.name} is in use by process"),
    ):
        models.put("model", settings(), digits.checksums, 0, b"")


def test_a_received_model_is_stored_beside_one_of_other_settings(digits, tmp_path, untrained):
    here, there = ModelStore(work_dir=tmp_path / "a"), ModelStore(work_dir=tmp_path / "b")
    here.obtain("model", settings(), digits, 0)
    kept = (tmp_path / "a/model/seed0.keras").read_bytes()
    other = settings(temperature=0.5)
    there.obtain("model", other, digits, 0)
    content = (tmp_path / "b/model/seed0.keras").read_bytes()
    here.put("model", other, digits.checksums, 0, content)
    assert (tmp_path / "a/model/seed0.keras").read_bytes() == kept
    assert here.find("model", other, digits.checksums, 0).read_bytes() == content
