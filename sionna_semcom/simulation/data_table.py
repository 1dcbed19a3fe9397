# SPDX-License-Identifier: Apache-2.0
"""What a set of multimodal features holds, as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich import box
from rich.table import Table
from rich.text import Text

from ..datasets import FeatureSplit, MultimodalFeatures
from ..datasets.feature_split import video_of


def features_table(data: MultimodalFeatures, title: str = "") -> Table:
    """One column a split: samples, videos, shapes, range of the label, and values replaced.

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


def _column(split: FeatureSplit, replaced: Mapping[str, int]) -> dict[str, str]:
    shapes = {name: " x ".join(map(str, shape)) for name, shape in split.shapes.items()}
    return {
        "samples": str(len(split)),
        "videos": str(len({video_of(name) for name in split.id})),
        **shapes,
        "scores" if split.kind == "regression" else "classes": (
            f"{split.label.min():.3g} to {split.label.max():.3g}"
        ),
        **{f"replaced in {name}": str(count) for name, count in replaced.items()},
    }
