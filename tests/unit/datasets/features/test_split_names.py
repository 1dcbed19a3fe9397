# SPDX-License-Identifier: Apache-2.0
"""Splits with alternative names are read, and unknown names raise an error."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sionna_semcom.datasets import MultimodalFeatures, read_features, read_video_splits
from sionna_semcom.datasets.features.split_names import split_names, split_of

from .feature_files import write_features, write_pickle

VALIDATION = ["valid", "val", "validation", "dev", "Valid", "VAL", "Dev", "dev_set", "devel"]


def columns(count):
    draw = np.random.default_rng(count)
    return {
        "text": draw.normal(size=(count, 3)).astype(np.float32),
        "regression_labels": draw.uniform(-3, 3, count),
        "id": np.array([f"v{count}{row}_0" for row in range(count)], "S"),
    }


def write(path, splits):
    if path.suffix == ".h5":
        return write_features(path, splits)
    pickled = {name: {**v, "id": v["id"].tolist()} for name, v in splits.items()}
    return write_pickle(path, pickled)


BOTH = pytest.mark.parametrize("file", ["data.h5", "data.pkl"])


@BOTH
@pytest.mark.parametrize("name", VALIDATION)
def test_usual_names_are_read(tmp_path, file, name):
    path = write(tmp_path / file, {"Train": columns(5), name: columns(4), "testing": columns(3)})
    data = read_features([path])
    sizes = {split: len(samples) for split, samples in data.splits.items()}
    assert sizes == {"train": 5, "validation": 4, "test": 3}
    assert "read from 'Train'" in data.splits["train"].notes
    usual = name in ("valid", "validation")
    assert bool(data.splits["validation"].notes) is not usual


@BOTH
@pytest.mark.parametrize("name", ["fold3", "test2", "validate_me", "train_dev_test", "unlabeled"])
def test_other_names_are_refused(tmp_path, file, name):
    path = write(tmp_path / file, {"train": columns(5), name: columns(4), "test": columns(3)})
    with pytest.raises(ValueError, match=rf"{file}`.* no splits but train, valid .*{name}"):
        read_features([path])


@BOTH
def test_a_split_is_there_once(tmp_path, file):
    splits = {name: columns(4) for name in ("train", "valid", "dev", "test")}
    with pytest.raises(ValueError, match=rf"{file}`.* train, .*valid.* train, "):
        read_features([write(tmp_path / file, splits)])


def test_what_is_no_split_is_ignored_with_a_note(tmp_path):
    splits = {"train": columns(5), "test": columns(3)}
    splits = {name: {**v, "id": v["id"].tolist()} for name, v in splits.items()}
    content = {**splits, "config": {"audio": {"rate": 16000}}, "version": 3}
    data = read_features([write_pickle(tmp_path / "data.pkl", content)])
    assert data.splits["test"].notes == ["ignored beside the splits: config, version"]


def test_bytes_are_names_as_well():
    assert split_of(b"Dev") == "validation"
    assert split_of(3) is split_of("x" * 10**6) is split_of("") is None
    assert split_names(["test", "extra", "TRAIN"]) == {"train": "TRAIN", "test": "test"}


def test_files_of_videos_by_split(tmp_path):
    path = tmp_path / "splits.json"
    path.write_text(json.dumps({"Train": ["a"], "dev": ["b"], "Test": ["c"]}))
    assert read_video_splits(path) == {"train": {"a"}, "validation": {"b"}, "test": {"c"}}
    path.write_text("train a\ndev b\nfold3 c")
    with pytest.raises(ValueError, match=r"must have train, valid and test.* Received: 'fold3'"):
        read_video_splits(path)


def test_messages_of_many_names_are_short(tmp_path):
    many = {f"name{number}": {} for number in range(10_000)}
    path = write_pickle(tmp_path / "data.pkl", many)
    with pytest.raises(ValueError, match=r"name0, .*\(and 9992 more\)") as error:
        read_features([path])
    assert len(str(error.value)) < 500
    one = {**columns(4), "id": list("abcd"), **{f"x{number}": 0 for number in range(10_000)}}
    path = write_pickle(tmp_path / "data.pkl", {"train": one, "test": one})
    assert len(read_features([path]).splits["train"].notes[0]) < 500
    del one["regression_labels"]
    with pytest.raises(ValueError, match="it has no regression_labels") as error:
        read_features([write_pickle(tmp_path / "data.pkl", {"train": one, "test": one})])
    assert len(str(error.value)) < 500
    path = tmp_path / "splits.json"
    path.write_text(json.dumps({"x" * 100_000: ["a"]}))
    with pytest.raises(ValueError, match="must have train") as error:
        read_video_splits(path)
    assert len(str(error.value)) < 500


def test_a_split_read_from_another_name_is_saved_under_its_own(tmp_path):
    path = write(tmp_path / "a.h5", {"train": columns(5), "dev": columns(4), "test": columns(3)})
    MultimodalFeatures.load(path).save(tmp_path / "b.h5")
    assert len(MultimodalFeatures.load(tmp_path / "b.h5").splits["validation"]) == 4
