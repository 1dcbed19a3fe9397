# SPDX-License-Identifier: Apache-2.0
"""Recordings of spoken digits in the folder layouts of FSDD and AudioMNIST."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from ..formats.wav import read_wav
from ..ignored import AUDIO, warn_of_ignored
from .log_mel import LogMel

_NAME = re.compile(r"(?P<digit>\d)_(?P<speaker>[^_]+)_(?P<repetition>\d+)\.wav", re.IGNORECASE)


@dataclass(frozen=True)
class SpokenDigits:
    """Spectrograms of spoken digits with digits and speakers."""

    spectrograms: np.ndarray
    """[num_clips, num_mels, num_frames], `float32` in [0, 1] or `uint8` scaled by 255"""

    labels: np.ndarray
    """[num_clips], digit"""

    speakers: np.ndarray
    """[num_clips], name of the speaker"""

    repetitions: np.ndarray
    """[num_clips], index of the recording of the same digit and speaker"""

    def __len__(self) -> int:
        return len(self.labels)

    def where(self, mask: np.ndarray) -> SpokenDigits:
        """Clips for which ``mask`` is true."""
        return SpokenDigits(*(values[mask] for values in vars(self).values()))


def read_fsdd(folder: str | os.PathLike[str], log_mel: LogMel | None = None) -> SpokenDigits:
    """Read the Free Spoken Digit Dataset: ``{digit}_{speaker}_{repetition}.wav`` at 8 kHz.

    Parameters
    ----------
    folder : `str` or `PathLike`
        Folder with the recordings, at any depth
    log_mel : `LogMel`
        Spectrogram (default `LogMel.speech_8khz()`); clips are resampled to its sample rate

    Output
    ------
    : `SpokenDigits`
        All clips, in the order of their paths

    Raises
    ------
    FileNotFoundError
        If the folder is missing or contains no WAV file
    ValueError
        If the name of a file does not match the layout, or `read_wav` raises an error
    """
    return _read(clip_files(folder), 8000, log_mel or LogMel.speech_8khz())


def read_audiomnist(folder: str | os.PathLike[str], log_mel: LogMel | None = None) -> SpokenDigits:
    """Read AudioMNIST: ``{speaker:02d}/{digit}_{speaker:02d}_{repetition}.wav`` at 48 kHz.

    Parameters and output as in :func:`read_fsdd`, with the default `LogMel()`.

    Raises
    ------
    ValueError
        As in :func:`read_fsdd`, or if a file is not in the folder of its speaker
    """
    paths = clip_files(folder)
    for path in paths:
        if path.parent.name != _parse(path)["speaker"]:
            raise ValueError(
                f"`{path}` must lie in a folder named after its speaker. "
                f"Received: folder {path.parent.name!r}"
            )
    return _read(paths, 48000, log_mel or LogMel())


def split_by_recording(clips: SpokenDigits) -> dict[str, SpokenDigits]:
    """Split by recordings, with all speakers in each split.

    Repetitions 0 to 4 are for the test, as recommended by the authors of FSDD. Repetitions 5 and 6
    are for validation.

    Parameters
    ----------
    clips : :class:`SpokenDigits`
        Recordings

    Output
    ------
    : `dict` of :class:`SpokenDigits`
        Recordings of ``train``, ``validation`` and ``test``
    """
    return _split(clips, clips.repetitions < 5, np.isin(clips.repetitions, (5, 6)))


def split_by_speaker(clips: SpokenDigits) -> dict[str, SpokenDigits]:
    """Split by speakers, with each speaker in only one split.

    In alphabetical order, the last sixth of the speakers is for the test, and the sixth before is
    for validation. With the six speakers of FSDD, this is one speaker each.

    Parameters
    ----------
    clips : :class:`SpokenDigits`
        Recordings

    Output
    ------
    : `dict` of :class:`SpokenDigits`
        Recordings of ``train``, ``validation`` and ``test``

    Raises
    ------
    ValueError
        If there are fewer than three speakers
    """
    names = np.unique(clips.speakers)
    if len(names) < 3:
        raise ValueError(
            f"A split by speaker must have at least 3 speakers. Received: {', '.join(names)}"
        )
    held = max(1, len(names) // 6)
    return _split(
        clips,
        np.isin(clips.speakers, names[-held:]),
        np.isin(clips.speakers, names[-2 * held : -held]),
    )


SPLITS: dict[str, Callable[[SpokenDigits], dict[str, SpokenDigits]]] = {
    "recording": split_by_recording,
    "speaker": split_by_speaker,
}


def clip_files(folder: str | os.PathLike[str]) -> list[Path]:
    """Sorted paths of all WAV files below ``folder``, including upper case and linked folders.

    A warning gives the number of recordings in other formats, which are not read.
    """
    files = sorted(files_below(Path(folder)))
    paths = [path for path in files if path.suffix.lower() == ".wav"]
    if not paths:
        raise FileNotFoundError(f"`{folder}` must be a folder of WAV files. Received: none in it")
    warn_of_ignored((path.name for path in files), AUDIO, folder)
    return paths


def files_below(folder: Path) -> Iterator[Path]:
    """Files at any depth. Each folder is searched once, also if several links point to it."""
    if not folder.is_dir():
        return
    known: set[str] = set()
    links = [str(folder)]
    while links:
        top = links.pop(0)
        for parent, folders, names in os.walk(top, onerror=_raise):
            folders.sort()
            real = os.path.realpath(parent)
            if real in known:
                folders.clear()
                continue
            known.add(real)
            links += [os.path.join(parent, one) for one in folders if _is_link(parent, one)]
            yield from (Path(parent, name) for name in names)


def _raise(error: OSError) -> None:
    raise error


def _is_link(parent: str, name: str) -> bool:
    return os.path.islink(os.path.join(parent, name))


def _split(clips: SpokenDigits, test: np.ndarray, validation: np.ndarray) -> dict:
    return {
        "train": clips.where(~test & ~validation),
        "validation": clips.where(validation),
        "test": clips.where(test),
    }


def _read(paths: Sequence[Path], sample_rate: int, log_mel: LogMel) -> SpokenDigits:
    fields = [_parse(path) for path in paths]
    waveforms = (_waveform(path, sample_rate, log_mel.sample_rate) for path in paths)
    return SpokenDigits(
        spectrograms=log_mel.of_clips(waveforms),
        labels=np.array([int(name["digit"]) for name in fields]),
        speakers=np.array([name["speaker"] for name in fields]),
        repetitions=np.array([int(name["repetition"]) for name in fields]),
    )


def _parse(path: Path) -> re.Match[str]:
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise ValueError(
            f"`{path}` must be named {{digit}}_{{speaker}}_{{repetition}}.wav. "
            f"Received: {path.name!r}"
        )
    return match


def _waveform(path: Path, from_rate: int, to_rate: int) -> np.ndarray:
    waveform = read_wav(path, from_rate)
    return waveform if from_rate == to_rate else resample_poly(waveform, to_rate, from_rate)
