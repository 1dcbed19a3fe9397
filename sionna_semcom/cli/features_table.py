# SPDX-License-Identifier: Apache-2.0
"""Summary of multimodal features as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from rich import box
from rich.table import Table
from rich.text import Text

from ..datasets import FeatureSplit, MultimodalFeatures
from ..datasets.features.split import video_of


def features_table(data: MultimodalFeatures, title: str = "") -> Table:
    """Table of the contents of multimodal features, with one column per split.

    The rows are the numbers of samples and videos, shapes, lengths, the range of the label, and the
    numbers of replaced values.

    Parameters
    ----------
    data : :class:`~sionna_semcom.datasets.MultimodalFeatures`
        The data
    title : `str`
        Title of the table
    """
    table = Table(title=Text(title, "bold"), title_justify="left", box=box.SIMPLE_HEAD)
    columns = {name: _column(split, data.replaced[name]) for name, split in data.splits.items()}
    for name in ("", *columns):
        table.add_column(name, justify="right" if name else "left")
    for row in columns["train"]:
        table.add_row(Text(row), *(Text(column[row]) for column in columns.values()))
    return table


def features_notes(data: MultimodalFeatures) -> list[Text]:
    """Notes of the reader, one line each, such as ignored columns or repeated names.

    Parameters
    ----------
    data : :class:`~sionna_semcom.datasets.MultimodalFeatures`
        The data
    """
    splits_of: dict[str, list[str]] = {}
    earlier: set[str] = set()
    for name, split in data.splits.items():
        for note in [*split.notes, *_on_names(split, earlier)]:
            splits_of.setdefault(note, []).append(name)
    lines: list[Text] = []
    for note, names in splits_of.items():
        line = note if len(names) == len(data.splits) else f"{', '.join(names)}: {note}"
        lines.append(Text(line[:1].upper() + line[1:]))
    return lines


def _on_names(split: FeatureSplit, earlier: set[str]) -> list[str]:
    """Notes on repeated names, and on videos of earlier splits.

    The videos of this split are added to ``earlier``.
    """
    videos = {video_of(name) for name in split.id}
    repeated, shared = len(split) - len(set(split.id)), len(videos & earlier)
    earlier |= videos
    notes = [f"{repeated} of {len(split)} ids are repeated"] if repeated else []
    notes += [f"{shared} of {len(videos)} videos are also in an earlier split"] if shared else []
    return notes


def _column(split: FeatureSplit, replaced: Mapping[str, int]) -> dict[str, str]:
    shapes = {name: " x ".join(map(str, shape)) for name, shape in split.shapes.items()}
    return {
        "samples": str(len(split)),
        "videos": str(len({video_of(name) for name in split.id})),
        **shapes,
        "scores" if split.kind == "regression" else "classes": (
            f"{split.label.min():.3g} to {split.label.max():.3g}"
        ),
        **{
            f"frames of {name}, {what}": value
            for name, lengths in split.lengths.items()
            for what, value in (("mean", f"{lengths.mean():.1f}"), ("most", str(lengths.max())))
        },
        **{f"without {name}": str(count) for name, count in _without(split).items()},
        **{f"replaced in {name}": str(count) for name, count in replaced.items()},
    }


def _without(split: FeatureSplit) -> dict[str, int]:
    """Number of samples without frames, or whose vector has only zeros and non-finite values."""
    return {
        name: int((~(np.isfinite(values) & (values != 0)).any(1)).sum())
        if values.ndim == 2
        else int((split.lengths[name] == 0).sum())
        for name, values in split.features.items()
    }
