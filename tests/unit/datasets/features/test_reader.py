# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from sionna_semcom.datasets import (
    FEATURE_FORMATS,
    MultimodalFeatures,
    read_features,
    read_mmsa,
    read_multibench,
    read_video_splits,
)
from sionna_semcom.datasets.features.split import video_of

from .feature_files import mmsa, multibench, same, write_csd, write_pickle


@pytest.fixture
def sequences(tmp_path):
    """Ten videos of two segments; NAME=FILE."""
    times = [[0, 1], [1, 2]]
    videos = {f"v{n}": (times, np.array([[n], [n + 0.5]], np.float32)) for n in range(10)}
    labels = {name: (times, features / 10) for name, (_, features) in videos.items()}
    files = {"text": videos, "labels": labels}
    paths = {name: write_csd(tmp_path / f"{name}.csd", data) for name, data in files.items()}
    return [f"{name}={path}" for name, path in paths.items()]


@pytest.mark.parametrize(
    ("content", "reader", "format"),
    [
        (mmsa(True), read_mmsa, "mmsa"),
        (mmsa(False), read_mmsa, "mmsa"),
        (multibench(), read_multibench, "multibench"),
    ],
)
def test_pickles_are_recognized(tmp_path, content, reader, format):
    path = write_pickle(tmp_path / "data.pkl", content)
    data = read_features([path])
    assert same(data.splits, reader(path))
    assert same(data.splits, read_features([path], format).splits)
    assert data.checksums["data.pkl"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_conversion_keeps_the_data(tmp_path):
    path = write_pickle(tmp_path / "data.pkl", mmsa(False))
    data = read_features([path])
    data.save(tmp_path / "data.h5")
    loaded = MultimodalFeatures.load(tmp_path / "data.h5")
    assert same(loaded.splits, data.splits)
    assert loaded.checksums == data.checksums
    again = read_features([tmp_path / "data.h5"])
    assert same(again.splits, data.splits)
    assert again.checksums == data.checksums
    classes = read_features([tmp_path / "data.h5"], label="classification")
    assert same(classes.splits, read_mmsa(path, "classification"))


def test_sequences_are_split_by_video(sequences):
    data = read_features(sequences, shares=(0.3, 0.2), seed=1)
    videos = {name: {video_of(i) for i in split.id} for name, split in data.splits.items()}
    assert [len(split) for split in data.splits.values()] == [10, 4, 6]
    assert set.union(*videos.values()) == {f"v{n}" for n in range(10)}
    assert {name: len(names) for name, names in videos.items()} == {
        "train": 5,
        "validation": 2,
        "test": 3,
    }
    files = {"text, text.csd", "labels, labels.csd"}
    assert set(data.checksums) == files | {"training samples", "validation samples", "test samples"}
    assert set(read_features(sequences, shares=(0.3, 0)).splits) == {"train", "test"}
    other = read_features(sequences, shares=(0.3, 0.2), seed=2)
    assert other.splits["test"].id.tolist() != data.splits["test"].id.tolist()


SPLITS = {"train": ["v0", "v1", "v2"], "valid": ["v5"], "test": ["v9", "unknown"]}
AS_TEXT = "\n\n".join(f"{split}\t{video}" for split, videos in SPLITS.items() for video in videos)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("text", [json.dumps(SPLITS), AS_TEXT])
def test_splits_can_be_given(sequences, tmp_path, text, encoding):
    path = tmp_path / "splits.txt"
    path.write_text(text, encoding=encoding)
    found = read_video_splits(path)
    assert found["validation"] == {"v5"}
    data = read_features(sequences, splits=path)
    assert data.splits["train"].id.tolist() == [f"v{n}$_${k}" for n in range(3) for k in (0, 1)]
    assert data.splits["test"].id.tolist() == ["v9$_$0", "v9$_$1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"train": ["v0"], "fold": ["v1"]}', "must have train, valid and test.* Received: 'fold'"),
        ('{"train": "v0"}', "must hold videos by split: train is no list of strings"),
        ('{"train": [0]}', "must hold videos by split: train is no list of strings"),
        ('{"train": ["v0"]', "must hold videos by split: Expecting"),
        ("train v0 v1", "a line must be a split and a video, not 'train v0 v1'"),
        ("train v0\ntest v0", "must have each video in one split. Received twice: v0"),
        ("train v0\ntest v11", "must name labeled videos in each split. test has none"),
        ("train v0", "`splits` must be train, test and"),
        ("", "`splits` must be train, test and"),
        ("{" + '"a":{' * 10000, "must hold videos by split"),
    ],
)
def test_splits_that_are_wrong_are_refused(sequences, tmp_path, text, message):
    path = tmp_path / "splits.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_features(sequences, splits=path)
    with pytest.raises(FileNotFoundError, match="No file of splits none"):
        read_features(sequences, splits="none")


@pytest.mark.parametrize("shares", [(0, 0.1), (0.9, 0.1), (0.2, -0.1), (float("nan"), 0)])
def test_shares_that_leave_nothing_are_refused(sequences, shares):
    with pytest.raises(ValueError, match=rf"Shares .* Received: {shares[0]} and {shares[1]}"):
        read_features(sequences, shares=shares)


def test_inputs_that_are_wrong_are_refused(sequences, tmp_path):
    text, labels = sequences
    with pytest.raises(ValueError, match=r"as NAME=FILE, .*labels and words. Received: .*text.csd"):
        read_features([text.removeprefix("text=")])
    with pytest.raises(ValueError, match="as NAME=FILE, each name once"):
        read_features([text, text, labels])
    with pytest.raises(ValueError, match=r"need labels=FILE. Received: text"):
        read_features([text])
    with pytest.raises(
        ValueError, match=r"Only computational sequences are several .* Received: 2"
    ):
        read_features(["a.pkl", "b.pkl"])
    with pytest.raises(
        ValueError, match=r"`format` must be one of mmsa, multibench, csd, hdf5. Re"
    ):
        read_features(["a.pkl"], "csv")
    path = tmp_path / "data.txt"
    path.write_text("text")
    with pytest.raises(ValueError, match=r"data.txt` must be a pickle of arrays"):
        read_features([path])
    for format in FEATURE_FORMATS:
        if format != "csd":
            with pytest.raises(ValueError, match=r"data.txt`"):
                read_features([path], format)


def test_arguments_of_other_formats_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"`label` is for other formats than.*Received: regress"):
        read_features(["text=a.csd", "labels=b.csd"], label="regression")
    with pytest.raises(ValueError, match=r"`max_words` is for nothing but.*Received: 5"):
        read_features([tmp_path / "a.pkl"], max_words=5)
