# SPDX-License-Identifier: Apache-2.0
"""File of synthesized spoken digits."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import h5py
import numpy as np

from ...._files import atomic_hdf5
from ...._hdf5 import open_hdf5, read_dataset
from ...._limits import brief
from ..log_mel import LogMel
from ..spoken_digits import SpokenDigits

SPOKEN_DIGITS = Path(__file__).with_name("spoken_digits.h5")
SPLITS = ("train", "validation", "test")


def read_spoken(path: str | os.PathLike[str] = SPOKEN_DIGITS) -> dict[str, SpokenDigits]:
    """Training, validation and test clips without common voices.

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is damaged
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"`{path}` must be a file of spoken digits. Received: none there")
    message = f"`{path}` must be a whole HDF5 file. Received"
    with open_hdf5(path, "file of spoken digits", message=message) as file:
        names = np.array(file.attrs["voices"], dtype=str)
        labels, voices, repetitions = (
            read_dataset(file, name) for name in ("labels", "voices", "repetitions")
        )
        spectrograms = read_dataset(file, "spectrograms")
        for values in (labels, voices, repetitions):
            if values.shape != spectrograms.shape[:1] or values.dtype.kind not in "iu":
                raise ValueError(f"it has {values.shape} whole numbers for {spectrograms.shape}")
        clips = SpokenDigits(spectrograms, labels, names[voices], repetitions)
        held = {name: np.array(file.attrs[f"{name}_voices"], dtype=str) for name in SPLITS}
        checksum = file.attrs["sha256"]
    if (found := _checksum(clips.spectrograms)) != checksum:
        raise ValueError(
            f"`{path}` must hold spectrograms of SHA-256 {brief(checksum)}. Received: {found}"
        )
    return {name: clips.where(np.isin(clips.speakers, held[name])) for name in SPLITS}


def write_spoken(
    path: str | os.PathLike[str],
    clips: SpokenDigits,
    voices: dict[str, list[str]],
    log_mel: LogMel,
    origin: str,
) -> None:
    """Write ``clips`` for `read_spoken`, with spectrograms in steps of 1/255.

    Parameters
    ----------
    path : `str` or `PathLike`
        File to write
    clips : `SpokenDigits`
        Clips of all splits
    voices : `dict` of `list`
        Names of the speakers in each split
    log_mel : `LogMel`
        Settings of the spectrograms
    origin : `str`
        Source of the clips
    """
    names, indices = np.unique(clips.speakers, return_inverse=True)
    spectrograms = np.round(255 * clips.spectrograms).astype(np.uint8)
    with atomic_hdf5(path) as file:
        file.create_dataset(
            "spectrograms", data=spectrograms, compression="gzip", compression_opts=9
        )
        file["labels"] = clips.labels.astype(np.uint8)
        file["voices"] = indices.astype(np.uint8)
        file["repetitions"] = clips.repetitions.astype(np.uint8)
        file.attrs["voices"] = names.tolist()
        for split, members in voices.items():
            file.attrs.create(f"{split}_voices", members, dtype=h5py.string_dtype())
        file.attrs["log_mel"] = log_mel.model_dump_json()
        file.attrs["origin"] = origin
        file.attrs["sha256"] = _checksum(spectrograms)


def _checksum(values: np.ndarray) -> str:
    return hashlib.sha256(values.tobytes()).hexdigest()
