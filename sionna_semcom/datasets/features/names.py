# SPDX-License-Identifier: Apache-2.0
"""Recognition of modalities, labels and other columns by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import h5py
import numpy as np

from ..._messages import listed
from .split import LABELS, MODALITIES

LENGTHS = "_lengths"
_OTHER_LENGTHS = re.compile(r"_(length|lens?)$")
_LABEL = re.compile(
    r"labels?|targets?|class(es)?|annotations?|annotators?|scores?|ratings?|emotions?|sentiments?|"
    r"polarity|valence|arousal|dominance|truth|gt|ids?|index|indices|lengths?|masks?|folds?|splits?|"
    r"speakers?"
)
_LONGEST = 64
_MOST_LABELS = 16  # maximum number of values per sample for labels
_EXCLUDE = "name the modalities that are meant (`modalities`, or `--modality`), or rename it"


def modalities_of(
    columns: Mapping[str, h5py.Dataset], chosen: Iterable[str] | None = None
) -> list[str]:
    """Names of the arrays that are modalities.

    Modalities are arrays of floating-point numbers [N, D] or [N, T, D] that are not named like
    labels or other columns, and arrays with the names ``text``, ``audio`` or ``vision``.

    Parameters
    ----------
    columns : `dict` of `h5py.Dataset`
        Arrays by name
    chosen : `None` | iterable of `str`
        Names of the modalities, if they are known. If one is missing, the possible names are
        returned

    Raises
    ------
    ValueError
        If an array is ambiguous
    """
    wanted = list(chosen or ())
    if wanted and all(name in columns for name in wanted):
        return wanted
    if wanted:
        return [n for n, v in columns.items() if v.ndim in (2, 3) and v.dtype.kind in "biuf"]
    names = [name for name, values in columns.items() if _is_modality(name, values)]
    for name in columns:
        modality = _OTHER_LENGTHS.sub("", name)
        if modality != name and modality in names:
            raise ValueError(f"it must call lengths {modality}{LENGTHS}, not {name}")
    return names


def is_label_like(name: str) -> bool:
    """Whether a word of the name denotes labels or identifiers of samples."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    words = re.split(r"[\W_\d]+", parted)
    return words[0] == "y" or any(_LABEL.fullmatch(word) for word in words)


def check_no_label(
    features: Mapping[str, np.ndarray], columns: Mapping[str, np.ndarray | list[str]]
) -> None:
    """Check that features do not contain labels.

    Raises
    ------
    ValueError
        If a feature equals the label for all samples, or a modality contains one-hot classes
    """
    labels = {name: np.asarray(columns[name]) for name in LABELS.values() if name in columns}
    for name, values in features.items():
        if name in MODALITIES or values.ndim != 2:
            continue
        for column, label in labels.items():
            told_apart = label.ndim == 1 and len(np.unique(label)) > 1 and len(label) >= 10
            if told_apart and len(label) == len(values) and _tells(values, label):
                raise ValueError(f"`{name}` has {column} among its features: {_EXCLUDE}")


def _tells(values: np.ndarray, label: np.ndarray) -> bool:
    if (values.astype(np.float32) == label.astype(np.float32)[:, None]).all(0).any():
        return True
    one_hot = np.isin(values, (0, 1)).all() and (values.sum(1) == 1).all()
    return bool(one_hot and len(set(zip(values.argmax(1), label, strict=True))) == len(set(label)))


def _is_modality(name: str, values: h5py.Dataset) -> bool:
    kind, axes = values.dtype.kind, values.ndim
    if name in MODALITIES:
        return True
    if axes not in (2, 3) or kind not in "biufc":
        return False
    if len(name) > _LONGEST:
        raise ValueError(
            f"a modality must have a name of at most {_LONGEST} characters, not {listed([name])}"
        )
    is_wide = axes == 3 or values.shape[1] > _MOST_LABELS
    if is_label_like(name):
        if is_wide and kind == "f":
            raise ValueError(f"{name} {values.shape} may be a modality, or labels: {_EXCLUDE}")
        return False
    if kind != "f":
        raise ValueError(f"{name} {values.shape} ({values.dtype}) may be a modality: {_EXCLUDE}")
    return True


def note_on_rest(columns: Iterable[str], used: Iterable[str]) -> list[str]:
    """Note on columns that are not read."""
    taken = set(used)
    rest = [name for name in columns if name not in taken]
    return [f"ignored: {listed(rest, 20)}"] if rest else []
