# SPDX-License-Identifier: Apache-2.0
"""Multimodal features of samples, and their labels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..._messages import listed, shortened
from ..._seeding import derive_seed
from .columns import as_classes, as_lengths, as_numbers, as_scores, as_strings, real_frames

MODALITIES = ("text", "audio", "vision")
LABELS = {"regression": "regression_labels", "classification": "classification_labels"}
RAW_TEXT = "raw_text"


@dataclass(frozen=True)
class FeatureSplit:
    r"""Samples of a file without standardization. Values may be infinite or NaN.

    Numbers are converted to the following types.

    Parameters
    ----------
    features : `dict` of [num_samples, D] or [num_samples, T, D], `float32`
        Vectors or sequences by modality
    lengths : `dict` of [num_samples], `int32`
        Number of valid frames for each modality of sequences. They come first, followed by zeros
    label : [num_samples], `float32` | `int32`
        Scores in [-3, 3], or classes 0, 1, ...
    id : [num_samples], `str`
        Video and clip, as ``video_clip`` or ``video$_$clip``
    others : `dict` of [num_samples]
        Other columns of the file: labels of the other type (``regression_labels`` or
        ``classification_labels``) and ``raw_text``
    notes : `list` of `str`
        Notes of the reader on names of splits, padding and ignored columns

    Raises
    ------
    ValueError
        If there is no sample, the arrays do not match, or a label is out of range
    """

    features: dict[str, np.ndarray]
    lengths: dict[str, np.ndarray]
    label: np.ndarray
    id: np.ndarray
    others: dict[str, np.ndarray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        keep = object.__setattr__
        keep(self, "features", {name: _features(n, name) for name, n in self.features.items()})
        is_score = np.asarray(self.label).dtype.kind == "f"
        keep(self, "label", as_scores(self.label) if is_score else as_classes(self.label))
        keep(self, "id", as_strings(self.id, "id"))
        keep(self, "others", {name: _other(n, name) for name, n in self.others.items()})
        if not self.features or not len(self.label):
            raise ValueError(
                "A split must have a modality and a sample. Received: "
                f"{len(self.features)} modalities, {len(self.label)} samples"
            )
        counts = {"label": len(self.label), "id": len(self.id)}
        counts |= {name: len(values) for name, values in {**self.features, **self.others}.items()}
        if len(set(counts.values())) > 1:
            told = listed(f"{name} {count}" for name, count in counts.items())
            raise ValueError(f"All parts must have as many samples. Received: {told}")
        keep(self, "lengths", self._checked_lengths())

    def _checked_lengths(self) -> dict[str, np.ndarray]:
        sequences = [name for name, values in self.features.items() if values.ndim == 3]
        if set(self.lengths) != set(sequences):
            raise ValueError(
                "`lengths` must be given for each modality of sequences "
                f"({listed(sequences)}). Received: {listed(self.lengths)}"
            )
        checked: dict[str, np.ndarray] = {}
        for name in sequences:
            values = self.features[name]
            checked[name] = as_lengths(self.lengths[name], values.shape[:2], name)
            if values[~real_frames(checked[name], values.shape[1])].any():
                raise ValueError(f"`{name}` must be zero after its real frames. Received: others")
        return checked

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, rows: np.ndarray) -> FeatureSplit:
        return FeatureSplit(
            {name: values[rows] for name, values in self.features.items()},
            {name: values[rows] for name, values in self.lengths.items()},
            self.label[rows],
            self.id[rows],
            {name: values[rows] for name, values in self.others.items()},
            list(self.notes),
        )

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one sample of each modality."""
        return {name: values.shape[1:] for name, values in self.features.items()}

    @property
    def kind(self) -> str:
        """``"regression"`` if the label is a score, ``"classification"`` if it is a class."""
        return "regression" if self.label.dtype.kind == "f" else "classification"

    def select(self, modalities: Sequence[str]) -> FeatureSplit:
        """Same samples with selected modalities, in the given order.

        Raises
        ------
        ValueError
            If a modality is missing
        """
        unknown = [name for name in modalities if name not in self.features]
        if unknown or not modalities or len(set(modalities)) < len(modalities):
            raise ValueError(
                f"`modalities` must be some of {listed(self.features)}, each once. "
                f"Received: {listed(modalities)}"
            )
        lengths = {name: self.lengths[name] for name in modalities if name in self.lengths}
        features = {name: self.features[name] for name in modalities}
        notes = list(self.notes)
        return FeatureSplit(features, lengths, self.label, self.id, self.others, notes)

    @classmethod
    def from_columns(
        cls,
        features: dict[str, np.ndarray],
        lengths: dict[str, np.ndarray],
        columns: Mapping[str, Any],
        kind: str | None = None,
    ) -> FeatureSplit:
        """Select the label among the columns of a file.

        Parameters
        ----------
        features, lengths
            As above
        columns : `dict`
            ``id``, ``regression_labels`` or ``classification_labels`` (or both) and, optionally,
            ``raw_text``
        kind : `None` | "regression" | "classification"
            Type of labels; by default, scores if both are available

        Raises
        ------
        ValueError
            If the label is missing, or as above
        """
        if kind is not None and kind not in LABELS:
            raise ValueError(f"`label` must be one of {list(LABELS)}. Received: {shortened(kind)}")
        wanted = [LABELS[kind]] if kind else list(LABELS.values())
        found = [name for name in wanted if name in columns]
        if "id" not in columns or not found:
            missing = "id" if "id" not in columns else " or ".join(wanted)
            raise ValueError(f"it has no {missing}, only {listed([*features, *columns])}")
        others = {name: columns[name] for name in columns if name not in ("id", found[0])}
        label = (as_scores if found[0] == LABELS["regression"] else as_classes)(columns[found[0]])
        return cls(features, lengths, label, columns["id"], others)


