# SPDX-License-Identifier: Apache-2.0
"""Reader of multimodal features in all supported formats."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..._files import sha256
from ..._messages import listed, shortened
from .computational_sequences import read_computational_sequences
from .mmsa import read_mmsa_split
from .multibench import LABEL, read_multibench_split
from .multimodal import MultimodalFeatures
from .pickles import each_split, read_pickled_splits
from .split import LABELS, FeatureSplit, hold_out, video_of
from .split_names import split_of

FEATURE_FORMATS = ("mmsa", "multibench", "csd", "hdf5")
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def read_features(
    inputs: Sequence[str | os.PathLike[str]],
    format: str | None = None,
    *,
    label: str | None = None,
    splits: str | os.PathLike[str] | None = None,
    shares: tuple[float, float] | None = None,
    column: str | None = None,
    max_words: int | None = None,
    modalities: Sequence[str] | None = None,
    seed: int | None = None,
) -> MultimodalFeatures:
    """Read all features of a file in any supported format.

    Parameters
    ----------
    inputs : sequence of `str` or `PathLike`
        Path of the file; for computational sequences ``<name>=<file>`` for each modality,
        ``labels`` and, optionally, ``words``
    format : `None` | "mmsa" | "multibench" | "csd" | "hdf5"
        Format; detected by default
    label : `None` | "regression" | "classification"
        Type of labels; by default the labels of the file, or scores if it contains both
    splits : `None` | `str` or `PathLike`
        For computational sequences: file with the videos of each split for `read_video_splits`;
        drawn at random by default
    shares : `None` (0.2, 0.1) | `tuple` of `float`
        For computational sequences without ``splits``: fractions of the videos that are drawn for
        the test and for validation; validation may be 0
    column, max_words
        See `read_computational_sequences`
    modalities : `None` | sequence of `str`
        Modalities; by default all recognized modalities
    seed : `None` (0) | `int`
        Seed of the random split, as ``shares``

    Output
    ------
    : :class:`MultimodalFeatures`
        Features of all splits

    Raises
    ------
    FileNotFoundError
        If a file is missing
    ValueError
        If the format of a file is unknown, a file is damaged or incomplete, or an argument does not
        apply to the format
    """
    if format is not None and format not in FEATURE_FORMATS:
        raise ValueError(
            f"`format` must be one of {', '.join(FEATURE_FORMATS)}. Received: {shortened(format)}"
        )
    sequences = format == "csd" or (format is None and _are_sequences(inputs))
    drawn = {"shares": shares, "seed": seed}
    of_sequences = {"splits": splits, **drawn, "column": column, "max_words": max_words}
    for name, value in ({"label": label} if sequences else of_sequences).items():
        if value is not None:
            kind = "other formats than" if sequences else "nothing but"
            raise ValueError(
                f"`{name}` is for {kind} computational sequences. Received: {listed([value])}"
            )
    if sequences:
        for name, value in drawn.items():
            if splits is not None and value is not None:
                raise ValueError(f"`{name}` is for splits that are drawn. Received: also `splits`")
        files = _named(inputs)
        given = read_video_splits(splits) if splits is not None else None
        samples = read_computational_sequences(
            {name: path for name, path in files.items() if name not in ("labels", "words")},
            files["labels"],
            files.get("words"),
            column=column,
            max_words=max_words,
        )
        if given is not None:
            parts = _split_as_given(samples, given, str(splits))
        else:
            parts = _draw(samples, *(shares or (0.2, 0.1)), seed or 0)
        checksums = {f"{name}, {path.name}": sha256(path) for name, path in files.items()}
        return MultimodalFeatures(parts, modalities=modalities, checksums=checksums)
    if len(inputs) != 1:
        raise ValueError(f"Only computational sequences are several files. Received: {len(inputs)}")
    return _read_file(Path(inputs[0]), format, label, modalities)


def read_video_splits(path: str | os.PathLike[str]) -> dict[str, set[str]]:
    """Read the videos of each split.

    Parameters
    ----------
    path : `str` or `PathLike`
        JSON ``{"train": [video, ...], "valid": [...], "test": [...]}``, or text with a split and a
        video on each line. Other common names of splits, such as ``dev`` or ``Train``, are accepted

    Output
    ------
    : `dict` of `set` of `str`
        Videos of ``train``, ``validation`` and ``test``

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file has another format, or a video is in two splits
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"No file of splits {path}")
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        pairs = _json_pairs(text) if text.lstrip().startswith("{") else _text_pairs(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"`{path}` must hold videos by split: {error}") from error
    found: dict[str, str] = {}
    for name, video in pairs:
        split = split_of(name)
        if split is None:
            raise ValueError(
                f"`{path}` must have train, valid and test, or usual names of them such as dev. "
                f"Received: {shortened(name)}"
            )
        if found.setdefault(video, split) != split:
            raise ValueError(
                f"`{path}` must have each video in one split. Received twice: {listed([video])}"
            )
    return {name: {v for v, s in found.items() if s == name} for name in set(found.values())}


