# SPDX-License-Identifier: Apache-2.0
"""Figures of the documentation have a palette and look as drawn."""

from __future__ import annotations

import io

import numpy as np
import pytest
from figure_files import write_png
from matplotlib.figure import Figure
from PIL import Image


@pytest.mark.parametrize("colors", [16, 256])
def test_a_palette_makes_the_file_smaller_and_keeps_the_colors(tmp_path, colors):
    figure = Figure(figsize=(4, 3))
    axis = figure.subplots()
    axis.plot(np.sin(np.arange(300) / 20), color="tab:red", lw=4)
    axis.set_title("Sine")
    write_png(figure, tmp_path / "x.png", dpi=100, colors=colors)
    whole = io.BytesIO()
    figure.savefig(whole, dpi=100, format="png")
    small = Image.open(tmp_path / "x.png")
    assert small.mode == "P"
    assert len(small.getcolors()) <= colors
    assert (tmp_path / "x.png").stat().st_size < 0.6 * len(whole.getvalue())
    first, second = (np.asarray(one.convert("RGB"), float) for one in (Image.open(whole), small))
    assert first.shape == (300, 400, 3)
    assert np.abs(first - second).mean() < 2.0
