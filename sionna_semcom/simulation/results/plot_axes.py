# SPDX-License-Identifier: Apache-2.0
"""Axes of figures: SNR with a position for the noiseless link, other quantities, and ticks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator

from .labels import metric_label
from .names import drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import XAxis, YAxis


class SNRAxis:
    """Axis in decibels, with a separate position for the noiseless link at its right end."""

    def __init__(self, snrs_db: Sequence[np.ndarray], label: str = "SNR [dB]") -> None:
        self._label = label
        every = np.unique(np.concatenate(snrs_db))
        self._finite = every[np.isfinite(every)]
        span = np.ptp(self._finite) if self._finite.size > 1 else 5.0
        self._slot_width = 0.14 * span
        self._has_slot = self._finite.size < every.size
        self._slot = self._slot_width + (self._finite.max() if self._finite.size else 0.0)

    def positions(self, snr_db: np.ndarray, index: int, num_curves: int) -> np.ndarray:
        """Positions of the points of curve ``index``. Noiseless points are side by side."""
        shift = 0.6 * self._slot_width * ((index + 0.5) / num_curves - 0.5)
        return np.where(np.isfinite(snr_db), snr_db, self._slot + shift)

    def set_ticks(self, ax: Axes) -> None:
        """Label the axis."""
        if not self._has_slot:
            ax.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
            ax.set_xlabel(self._label)
        elif not self._finite.size:
            ax.set_xticks([self._slot], ["noiseless link"])
            ax.set_xlim(self._slot - 0.6 * self._slot_width, self._slot + 0.6 * self._slot_width)
        else:
            low, high = self._finite.min(), self._finite.max()
            ticks = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high)
            ticks = ticks[(ticks >= low) & (ticks <= high)]
            labels = [f"{tick:g}".replace("-", "\N{MINUS SIGN}") for tick in ticks]
            ax.set_xticks([*ticks, self._slot], [*labels, "∞"])
            ax.axvline(self._slot - self._slot_width / 2, color="0.8", linewidth=0.8)
            ax.set_xlabel(self._label)


class FigureAxis:
    """Axis of a quantity other than the SNR."""

    def __init__(self, name: str, values: Sequence[np.ndarray], log_x: bool) -> None:
        self._name = name
        self._log_x = log_x
        self._low = min(x.min() for x in values)
        self._high = max(x.max() for x in values)
        if log_x and self._low <= 0:
            raise ValueError(f"A logarithmic axis needs positive {name}. Received: {self._low:g}")

    def positions(self, x: np.ndarray, index: int, num_curves: int) -> np.ndarray:
        """Positions of points, which are their values."""
        return x

    def set_ticks(self, ax: Axes) -> None:
        """Label the axis."""
        ax.set_xlabel(drawable(metric_label(self._name)))
        if self._log_x:
            ax.set_xscale("log")
            if self._high < 100 * self._low:  # otherwise powers of ten suffice
                set_log_ticks(ax.xaxis)
        else:
            ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))


def set_log_ticks(axis: XAxis | YAxis) -> None:
    """Set ticks without powers of ten in their labels."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(lambda x, _: f"{x:g}" if x < 1e4 else EngFormatter(sep="")(x))
    axis.set_minor_formatter("")