def video_of(name: str) -> str:
    """Video of a sample: its id up to the last ``$_$``, or else up to the last underscore."""
    return name.rpartition("$_$" if "$_$" in name else "_")[0] or name


def hold_out(split: FeatureSplit, share: float, seed: int) -> tuple[FeatureSplit, FeatureSplit]:
    """Hold out a fraction of the videos, at least one. Each video is in one part only.

    Raises
    ------
    ValueError
        If the fraction is not in (0, 1), or no video would remain
    """
    videos = np.array([video_of(name) for name in split.id], object)
    names = sorted(set(videos))
    count = max(1, round(share * len(names))) if 0 < share < 1 else len(names)
    if count == len(names):
        raise ValueError(
            f"The share that is kept must leave one of {len(names)} videos. Received: {share}"
        )
    draw = np.random.default_rng(derive_seed("holdout", seed))
    held = {names[row] for row in draw.permutation(len(names))[:count]}
    rows = np.array([video in held for video in videos])
    return split[~rows], split[rows]


def _features(values: Any, name: str) -> np.ndarray:
    if not re.fullmatch(r"(?!(id|label|raw_text)$)[^\W\d]\w*(?<!_length)(?<!_lengths)", str(name)):
        raise ValueError(f"A modality must have a name of its own. Received: {shortened(name)}")
    array = as_numbers(values, name)
    if array.ndim not in (2, 3) or 0 in array.shape[1:]:
        raise ValueError(f"`{name}` must be [n, D] or [n, T, D]. Received: {array.shape}")
    with np.errstate(over="ignore", invalid="ignore"):  # infinity and NaN are counted later
        return np.ascontiguousarray(array, np.float32)


def _other(values: Any, name: str) -> np.ndarray:
    known = {
        LABELS["regression"]: as_scores,
        LABELS["classification"]: as_classes,
        RAW_TEXT: as_strings,
    }
    if name not in known:
        raise ValueError(f"`others` must be some of {listed(known)}. Received: {shortened(name)}")
    return known[name](values, name)
