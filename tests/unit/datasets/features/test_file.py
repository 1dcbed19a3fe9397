# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sionna_semcom.datasets import MultimodalFeatures

from .feature_files import make_splits, same, write_features


def test_what_is_saved_is_loaded(tmp_path):
    splits = make_splits()
    splits["train"].features["text"][0, 1] = -np.inf
    splits["test"].features["audio"][5, 0, 0] = np.nan
    data = MultimodalFeatures(splits, checksums={"source": "abc"})
    path = tmp_path / "folder" / "features.h5"
    data.save(path)
    loaded = MultimodalFeatures.load(path)
    assert same(loaded.splits, splits)
    assert loaded.checksums["source"] == "abc"
    assert [p.name for p in path.parent.iterdir()] == ["features.h5"]
    some = MultimodalFeatures.load(path, modalities=["audio"], holdout=0.5)
    assert some.shapes == {"audio": (5, 3)}


def columns(count=6, **changes):
    """A split of vectors and sequences, as written by a user."""
    draw = np.random.default_rng(count)
    audio = draw.uniform(1, 2, (count, 4, 2))
    audio[:, 3], audio[1] = 0, 0
    usual = {
        "text": draw.normal(size=(count, 3)).astype(np.float16),
        "audio": audio,
        "regression_labels": np.linspace(-1, 1, count),
        "classification_labels": np.arange(count, dtype=np.int8) % 2,
        "id": np.array([f"video{row // 2}_{row}" for row in range(count)], "S"),
    }
    return {name: v for name, v in {**usual, **changes}.items() if v is not None}


@pytest.mark.parametrize("valid", ["valid", "validation"])
def test_files_of_users(tmp_path, valid):
    path = write_features(
        tmp_path / "mine.h5", {"train": columns(), valid: columns(4), "test": columns(5)}
    )
    data = MultimodalFeatures.load(path)
    assert list(data.splits) == ["train", "validation", "test"]
    assert list(data.shapes) == ["text", "audio"]
    assert data.num_classes == 0
    train = data.splits["train"]
    assert train.lengths["audio"].tolist() == [3, 0, 3, 3, 3, 3]  # up to the last that is not zero
    assert train.id[0] == "video0_0"
    assert train.others["classification_labels"].tolist() == [0, 1] * 3
    assert data.checksums["mine.h5"] == hashlib.sha256(path.read_bytes()).hexdigest()
    classes = MultimodalFeatures.load(path, label="classification")
    assert classes.num_classes == 2
    np.testing.assert_allclose(
        classes.splits["train"].others["regression_labels"], np.linspace(-1, 1, 6), atol=1e-6
    )


def test_what_follows_the_lengths_is_padding(tmp_path):
    one = columns(audio=np.ones((6, 4, 2)), audio_lengths=[0, 1, 2, 3, 4, 4])
    path = write_features(tmp_path / "mine.h5", {"train": one, "test": one})
    audio = MultimodalFeatures.load(path).splits["train"].features["audio"]
    assert audio.sum((1, 2)).tolist() == [0, 2, 4, 6, 8, 8]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": None}, "it has no id, only text, audio, regression_labels, classif"),
        (
            {"regression_labels": None, "classification_labels": None},
            "it has no regression_labels or classification_labels, only text, audio, id",
        ),
        ({"text": np.zeros((5, 3))}, "as many samples. Received: .* text 5"),
        ({"audio_lengths": np.arange(5)}, r"`audio_lengths` must be one number .*\(5,\)"),
        ({"audio_lengths": np.arange(6)}, "`audio_lengths` must be .* 0 to 4, .* Received: 5"),
        ({"text_lengths": np.arange(6)}, r"`text` must be \[n, T, D\] as it has lengths.*\(6, 3\)"),
        ({"regression_labels": np.full(6, 5.0)}, r"scores \[n\] in \[-3, 3\]. Received: 5.0"),
        ({"classification_labels": np.full(6, 0.5)}, "whole numbers from 0 on. Received: 0.5"),
        ({"text": np.array([b"a"] * 6)}, "`text` must be an array of numbers"),
        ({"audio": np.zeros((6, 0, 2))}, "`audio` must have frames and features"),
        (
            {
                "text": np.zeros((0, 3)),
                "audio": None,
                "id": np.array([], "S"),
                "regression_labels": np.zeros(0),
                "classification_labels": None,
            },
            "must have a modality and a sample. Received: 1 modalities, 0 samples",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path, changes, message):
    path = write_features(tmp_path / "mine.h5", {"train": columns(), "test": columns(6, **changes)})
    with pytest.raises(
        ValueError, match=rf"mine.h5` is damaged or not a file of fea.*: test: .*{message}"
    ):
        MultimodalFeatures.load(path)


def test_labels_and_splits_that_are_not_there(tmp_path):
    path = tmp_path / "mine.h5"
    one = columns(regression_labels=None)
    write_features(path, {"train": one, "test": one})
    with pytest.raises(ValueError, match=r"mine.h5.*: train: it has no regression_labels, only"):
        MultimodalFeatures.load(path, label="regression")
    with pytest.raises(ValueError, match=r"`label` must be one of .* Received: 'score'"):
        MultimodalFeatures.load(path, label="score")
    with pytest.raises(ValueError, match=r"mine.h5`: `modalities` must be some of text, audio"):
        MultimodalFeatures.load(path, modalities=["vision"])
    for names in (["train"], ["train", "test", "valid", "validation"]):
        write_features(path, {name: one for name in names})
        with pytest.raises(ValueError, match=r"mine.h5` .* must have train, test and one valid, n"):
            MultimodalFeatures.load(path)


def test_files_that_are_none_are_refused(tmp_path):
    path = tmp_path / "mine.h5"
    with pytest.raises(FileNotFoundError, match=r"No file of features .*mine.h5"):
        MultimodalFeatures.load(path)
    for raw in (b"", b"text"):
        path.write_bytes(raw)
        with pytest.raises(ValueError, match=r"mine.h5` is damaged or not a file of features"):
            MultimodalFeatures.load(path)


def test_a_small_file_cannot_ask_for_all_memory(tmp_path):
    path = write_features(tmp_path / "mine.h5", {"train": columns(), "test": columns()})
    with h5py.File(path, "r+") as file:
        del file["train/text"]
        file.create_dataset("train/text", (10**9, 10**3), np.float32, chunks=(100, 100))
    with pytest.raises(ValueError, match="train/text declares 4000000000000 bytes"):
        MultimodalFeatures.load(path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "mine.h5"
    MultimodalFeatures(make_splits()).save(path)
    return path.read_bytes()


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_files_give_an_error_or_features(tmp_path, whole, data):
    raw = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path / "mine.h5"
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)) | st.just(len(raw)))])
    try:
        loaded = MultimodalFeatures.load(path)
    except ValueError as error:
        assert "mine.h5`" in str(error)
    else:
        assert all(np.isfinite(v).all() for v in loaded.arrays("train").values())
