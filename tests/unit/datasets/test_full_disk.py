# SPDX-License-Identifier: Apache-2.0
"""On a full disk, all writers raise a one-line error and keep existing files."""

from __future__ import annotations

import errno
import pickle

import numpy as np
import pytest
from typer.testing import CliRunner

from sionna_semcom.cli import app as cli
from sionna_semcom.datasets import (
    LatentPairs,
    LatentSplit,
    LogMel,
    SpokenDigits,
    generated_features,
)
from sionna_semcom.datasets.digits.builtin.spoken import write_spoken
from sionna_semcom.datasets.trifeature import trifeature


def _latents(path):
    split = LatentSplit(
        np.zeros((500, 8), np.float32),
        np.zeros((500, 8), np.float32),
        np.arange(500, dtype=np.int32) % 2,
    )
    LatentPairs(dict.fromkeys(("train", "validation", "test"), split)).save(path)


def _features(path):
    generated_features(num_train=200, num_validation=20, num_test=20).save(path)


def _pictures(path):
    trifeature._write(path, {"train": {"image_1": np.zeros((50, 32, 32, 3), np.uint8)}})


def _spoken(path):
    count = 40
    values = np.random.default_rng(0).random((count, 64, 32, 1), np.float32)
    labels = np.arange(count) % 10
    clips = SpokenDigits(values, labels, np.array(["a", "b"] * (count // 2)), labels)
    write_spoken(path, clips, {"train": ["a"], "test": ["b"]}, LogMel.speech_8khz(), "a test")


@pytest.mark.parametrize("write", [_latents, _features, _pictures, _spoken])
def test_a_full_disk_is_an_error_that_names_the_file(write, tmp_path, files_of_at_most):
    path = tmp_path / "data.h5"
    path.write_bytes(b"before")
    with pytest.raises(OSError) as caught, files_of_at_most(1 << 13):
        write(path)
    assert caught.value.errno == errno.EFBIG
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"before"
    assert [one.name for one in tmp_path.iterdir()] == ["data.h5"]
    write(path)
    assert path.stat().st_size > 1 << 13


def test_the_command_that_converts_ends_in_one_line(tmp_path, files_of_at_most):
    path = tmp_path / "aligned_50.pkl"
    columns = {
        "text": np.random.default_rng(0).normal(size=(300, 4, 8)),
        "id": [f"v{row}$_$0" for row in range(300)],
        "regression_labels": np.linspace(-2.5, 3, 300),
    }
    path.write_bytes(pickle.dumps(dict.fromkeys(("train", "valid", "test"), columns)))
    arguments = ["convert", str(path), "--out", str(tmp_path / "features.h5")]
    with files_of_at_most(1 << 13):
        ended = CliRunner().invoke(cli.app, arguments)
    assert ended.exit_code == 2
    last = ended.output.splitlines()[-1]
    assert last.startswith("Error: ") and "features.h5" in last
    assert "Traceback" not in ended.output
