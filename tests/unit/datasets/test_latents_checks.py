# SPDX-License-Identifier: Apache-2.0
"""Invalid latents, heads and latent files."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from sionna_semcom.datasets import LatentPairs, LatentSplit

from .latent_pairs import head as head
from .latent_pairs import make_splits, write


def nan(values):
    changed = np.array(values, float)
    changed.flat[3] = np.nan
    return changed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tx": nan(np.zeros((6, 2)))}, "`tx` must be finite"),
        ({"rx": np.full((6, 2), np.inf)}, "`rx` must be finite"),
        ({"tx": np.zeros((5, 2))}, r"\[n, d\], \[n, m\] and \[n\]. Received: \(5, 2\), \(6, 2\)"),
        ({"rx": np.zeros(6)}, r"\[n, d\], \[n, m\] and \[n\]"),
        ({"label": np.zeros((6, 1), int)}, r"\[n, d\], \[n, m\] and \[n\].*\(6, 1\)"),
        ({"label": np.arange(6) - 1}, "`label` must hold classes 0, 1"),
        ({"label": np.arange(6) + 0.5}, "`label` must hold classes 0, 1"),
        (
            {"tx": np.zeros((0, 2)), "rx": np.zeros((0, 2)), "label": np.zeros(0, int)},
            "`label` must hold classes 0, 1",
        ),
    ],
)
def test_splits_that_are_wrong_are_refused(tmp_path, changes, message):
    parts = {"tx": np.zeros((6, 2)), "rx": np.zeros((6, 2)), "label": np.arange(6) % 3, **changes}
    with pytest.raises(ValueError, match=message):
        LatentSplit(**parts)
    path = tmp_path / "latents.h5"
    write(path, make_splits())
    with h5py.File(path, "r+") as file:
        for part, values in parts.items():
            del file[f"val/{part}"]
            file[f"val/{part}"] = values
    with pytest.raises(
        ValueError, match=rf"latents.h5` is damaged or not a file of latents.*{message}"
    ):
        LatentPairs.load(path)


@pytest.mark.parametrize("missing", ["val", "test/rx", "head/bias", "head/kernel"])
def test_what_is_missing_is_named(tmp_path, head, missing):
    path = tmp_path / "latents.h5"
    write(path, make_splits(), head)
    with h5py.File(path, "r+") as file:
        del file[missing]
    with pytest.raises(ValueError, match=rf"latents.h5` is damaged .*: it has no {missing}"):
        LatentPairs.load(path)


def test_files_that_are_none_are_refused(tmp_path, head):
    path = tmp_path / "latents.h5"
    with pytest.raises(FileNotFoundError, match=r"No file of latents .*latents.h5"):
        LatentPairs.load(path)
    write(path, make_splits(), head)
    whole = path.read_bytes()
    for raw in (b"", b"text", whole[:1000]):
        path.write_bytes(raw)
        with pytest.raises(ValueError, match=r"latents.h5` is damaged or not a file of latents"):
            LatentPairs.load(path)
    path.write_bytes(whole)
    with h5py.File(path, "r+") as file:
        del file["test/rx"]
        file["test/rx/inner"] = [1.0]  # a group instead of the latents
    with pytest.raises(ValueError, match=r"latents.h5` is damaged .*: it has no test/rx"):
        LatentPairs.load(path)


@pytest.mark.parametrize(
    ("kernel", "bias", "message"),
    [
        ((4, 4), (4,), r"a kernel \[5, num_classes\].*\(4, 4\) and \(4,\)"),
        ((5, 3), (3,), r"for 4 classes. Received: \(5, 3\)"),
        ((5, 4), (5,), r"\(5, 4\) and \(5,\)"),
        ((5,), (), r"\(5,\) and \(\)"),
        ((5, 4), None, "both a kernel and a bias"),
        (None, (4,), "both a kernel and a bias"),
    ],
)
def test_heads_that_do_not_fit_are_refused(kernel, bias, message):
    parts = [None if shape is None else np.zeros(shape) for shape in (kernel, bias)]
    with pytest.raises(ValueError, match=message):
        LatentPairs(make_splits(), *parts)


def test_heads_must_be_finite(head):
    for parts in ((nan(head[0]), head[1]), (head[0], nan(head[1]))):
        with pytest.raises(ValueError, match="head must be finite"):
            LatentPairs(make_splits(), *parts)


def test_splits_must_belong_together():
    splits = make_splits()
    with pytest.raises(ValueError, match=r"`splits` must be train, validation, test. Received: tr"):
        LatentPairs({"train": splits["train"]})
    splits["test"] = LatentSplit(np.zeros((4, 2)), np.zeros((4, 5)), np.arange(4))
    with pytest.raises(ValueError, match="latents of the same sizes"):
        LatentPairs(splits)


@pytest.mark.parametrize(
    ("part", "values", "message"),
    [
        ("tx", np.ones((60, 3), np.complex64), "train/tx` must be .* real ones. Received: complex"),
        ("rx", np.ones((60, 5), complex), "train/rx` must be .* real ones. Received: complex128"),
        ("tx", np.full((60, 3), b"1.5"), "train/tx` must be an array of numbers"),
        ("tx", np.full((60, 3), 1e300), "`tx` must be finite"),
        ("label", np.full(60, 2**32 + 1), "must hold classes 0, 1, .* Received: 4294967297"),
        ("label", np.full(60, 2**31), "must hold classes 0, 1, .* Received: 2147483648"),
        ("label", np.full(60, 1e10), "must hold classes 0, 1, .* Received: 10000000000"),
        ("label", np.full(60, np.nan), "must hold classes 0, 1, .* Received: nan"),
        ("label", np.full(60, 1 + 1j), "must hold classes 0, 1, .* Received: complex128"),
        ("label", np.full(60, b"1"), "must hold classes 0, 1, .* Received: .S1"),
    ],
)
def test_nothing_is_lost_in_conversion(tmp_path, part, values, message):
    path = tmp_path / "latents.h5"
    write(path, make_splits())
    with h5py.File(path, "r+") as file:
        del file[f"train/{part}"]
        file[f"train/{part}"] = values
    with pytest.raises(ValueError, match=message):
        LatentPairs.load(path)


def test_labels_given_as_arrays_are_checked_before_they_are_cast():
    for label in (2**32 + 1, 2**31, -1):
        with pytest.raises(ValueError, match=rf"`label` must hold classes .* Received: {label}"):
            LatentSplit(np.zeros((6, 2)), np.zeros((6, 2)), np.full(6, label))
    with pytest.raises(ValueError, match=r"`tx` must be .* real ones"):
        LatentSplit(np.zeros((6, 2), complex), np.zeros((6, 2)), np.zeros(6, int))


def test_labels_that_are_no_classes_take_no_memory():
    splits = make_splits()
    label = splits["test"].label.copy()
    label[0] = 2**31 - 1
    with pytest.raises(
        ValueError, match=r"`label` must hold classes 0, 1, .* Received: 2147483647"
    ):
        LatentSplit(splits["test"].tx, splits["test"].rx, label)


def test_numbers_of_any_type_are_kept_as_float32_and_int32():
    split = LatentSplit(np.zeros((3, 2)), [[1], [2], [3]], np.array([0.0, 1.0, 2.0]))
    assert [x.dtype for x in (split.tx, split.rx, split.label)] == ["float32", "float32", "int32"]


def test_heads_of_another_name_are_refused(tmp_path, head):
    path = tmp_path / "latents.h5"
    write(path, make_splits(), head)
    with h5py.File(path, "r+") as file:
        file.move("head", "heads")
    message = "it must have only head, test, train, val, not heads"
    with pytest.raises(ValueError, match=message):
        LatentPairs.load(path)
