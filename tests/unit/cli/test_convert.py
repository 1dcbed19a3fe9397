# SPDX-License-Identifier: Apache-2.0
"""The command ``convert`` for multimodal features."""

from __future__ import annotations

import json
import pickle

import h5py
import numpy as np
import pytest

from sionna_semcom.datasets import MultimodalFeatures

from .invoking import invoke


def _columns(count):
    audio = np.random.default_rng(count).uniform(1, 2, (count, 6, 3))
    audio[0, 0, 0] = -np.inf
    return {
        "text": np.zeros((count, 4, 8)),
        "audio": audio,
        "id": [f"v{row // 2}$_${row}" for row in range(count)],
        "regression_labels": np.linspace(-2.5, 3, count),
    }


@pytest.fixture
def pickled(tmp_path):
    path = tmp_path / "aligned_50.pkl"
    content = {"train": _columns(8), "valid": _columns(3), "test": _columns(4)}
    path.write_bytes(pickle.dumps(content))
    return path


def test_one_table_says_what_was_converted(pickled, tmp_path):
    out = tmp_path / "folder/features.h5"
    ended = invoke("convert", pickled, "--out", out)
    assert ended.exit_code == 0, ended.output
    words = [line.split() for line in ended.output.splitlines()]
    for row in (
        "train validation test",
        "samples 8 3 4",
        "videos 4 2 2",
        "text 4 x 8 4 x 8 4 x 8",
        "audio 6 x 3 6 x 3 6 x 3",
        "scores -2.5 to 3 -2.5 to 3 -2.5 to 3",
        "replaced in text 0 0 0",
        "replaced in audio 1 1 1",
    ):
        assert row.split() in words
    assert f"Features: {out}" in ended.output
    data = MultimodalFeatures.load(out)
    assert data.replaced["train"] == {"text": 0, "audio": 1}
    samples = {f"{part} samples" for part in ("training", "validation", "test")}
    assert set(data.checksums) == {"aligned_50.pkl", *samples}
    assert np.isneginf(data.splits["train"].features["audio"][0, 0, 0])
    again = invoke("convert", out, "--out", tmp_path / "again.h5")
    assert again.output.replace("again.h5", "folder/features.h5") == ended.output


def test_computational_sequences(tmp_path):
    files = {"text": [[1.0, 2], [3, 4]], "labels": [[-1.0], [2]]}
    for name, values in files.items():
        with h5py.File(tmp_path / f"{name}.csd", "w") as file:
            for video in "abc":
                file[f"root/data/{video}/features"] = values
                file[f"root/data/{video}/intervals"] = [[0.0, 1], [1, 2]]
    splits = tmp_path / "splits.json"
    splits.write_text(json.dumps({"train": ["a"], "test": ["c"]}))
    inputs = [f"{name}={tmp_path / name}.csd" for name in files]
    out = tmp_path / "features.h5"
    ended = invoke("convert", *inputs, "--splits", splits, "--out", out)
    assert ended.exit_code == 0, ended.output
    assert MultimodalFeatures.load(out).splits["test"].id.tolist() == ["c$_$0", "c$_$1"]
    drawn = invoke("convert", *inputs, "--shares", "0.3", "0.3", "--seed", "3", "--out", out)
    assert drawn.exit_code == 0, drawn.output
    assert [len(split) for split in MultimodalFeatures.load(out).splits.values()] == [2, 2, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.pkl"], "No file of features none.pkl"),
        (["a.pkl", "b.pkl"], "Only computational sequences are several files"),
        (["PICKLE", "--format", "csv"], "`format` must be one of mmsa, multibench, csd, hdf5"),
        (["PICKLE", "--format", "hdf5"], "aligned_50.pkl` is damaged or not a file of features"),
        (["PICKLE", "--format", "multibench"], "aligned_50.pkl`, train: it has no regression_lab"),
        (["PICKLE", "--label", "classification"], "train: it has no classification_labels, only"),
        (["text=x.csd"], "Computational sequences need labels=FILE"),
        (["x.csd"], "must be given as NAME=FILE"),
        (["text=x.csd", "labels=y.csd"], "No computational sequence y.csd"),
    ],
)
def test_wrong_input_ends_in_one_line(pickled, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    words = [pickled if word == "PICKLE" else word for word in arguments]
    ended = invoke("convert", *words, "--out", "out/features.h5")
    assert ended.exit_code == 2, ended.output
    (line,) = ended.output.splitlines()
    assert line.startswith("Error: ")
    assert message in line
    assert not (tmp_path / "out").exists()


def test_an_input_is_not_overwritten(pickled):
    before = pickled.read_bytes()
    for given in (str(pickled), f"text={pickled}"):
        ended = invoke("convert", given, "--out", pickled.parent / "." / pickled.name)
        assert ended.exit_code == 2
        assert "the output must be another file than the input" in ended.output
    assert pickled.read_bytes() == before


@pytest.mark.parametrize("option", [("--shares", "0.3", "0.3"), ("--seed", "5")])
def test_options_of_sequences_are_refused_for_other_files(pickled, option):
    ended = invoke("convert", pickled, *option, "--out", pickled.parent / "out.h5")
    assert ended.exit_code == 2
    assert f"`{option[0][2:]}` is for nothing but computational sequences" in ended.output
