# SPDX-License-Identifier: Apache-2.0
"""What a set of multimodal features holds, as a table for a terminal."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from ..datasets import FeatureSplit, MultimodalFeatures
from ..datasets.feature_split import video_of


def features_table(data: MultimodalFeatures, title: str = "") -> Table:
    """One row a split: samples, videos, shapes, range of the label, and values to replace.

    Parameters
    ----------
    data : :class:`~sionna_semcom.datasets.MultimodalFeatures`
        The data
    title : `str`
        Title of the table
    """
    table = Table(title=Text(title, "bold"), title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    label = "class" if data.num_classes else "score"
    for column in ("samples", "videos", *data.shapes, label, "replaced"):
        table.add_column(Text(column), justify="right", no_wrap=True)
    for name, split in data.splits.items():
        shapes = ("x".join(map(str, shape)) for shape in split.shapes.values())
        videos = {video_of(sample) for sample in split.id}
        replaced = str(sum(data.replaced[name].values()))
        cells = (name, str(len(split)), str(len(videos)), *shapes, _range(split), replaced)
        table.add_row(*map(Text, cells))
    return table


def _range(split: FeatureSplit) -> str:
    return f"{split.label.min():.3g} to {split.label.max():.3g}"
