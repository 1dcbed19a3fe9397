# SPDX-License-Identifier: Apache-2.0
"""Small data sets in the layouts of the published data sets."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
from scipy.io import wavfile


def _idx(values):
    values = np.asarray(values, np.uint8)
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return header + values.tobytes()


@pytest.fixture
def idx_bytes():
    """Bytes of an IDX file."""
    return _idx


@pytest.fixture
def mnist(tmp_path):
    """240 training and 20 test images of 4 x 4; row 0 is the class, row 1 the index."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    for stem, count in (("train", 240), ("t10k", 20)):
        labels = np.arange(count) % 10
        images = np.zeros((count, 4, 4))
        images[:, 0], images[:, 1] = labels[:, None], np.arange(count)[:, None]
        (folder / f"{stem}-images-idx3-ubyte.gz").write_bytes(gzip.compress(_idx(images)))
        (folder / f"{stem}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(_idx(labels)))
    return folder


def tone(frequency, rate, seconds=0.2):
    """A tone of 16-bit samples."""
    time = np.arange(int(rate * seconds)) / rate
    return (2**14 * np.sin(2 * np.pi * frequency * time)).astype(np.int16)


@pytest.fixture
def fsdd(tmp_path):
    """Folder with eight recordings per digit of three speakers: tones of 300 + 100 * digit Hz."""
    folder = tmp_path / "fsdd" / "recordings"
    folder.mkdir(parents=True)
    for digit in range(10):
        for speaker in ("anna", "ben", "cleo"):
            for repetition in range(8):
                path = folder / f"{digit}_{speaker}_{repetition}.wav"
                wavfile.write(path, 8000, tone(300 + 100 * digit, 8000))
    return tmp_path / "fsdd"


@pytest.fixture
def audiomnist(tmp_path):
    """The same recordings at 48 kHz in AudioMNIST's folders, speakers 01 to 03."""
    for speaker in ("01", "02", "03"):
        folder = tmp_path / "audiomnist" / "data" / speaker
        folder.mkdir(parents=True)
        for digit in range(10):
            for repetition in range(8):
                path = folder / f"{digit}_{speaker}_{repetition}.wav"
                wavfile.write(path, 48000, tone(300 + 100 * digit, 48000))
    (folder.parent / "audioMNIST_meta.txt").write_text("{}")
    return tmp_path / "audiomnist"
