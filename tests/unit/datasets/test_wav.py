# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from scipy.io import wavfile

from sionna_semcom.datasets import read_wav

SAMPLES = np.array([0.0, 0.5, -0.5, -1.0, 0.25])


@pytest.mark.parametrize(
    "written",
    [
        (SAMPLES * 2**7 + 2**7).astype(np.uint8),
        (SAMPLES * 2**15).astype(np.int16),
        (SAMPLES * 2**31).astype(np.int32),
        SAMPLES.astype(np.float32),
        SAMPLES,
    ],
    ids=lambda values: values.dtype.name,
)
def test_every_sample_format_is_scaled_to_one(tmp_path, written):
    wavfile.write(tmp_path / "clip.wav", 8000, written)
    clip = read_wav(tmp_path / "clip.wav", 8000)
    assert clip.dtype == np.float32
    np.testing.assert_array_equal(clip, SAMPLES)


@pytest.mark.parametrize("size", [0, 3, 10, 20, 40, 44, 60, 1000, 1043])
def test_truncated_files_are_refused(tmp_path, size):
    path = tmp_path / "clip.wav"
    wavfile.write(path, 8000, np.ones(500, np.int16))
    raw = path.read_bytes()
    assert len(raw) == 1044
    path.write_bytes(raw[:size])
    with pytest.raises(ValueError, match=r"clip.wav` must be a whole WAV file. Received: \S+"):
        read_wav(path, 8000)


def test_damaged_headers_are_refused_or_read_as_what_they_say(tmp_path):
    """Whatever a header is damaged to, the reader ends with samples or a ValueError."""
    path = tmp_path / "clip.wav"
    wavfile.write(path, 8000, np.ones(50, np.int16))
    raw = np.frombuffer(path.read_bytes(), np.uint8)
    rng = np.random.default_rng(1)
    refused = 0
    for position in range(44):
        damaged = raw.copy()
        damaged[position] ^= rng.integers(1, 256)
        path.write_bytes(damaged.tobytes())
        try:
            assert np.isfinite(read_wav(path, 8000)).all()
        except ValueError as error:
            assert "clip.wav" in str(error)
            refused += 1
    assert refused >= 25


@pytest.mark.parametrize(
    ("rate", "samples", "message"),
    [
        (16000, np.ones(9, np.int16), "must have 8000 samples a second. Received: 16000"),
        (8000, np.ones((9, 2), np.int16), r"must hold one channel of samples. Received: \(9, 2\)"),
        (8000, np.ones(0, np.int16), r"must hold one channel of samples. Received: \(0,\)"),
        (8000, np.array([0.1, np.nan]), "must hold finite samples. Received: NaN or infinity"),
        (8000, np.array([0.1, np.inf]), "must hold finite samples. Received: NaN or infinity"),
    ],
)
def test_unfit_clips_are_refused(tmp_path, rate, samples, message):
    wavfile.write(tmp_path / "clip.wav", rate, samples)
    with pytest.raises(ValueError, match=f"clip.wav` {message}"):
        read_wav(tmp_path / "clip.wav", 8000)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"clip.wav"):
        read_wav(tmp_path / "clip.wav", 8000)
