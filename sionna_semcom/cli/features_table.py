# SPDX-License-Identifier: Apache-2.0
"""What a set of multimodal features holds, as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from rich import box
from rich.table import Table
from rich.text import Text

from ..datasets import FeatureSplit, MultimodalFeatures
from ..datasets.features.split import video_of


def features_table(data: MultimodalFeatures, title: str = "") -> Table:
    """One column a split: samples, videos, shapes, lengths, range of the label, values replaced.

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
    """What readers did not take as it was, one line each: columns that were ignored, and others.

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
    """Names that occur twice, and videos of earlier splits; those of this one are added to them."""
    videos = {video_of(name) for name in split.id}
    repeated, shared = len(split) - len(set(split.id)), len(videos & earlier)
    earlier |= videos
    notes = [f"{repeated} of {len(split)} ids repeat others"] if repeated else []
    notes += [f"{shared} of {len(videos)} videos are in an earlier split, too"] if shared else []
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
    """Samples without frames, or whose vector is zero or has no number at all."""
    return {
        name: int((~(np.isfinite(values) & (values != 0)).any(1)).sum())
        if values.ndim == 2
        else int((split.lengths[name] == 0).sum())
        for name, values in split.features.items()
    }
