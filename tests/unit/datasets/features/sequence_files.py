# SPDX-License-Identifier: Apache-2.0
"""Computational sequences of three videos in files."""

from __future__ import annotations

import numpy as np
import pytest

from sionna_semcom.datasets import read_computational_sequences

from .feature_files import write_csd

WORDS = ["sp", "the", "film", "sp", "was", "good", "sp"]
TIMES = [[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [5, 6], [6, 7]]


def by_video(intervals, features):
    return {video: (intervals, features) for video in ("a_1", "b", "c-2")}


def frames(begin, end, step, width=1):
    """Frames of ``step`` seconds, whose first feature is the time of their center."""
    edges = np.arange(begin, end + step / 2, step)
    intervals = np.column_stack([edges[:-1], edges[1:]])
    features = np.repeat(intervals.mean(1)[:, None], width, 1) + np.arange(width)
    return intervals, features.astype(np.float32)


@pytest.fixture
def files(tmp_path):
    """Words, word vectors, frames of a fifth of a second, and two segments per video."""
    vectors = np.arange(7, dtype=np.float32)[:, None] * [1, 10]
    labels = np.array([[-3, 0], [1.5, 3]], np.float32)
    names = {"dimension names": ["sentiment", "happy"]}
    return {
        "words": write_csd(
            tmp_path / "words.csd", by_video(TIMES, np.array(WORDS, "S32")[:, None]), "words"
        ),
        "text": write_csd(tmp_path / "vectors.csd", by_video(TIMES, vectors), "glove_vectors"),
        "audio": write_csd(tmp_path / "audio.csd", by_video(*frames(0, 7, 0.2, 3)), "COVAREP"),
        "labels": write_csd(
            tmp_path / "labels.csd",
            by_video([[0, 3.2], [3.2, 7]], labels),
            "Opinion Segment Labels",
            names,
        ),
    }


def read(files, **options):
    modalities = {name: files[name] for name in files if name not in ("labels", "words")}
    return read_computational_sequences(modalities, files["labels"], files.get("words"), **options)
