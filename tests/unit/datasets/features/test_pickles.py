# SPDX-License-Identifier: Apache-2.0
"""Readers of MMSA and MultiBench pickles."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sionna_semcom.datasets import MultimodalFeatures, read_features, read_mmsa, read_multibench

from .feature_files import (
    ALIGNED,
    COUNTS,
    SHAPES,
    lengths_of,
    mmsa,
    multibench,
    scores,
    sequences,
    write_pickle,
)

NAMES = {"train": "train", "valid": "validation", "test": "test"}
CONTENTS = {"aligned": mmsa(True), "unaligned": mmsa(False), "multibench": multibench()}
READERS = {"aligned": read_mmsa, "unaligned": read_mmsa, "multibench": read_multibench}


@pytest.fixture
def read(tmp_path):
    """Read content with the reader of its format."""

    def write_and_read(kind, content, label=None, protocol=4):
        return READERS[kind](write_pickle(tmp_path / "data.pkl", content, protocol), label)

    return write_and_read


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("kind", READERS)
def test_sequences_come_first(read, kind, protocol):
    splits = read(kind, CONTENTS[kind], protocol=protocol)
    assert set(splits) == set(NAMES.values())
    for theirs, ours in NAMES.items():
        split = splits[ours]
        assert split.shapes == (ALIGNED if kind == "aligned" else SHAPES)
        for name, shape in split.shapes.items():
            values, lengths = sequences(theirs, name, shape)
            np.testing.assert_array_equal(split.features[name], values)
            np.testing.assert_array_equal(split.lengths[name], lengths)
        np.testing.assert_array_equal(split.label, scores(COUNTS[theirs]))
        assert split.kind == "regression"


def test_columns_of_mmsa(read):
    train = read("unaligned", CONTENTS["unaligned"])["train"]
    assert train.id[4] == "train_v1$_$1"
    assert train.others["raw_text"][4] == "words of 4"
    assert train.others["classification_labels"].tolist() == [0, 1, 2] * 4
    classes = read("unaligned", CONTENTS["unaligned"], "classification")["train"]
    assert classes.label.tolist() == [0, 1, 2] * 4
    assert classes.label.dtype == np.int32
    np.testing.assert_array_equal(classes.others["regression_labels"], scores(12))


def changed(kind, split="train", **changes):
    """Content with other columns in one split. `None` removes a column."""
    columns = {**CONTENTS[kind][split], **changes}
    columns = {name: values for name, values in columns.items() if values is not None}
    return {**CONTENTS[kind], split: columns}


def test_ids_of_multibench(read):
    assert read("multibench", CONTENTS["multibench"])["train"].id[4] == "train_v1$_$4_5"
    names = np.array([f"v{row // 3}[{row % 3}]" for row in range(12)], object)
    assert read("multibench", changed("multibench", id=names))["train"].id[4] == "v1$_$1"
    numbers = np.array([[f"v{row}", row / 2] for row in range(12)], object)
    assert read("multibench", changed("multibench", id=numbers))["train"].id[3] == "v3$_$1.5"


def test_labels_of_multibench_can_be_classes(read):
    content = {
        split: {**columns, "labels": np.arange(COUNTS[split], dtype=np.float32)[:, None] % 2}
        for split, columns in CONTENTS["multibench"].items()
    }
    split = read("multibench", content, "classification")["train"]
    assert split.label.tolist() == [0, 1] * 6
    assert split.label.dtype == np.int32
    with pytest.raises(ValueError, match=r"data.pkl`, train: `label` must be classes, .*: -3.0"):
        read("multibench", CONTENTS["multibench"], "classification")


def test_infinite_values_of_audio_are_real_frames(read):
    audio = CONTENTS["multibench"]["train"]["audio"].copy()
    audio[3, -3, :] = -np.inf
    audio[4, -2, 1] = np.nan
    split = read("multibench", changed("multibench", audio=audio))["train"]
    assert split.lengths["audio"].tolist() == lengths_of(12, 9).tolist()
    assert (split.features["audio"][3, 0] == -np.inf).all()


@pytest.mark.parametrize("pad", ["front", "end", "both"])
def test_without_lengths_or_mask_real_frames_lie_between_zeros(read, pad):
    values = np.zeros((12, 5, 3), np.float32)
    first = {"front": 2, "end": 0, "both": 1}[pad]
    values[:, first : first + 3] = np.arange(1, 4)[:, None]
    values[:, first + 1] = 0  # a pause in between
    values[5] = 0
    content = changed("aligned", vision=values, text_bert=None, text=values)
    split = read("aligned", content)["train"]
    assert split.lengths["vision"].tolist() == [3] * 5 + [0] + [3] * 6
    assert split.features["vision"][0, :, 0].tolist() == [1, 0, 3, 0, 0]


def test_the_mask_does_not_cut_what_it_is_not_of(read):
    """Unaligned vision has frames after the last token."""
    vision = np.ones((12, 5, 2), np.float32)
    split = read("aligned", changed("aligned", vision=vision))["train"]
    assert split.lengths["vision"].tolist() == [5] * 12
    assert split.lengths["text"].tolist() == lengths_of(12, 5).tolist()


def test_vectors_have_no_lengths(read):
    for kind in ("aligned", "multibench"):
        vectors = {"audio": np.ones((12, 4)), "text": None, "vision": None}
        content = {"train": changed(kind, **vectors)["train"]}
        content["test"] = content["train"]
        split = read(kind, content)["train"]
        assert split.shapes == {"audio": (4,)}
        assert not split.lengths


WRONG = [
    ("aligned", {"text": None, "audio": None, "vision": None}, "it has none of text, audio, vis"),
    ("aligned", {"id": None}, "it has no id, only"),
    (
        "aligned",
        {"regression_labels": None, "classification_labels": None},
        "it has no regression_labels or classification_labels, only",
    ),
    ("aligned", {"audio": np.zeros((11, 5, 3))}, "as many samples. Received: .* audio 11"),
    ("aligned", {"audio": np.zeros((12, 0, 3))}, r"`audio` must .* Received: \(12, 0, 3\)"),
    ("aligned", {"audio": np.zeros((12, 2, 2, 2))}, r"`audio` must be .* Received: \(12, 2, 2, 2"),
    ("aligned", {"audio": "noise"}, "`audio` must be an array of numbers. Received: <U5"),
    ("aligned", {"audio": [[1.0], [1.0, 2.0]]}, "`audio` must be an array of numbers"),
    ("aligned", {"text_bert": np.zeros((12, 3))}, r"`text_bert` must be .* Received: \(12, 3\)"),
    ("aligned", {"text_bert": np.full((12, 3, 5), 2)}, "`text_bert` must be"),
    ("aligned", {"regression_labels": np.full(12, 3.2)}, r"in \[-3, 3\]. Received: 3.2"),
    ("aligned", {"regression_labels": np.full(12, np.nan)}, r"in \[-3, 3\]. Received: nan"),
    ("aligned", {"classification_labels": np.full(12, -1)}, "whole numbers from 0.*: -1"),
    ("unaligned", {"audio_lengths": [3] * 11}, r"`audio_lengths` must be one .* 12 samples"),
    ("unaligned", {"audio_lengths": [10] * 12}, "`audio_lengths` must be .* 0 to 9, .*d: 10"),
    ("unaligned", {"vision_lengths": ["a"] * 12}, "`vision_lengths` must be an array of numb"),
    ("multibench", {"labels": None}, "it has no regression_labels, only|or classification_labels"),
    ("multibench", {"labels": np.zeros((12, 4, 2))}, r"`labels` must be one for each.*12, 4, 2"),
    ("multibench", {"labels": np.float32(1)}, r"`labels` must be one for each sample"),
    ("multibench", {"labels": np.full((12, 1, 1), -4)}, r"in \[-3, 3\]. Received: -4"),
    ("multibench", {"id": None}, "it has no id, only"),
    ("multibench", {"id": np.zeros((12, 2, 2))}, r"`id` must be strings .* \(12, 2, 2\)"),
    ("multibench", {"id": [None] * 12}, "`id` must be strings. Received: NoneType"),
    ("multibench", {"vision": np.zeros((12, 7))}, "same modalities and shapes"),
]


@pytest.mark.parametrize(("kind", "changes", "message"), WRONG)
def test_what_is_wrong_is_named_with_file_and_split(tmp_path, kind, changes, message):
    path = write_pickle(tmp_path / "data.pkl", changed(kind, **changes))
    with pytest.raises(ValueError, match=rf"data.pkl`.*({message})"):
        read_features([path])
    if "same" not in message:
        with pytest.raises(ValueError, match=rf"data.pkl`, train: .*({message})"):
            READERS[kind](path)


def test_an_empty_split_is_refused(read):
    for kind, content in CONTENTS.items():
        empty = {name: values[:0] for name, values in content["test"].items()}
        with pytest.raises(
            ValueError, match=r"data.pkl`, test: .* Received: . mod.*, 0 samples|, test"
        ):
            read(kind, {**content, "test": empty})


@pytest.mark.parametrize(
    ("content", "received"),
    [
        ({"train": {}, "dev": {}}, "train, dev"),
        ([1, 2], "list"),
        ({}, "nothing"),
        ({"train": 1, "test": {}}, "int"),
        ({"train": {1: 2}, "test": {}}, "dict"),
    ],
)
def test_content_of_another_form_is_refused(read, content, received):
    for kind in READERS:
        with pytest.raises(ValueError, match=rf"data.pkl` must hold .* Received: {received}"):
            read(kind, content)


class Touch:
    def __reduce__(self):
        return os.system, ("touch broken",)


@pytest.mark.parametrize("kind", READERS)
def test_a_pickle_that_runs_code_is_refused_before_it_does(read, tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"data.pkl` must be a pickle of arrays.*system"):
        read(kind, changed(kind, text=Touch()))
    assert not (tmp_path / "broken").exists()


def test_a_missing_file_is_named(tmp_path):
    for reader in (read_mmsa, read_multibench, lambda path: read_features([path])):
        with pytest.raises(FileNotFoundError, match=r"none.pkl"):
            reader(tmp_path / "none.pkl")


FUZZ = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
VALUES = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.lists(st.integers(-4, 4) | st.text(max_size=2) | st.lists(st.floats(), max_size=2)),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    arrays.arrays(
        st.sampled_from([np.float32, np.float64, np.int64, np.bool_, "U3", "S3", np.complex64]),
        arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
    ),
)
NAME = st.sampled_from(
    [
        *("text", "audio", "vision", "text_bert", "audio_lengths", "text_lengths", "id"),
        *("labels", "regression_labels", "classification_labels", "raw_text"),
    ]
)


def fails_clearly(path, reader):
    """Features, or an error that names the file."""
    try:
        splits = reader(path)
    except ValueError as error:
        assert "data.pkl`" in str(error)
    else:
        if isinstance(splits, dict):
            try:
                splits = MultimodalFeatures(splits)
            except ValueError:
                return
        assert all(np.isfinite(v).all() for v in splits.arrays("train").values())


@FUZZ
@given(
    kind=st.sampled_from(list(READERS)),
    changes=st.dictionaries(NAME, VALUES, min_size=1, max_size=3),
)
def test_any_content_of_columns_gives_an_error_or_features(tmp_path, kind, changes):
    path = write_pickle(tmp_path / "data.pkl", changed(kind, **changes))
    fails_clearly(path, READERS[kind])
    fails_clearly(path, lambda path: read_features([path]))


@FUZZ
@given(
    content=st.dictionaries(
        st.sampled_from(["train", "test", "valid"]) | st.integers(),
        st.dictionaries(NAME, VALUES, max_size=6) | VALUES,
    )
)
def test_any_structure_gives_an_error_or_features(tmp_path, content):
    path = write_pickle(tmp_path / "data.pkl", content)
    for reader in (read_mmsa, read_multibench, lambda path: read_features([path])):
        fails_clearly(path, reader)


@FUZZ
@given(kind=st.sampled_from(list(READERS)), data=st.data())
def test_damaged_files_give_an_error_or_features(tmp_path, kind, data):
    raw = bytearray(pickle.dumps(CONTENTS[kind]))
    for _ in range(data.draw(st.integers(0, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path / "data.pkl"
    path.write_bytes(raw[: data.draw(st.just(len(raw)) | st.integers(0, len(raw)))])
    fails_clearly(path, READERS[kind])
