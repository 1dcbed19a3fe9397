# SPDX-License-Identifier: Apache-2.0
"""Files of the figures of the documentation."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from sionna_semcom._files import write_bytes

FIGURES = Path(__file__).parent / "figures"


def write_png(figure: Figure, path: Path, dpi: int = 110, colors: int = 256) -> None:
    """Write a figure with a palette of ``colors``, which takes about a third of the bytes."""
    content = io.BytesIO()
    figure.savefig(content, dpi=dpi, format="png")
    image = Image.open(content).convert("RGB").quantize(colors)
    small = io.BytesIO()
    image.save(small, "png", optimize=True)
    write_bytes(path, small.getvalue())
