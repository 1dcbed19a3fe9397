# SPDX-License-Identifier: Apache-2.0
"""Mono WAV files."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
from scipy.io import wavfile


def read_wav(path: str | os.PathLike[str], sample_rate: int) -> np.ndarray:
    """Read a mono WAV file.

    Parameters
    ----------
    path : `str` or `PathLike`
        File of integer or floating-point samples
    sample_rate : `int`
        Samples per second that the file must have

    Output
    ------
    : [num_samples], `float32`
        Waveform; integers are scaled to [-1, 1)

    Raises
    ------
    FileNotFoundError
        If there is no such file
    ValueError
        If the file is damaged or truncated, holds no or non-finite samples, is not mono, or has
        another sample rate
    """
    path = Path(path)
    raw = path.open("rb")
    with raw, warnings.catch_warnings():
        warnings.simplefilter("ignore", wavfile.WavFileWarning)
        warnings.filterwarnings("error", "Reached EOF|Incomplete", wavfile.WavFileWarning)
        try:
            rate, samples = wavfile.read(raw)
        except Exception as error:  # SciPy's parser fails in many ways on a damaged header
            raise ValueError(f"`{path}` must be a whole WAV file. Received: {error}") from error
    if rate != sample_rate:
        raise ValueError(f"`{path}` must have {sample_rate} samples a second. Received: {rate}")
    if samples.ndim != 1 or samples.size == 0:
        raise ValueError(f"`{path}` must hold one channel of samples. Received: {samples.shape}")
    if samples.dtype.kind == "f":
        if not np.isfinite(samples).all():
            raise ValueError(f"`{path}` must hold finite samples. Received: NaN or infinity")
        return samples.astype(np.float32)
    info = np.iinfo(samples.dtype)
    offset = (int(info.max) + int(info.min) + 1) / 2  # 8-bit samples are unsigned
    return ((samples - offset) * (2 / 2**info.bits)).astype(np.float32)