def _json_pairs(text: str) -> list[tuple[str, str]]:
    content = json.loads(text, object_pairs_hook=list)  # a name may be repeated
    for name, videos in content:
        if not isinstance(videos, list) or not all(isinstance(video, str) for video in videos):
            raise ValueError(f"{listed([name])} is no list of strings")
    return [(name, video) for name, videos in content for video in videos]


def _text_pairs(text: str) -> list[tuple[str, str]]:
    lines = [line.split() for line in text.splitlines() if line.strip()]
    for words in lines:
        if len(words) != 2:
            raise ValueError(
                f"a line must be a split and a video, not {shortened(' '.join(words))}"
            )
    return [(split, video) for split, video in lines]


def _are_sequences(inputs: Sequence[str | os.PathLike[str]]) -> bool:
    return any(str(one).endswith(".csd") for one in inputs)


def _named(inputs: Sequence[str | os.PathLike[str]]) -> dict[str, Path]:
    """Files of computational sequences by name."""
    files: dict[str, Path] = {}
    for one in map(str, inputs):
        found = re.fullmatch(r"([^\W\d]\w*)=(.+)", one)
        if found is None or found[1] in files:
            raise ValueError(
                "Computational sequences must be given as NAME=FILE, each name once: modalities, "
                f"labels and words. Received: {shortened(one)}"
            )
        files[found[1]] = Path(found[2])
    if "labels" not in files:
        raise ValueError(f"Computational sequences need labels=FILE. Received: {listed(files)}")
    return files


def _read_file(
    path: Path, format: str | None, label: str | None, modalities: Sequence[str] | None
) -> MultimodalFeatures:
    if not path.is_file():
        raise FileNotFoundError(f"No file of features {path}")
    if format is None:
        with path.open("rb") as file:
            is_hdf5 = file.read(len(_HDF5_SIGNATURE)) == _HDF5_SIGNATURE
        format = "hdf5" if is_hdf5 else None
    if format == "hdf5":
        return MultimodalFeatures.load(path, modalities=modalities, label=label)
    content, notes = read_pickled_splits(path)
    reader = read_multibench_split if _is_multibench(format, content) else read_mmsa_split
    parts = each_split(path, content, notes, reader, label)
    checksums = {path.name: sha256(path)}
    try:
        return MultimodalFeatures(parts, modalities=modalities, checksums=checksums)
    except ValueError as error:
        raise ValueError(f"`{path}`: {error}") from error


def _is_multibench(format: str | None, content: Mapping[str, Mapping[str, Any]]) -> bool:
    if format is not None:
        return format == "multibench"
    train = content["train"]
    return LABEL in train and not any(name in train for name in LABELS.values())


def _split_as_given(
    samples: FeatureSplit, given: Mapping[str, set[str]], path: str
) -> dict[str, FeatureSplit]:
    """Samples by split, without the samples of videos that are in no split."""
    videos = [video_of(name) for name in samples.id]
    named = set().union(*given.values())
    left_out = sum(video not in named for video in videos)
    unknown = sorted(named.difference(videos))
    if left_out:
        samples.notes.append(f"left out: {left_out} samples of videos that no split names")
    if unknown:
        samples.notes.append(f"videos of splits without labels: {listed(unknown)}")
    parts: dict[str, FeatureSplit] = {}
    for name, members in given.items():
        rows = np.array([video in members for video in videos])
        if not rows.any():
            raise ValueError(f"`{path}` must name labeled videos in each split. {name} has none")
        parts[name] = samples[rows]
    return parts


def _draw(
    samples: FeatureSplit, test_share: float, validation_share: float, seed: int
) -> dict[str, FeatureSplit]:
    """Samples by split, with randomly drawn videos."""
    if not (test_share > 0 and validation_share >= 0 and test_share + validation_share < 1):
        raise ValueError(
            "Shares of the test and of validation must be positive and leave some for training. "
            f"Received: {test_share} and {validation_share}"
        )
    rest, test = hold_out(samples, test_share, seed)
    if not validation_share:
        return {"train": rest, "test": test}
    train, validation = hold_out(rest, validation_share / (1 - test_share), seed + 1)
    return {"train": train, "validation": validation, "test": test}
