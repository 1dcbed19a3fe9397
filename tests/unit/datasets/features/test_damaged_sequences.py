# SPDX-License-Identifier: Apache-2.0
"""Invalid or damaged computational sequences."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sionna_semcom.datasets import read_features

from .feature_files import write_csd
from .sequence_files import by_video, frames, read
from .sequence_files import files as files


def test_a_file_of_other_videos_is_refused(files, tmp_path):
    others = {f"other{n}": frames(0, 7, 0.5) for n in range(1000)}
    files["audio"] = write_csd(tmp_path / "others.csd", others)
    with pytest.raises(ValueError, match=r"others.csd` must have videos that .*labels.csd`") as e:
        read(files)
    assert len(str(e.value)) < 700


SEQUENCES = {
    "features": (np.zeros((2, 1, 1)), r"b must have features \[T, D\] .* \(2, 1, 1\) and \(2, 2\)"),
    "intervals": (np.zeros((3, 2)), r"b must have .* \(2, 2\) and \(3, 2\)"),
    "features ": (np.zeros((2, 0)), r"b must have .* \(2, 0\)"),
    "features  ": (np.zeros((2, 2), complex), "b must be numbers or words, not complex128"),
    "intervals ": (np.full((2, 2), np.nan), "intervals of b must have finite begins"),
    "intervals  ": ([[0.0, 1.0], [3.0, 2.0]], "intervals of b must have finite begins and later"),
    "features   ": (np.zeros((2, 3)), r"must have as many features. Received: .*\(3,\)"),
}


@pytest.mark.parametrize(("part", "change"), SEQUENCES.items())
def test_sequences_that_are_wrong_are_refused(files, part, change):
    values, message = change
    with h5py.File(files["labels"], "r+") as file:
        name = f"Opinion Segment Labels/data/b/{part.strip()}"
        del file[name]
        file[name] = values
    with pytest.raises(
        ValueError, match=rf"labels.csd` is damaged or not a computational .*{message}"
    ):
        read(files)


def test_files_of_another_form_are_refused(files, tmp_path):
    path = tmp_path / "labels.csd"
    with pytest.raises(FileNotFoundError, match=r"No computational sequence .*none.csd"):
        read({**files, "audio": tmp_path / "none.csd"})
    with h5py.File(path, "w") as file:
        file["data/b/features"] = [[1.0]]
    with pytest.raises(ValueError, match=r"labels.csd` .* must have one group with data, not 0"):
        read(files)
    write_csd(path, {}, "root")
    with h5py.File(path, "r+") as file:
        file.create_group("root/data")
    with pytest.raises(ValueError, match=r"labels.csd` .* it has no sequence"):
        read(files)
    path.write_bytes(b"text")
    with pytest.raises(ValueError, match=r"labels.csd` is damaged or not a computational sequence"):
        read(files)


def test_files_in_the_wrong_place_are_refused(files, tmp_path):
    with pytest.raises(ValueError, match=r"words.csd` must hold numbers. Received: words"):
        read({**files, "audio": files["words"]})
    with pytest.raises(ValueError, match=r"audio.csd` must hold words. Received: numbers"):
        read({**files, "words": files["audio"]})
    with pytest.raises(ValueError, match="needs `words`, or `features` with text"):
        read({name: files[name] for name in ("audio", "labels")})
    with pytest.raises(ValueError, match="needs `words`, or `features` with text"):
        read({name: files[name] for name in ("words", "labels")})
    with pytest.raises(ValueError, match=r"`max_words` must be at least 1. Received: 0"):
        read(files, max_words=0)
    twice = {"b[0]": ([[0, 3], [3, 7]], [[1.0], [2.0]])}
    files["labels"] = write_csd(tmp_path / "twice.csd", twice)
    with pytest.raises(ValueError, match=r"twice.csd` must have one label .* 2 for b\[0\]"):
        read(files)


@pytest.mark.parametrize("score", [3.01, np.nan, -np.inf])
def test_labels_out_of_range_are_refused(files, tmp_path, score):
    labels = by_video([[0, 3], [3, 7]], [[0.0], [score]])
    files["labels"] = write_csd(tmp_path / "labels.csd", labels)
    with pytest.raises(ValueError, match=r"labels.csd`: `label` must be scores \[n\] in \[-3, 3\]"):
        read(files)


FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FUZZ
@given(name=st.sampled_from(["words", "text", "audio", "labels"]), data=st.data())
def test_damaged_files_give_an_error_or_features(files, tmp_path, name, data):
    raw = bytearray(files[name].read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    damaged = tmp_path / "damaged.csd"
    damaged.write_bytes(raw[: data.draw(st.just(len(raw)) | st.integers(0, len(raw)))])
    inputs = [f"{key}={path}" for key, path in {**files, name: damaged}.items()]
    try:
        features = read_features(inputs)
    except ValueError:
        return
    assert all(np.isfinite(v).all() for v in features.arrays("train").values())
