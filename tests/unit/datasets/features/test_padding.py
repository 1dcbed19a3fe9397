# SPDX-License-Identifier: Apache-2.0
"""Padding is detected at both sides, and aligned modalities stay aligned."""

from __future__ import annotations

import numpy as np
import pytest

from sionna_semcom.datasets import MultimodalFeatures, read_mmsa, read_multibench
from sionna_semcom.datasets.features.padding import unpadded

from .feature_files import write_features, write_pickle

LENGTHS = [9, 7, 7, 5]


def padded(lengths, side, num_frames=10, width=2, seed=1):
    """Frames that contain their index from 1. ``side`` of the padding is common or per sample."""
    sides = [side] * len(lengths) if isinstance(side, str) else side
    values = np.zeros((len(lengths), num_frames, width), np.float32)
    for row, (length, at) in enumerate(zip(lengths, sides, strict=True)):
        free = num_frames - length
        first = {"front": free, "end": 0, "both": free // 2}[at]
        values[row, first : first + length] = np.arange(1, length + 1)[:, None]
    return values


def read(tmp_path, reader=read_multibench, **modalities):
    count = len(next(iter(modalities.values())))
    one = {**modalities, "id": [f"v{row}_0" for row in range(count)]}
    name = "labels" if reader is read_multibench else "regression_labels"
    one[name] = np.linspace(-1, 1, count)
    return reader(write_pickle(tmp_path / "data.pkl", {"train": one, "test": one}))["train"]


READERS = pytest.mark.parametrize("reader", [read_multibench, read_mmsa])


@READERS
@pytest.mark.parametrize("side", ["front", "end", ["front", "end", "end", "front"]])
def test_the_side_is_found(tmp_path, reader, side):
    """Text and audio have different lengths and sides."""
    text, audio = padded(LENGTHS, side), padded([2, 3, 4, 5], "front", 8)
    split = read(tmp_path, reader, text=text, audio=audio)
    assert split.lengths["text"].tolist() == LENGTHS
    assert split.lengths["audio"].tolist() == [2, 3, 4, 5]
    np.testing.assert_array_equal(split.features["text"], padded(LENGTHS, "end"))
    np.testing.assert_array_equal(split.features["audio"], padded([2, 3, 4, 5], "end", 8))


@READERS
@pytest.mark.parametrize("side", ["front", "end"])
def test_padding_may_be_nan(tmp_path, reader, side):
    text = padded(LENGTHS, side)
    text[text == 0] = np.nan
    split = read(tmp_path, reader, text=text)
    assert split.lengths["text"].tolist() == LENGTHS
    np.testing.assert_array_equal(split.features["text"], padded(LENGTHS, "end"))


@READERS
@pytest.mark.parametrize("side", ["front", "end"])
def test_zeros_at_the_side_without_padding_are_real(tmp_path, reader, side):
    """A pause at the end of a sample that is padded at the start, and vice versa."""
    text = padded([*LENGTHS, 10], side)
    pause = 9 if side == "front" else 0
    text[0, pause] = 0
    split = read(tmp_path, reader, text=text)
    assert split.lengths["text"].tolist() == [*LENGTHS, 10]


@READERS
@pytest.mark.parametrize("side", ["front", "end"])
def test_aligned_modalities_stay_in_step(tmp_path, reader, side):
    """Words without sound at both ends of a sample, and a sample without sound."""
    text = padded(LENGTHS, side)
    audio, vision = 10 * text, 100 * text[..., :1]
    first = 1 if side == "front" else 0
    audio[0, first], audio[1, first + 6 if side == "end" else 9] = 0, 0
    audio[2], vision[3, :6] = 0, 0
    split = read(tmp_path, reader, text=text, audio=audio, vision=vision)
    assert split.lengths["text"].tolist() == LENGTHS
    assert split.lengths["audio"].tolist() == [9, 7, 0, 5]
    for name, scale in (("audio", 10), ("vision", 100)):
        values, there = split.features[name], split.features[name].any(-1)
        expected = scale * split.features["text"][..., : values.shape[-1]]
        np.testing.assert_array_equal(values[there], expected[there])


@READERS
def test_every_sample_may_lack_the_first_word(tmp_path, reader):
    text = padded(LENGTHS, "front")
    audio = 10 * text
    audio[np.arange(4), 10 - np.array(LENGTHS)] = 0
    split = read(tmp_path, reader, text=text, audio=audio)
    np.testing.assert_array_equal(split.lengths["audio"], split.lengths["text"])
    assert not split.features["audio"][:, 0].any()


@READERS
def test_modalities_of_one_shape_that_are_not_aligned_are_cut_by_themselves(tmp_path, reader):
    lengths = {"text": [3, 6, 4, 5], "audio": [9, 7, 8, 5], "vision": [10, 2, 5, 8]}
    split = read(tmp_path, reader, **{name: padded(n, "front") for name, n in lengths.items()})
    assert {name: found.tolist() for name, found in split.lengths.items()} == lengths
    full = read(tmp_path, reader, text=padded([10] * 4, "end"), audio=padded(LENGTHS, "end"))
    assert full.lengths["audio"].tolist() == LENGTHS


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("padding", [0, np.nan])
@pytest.mark.parametrize("side", ["front", "end"])
def test_our_own_layout_may_be_padded_at_either_side(tmp_path, given, padding, side):
    audio = padded(LENGTHS, side)
    audio[audio == 0] = padding
    one = {"audio": audio, "regression_labels": [0.0, 1, 2, 3]}
    one["id"] = [f"v{row}" for row in range(4)]
    one |= {"audio_lengths": LENGTHS} if given else {}
    path = write_features(tmp_path / "mine.h5", {"train": one, "test": one})
    train = MultimodalFeatures.load(path).splits["train"]
    assert train.lengths["audio"].tolist() == LENGTHS
    np.testing.assert_array_equal(train.features["audio"], padded(LENGTHS, "end"))


def test_lengths_of_sequences_that_are_padded_in_front(tmp_path):
    one = {"audio": padded(LENGTHS, "front"), "audio_lengths": LENGTHS, "id": list("abcd")}
    one["regression_labels"] = [0.0, 1, 2, 3]
    path = write_pickle(tmp_path / "data.pkl", {"train": one, "test": one})
    train = read_mmsa(path)["train"]
    np.testing.assert_array_equal(train.features["audio"], padded(LENGTHS, "end"))


def test_all_splits_of_a_file_are_padded_at_the_same_side(tmp_path):
    """Although fewer than half of the test samples are padded."""
    splits = {"train": [2, 4, 5, 6], "test": [6, 6, 6, 3]}
    content = {
        name: {"audio": padded(lengths, "front"), "regression_labels": np.arange(4.0)}
        | {"id": [f"{name}{row}" for row in range(4)]}
        for name, lengths in splits.items()
    }
    data = MultimodalFeatures.load(write_features(tmp_path / "mine.h5", content))
    for name, lengths in splits.items():
        split = data.splits[name]
        assert split.lengths["audio"].tolist() == lengths
        np.testing.assert_array_equal(split.features["audio"], padded(lengths, "end"))
        assert "padded in front: audio" in split.notes


def test_lengths_of_one_split_leave_the_side_of_the_others(tmp_path):
    one = {"audio": padded(LENGTHS, "front"), "regression_labels": np.arange(4.0)}
    one["id"] = [f"v{row}" for row in range(4)]
    path = write_features(
        tmp_path / "mine.h5", {"train": one | {"audio_lengths": LENGTHS}, "test": one}
    )
    for split in MultimodalFeatures.load(path).splits.values():
        np.testing.assert_array_equal(split.features["audio"], padded(LENGTHS, "end"))


@READERS
@pytest.mark.parametrize("side", ["front", "end"])
@pytest.mark.parametrize("num_frames", [10, 8])
@pytest.mark.parametrize("others", [{}, {"audio": 15}, {"train only": 10}])
def test_the_side_is_the_same_in_all_splits(tmp_path, reader, side, num_frames, others):
    """A pause at the other end of a test sample is no padding, as the training data show."""
    labels = "labels" if reader is read_multibench else "regression_labels"

    def split(text, **more):
        ids = [f"v{n}_0" for n in range(len(text))]
        return {"text": text, "id": ids, labels: np.linspace(-1, 1, len(text)), **more}

    text = padded([7], side, num_frames)
    text[0, 0 if side == "end" else -1] = 0
    train, test = split(padded(LENGTHS, side)), split(text)
    if "audio" in others:
        train["audio"], test["audio"] = padded([2, 3, 4, 5], "front", 20), padded([3], "front", 15)
    if "train only" in others:
        train["audio"] = padded([2, 3, 4, 5], "front", 20)
    path = write_pickle(tmp_path / "data.pkl", {"train": train, "test": test})
    splits = reader(path)
    assert splits["train"].lengths["text"].tolist() == LENGTHS
    assert splits["test"].lengths["text"].tolist() == [7]


def test_modalities_of_a_group_may_differ_in_length_in_another_split():
    frames = padded(LENGTHS, "front")
    splits = {"train": dict.fromkeys("abc", frames), "test": {"b": frames, "c": frames[:, :6]}}
    assert [real.shape[1] for real in unpadded(splits)["test"].values()] == [10, 6]
