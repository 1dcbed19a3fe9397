# SPDX-License-Identifier: Apache-2.0
"""A progress bar over the points of a simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import progress
from rich.console import Console

from ..results.labels import format_snr

if TYPE_CHECKING:
    from .state import State


class ProgressBar(progress.Progress):
    """One bar for all points of a simulation, that moves with every batch."""

    def __init__(self, num_points: int, console: Console | None = None) -> None:
        super().__init__(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[point]}"),
            progress.TimeElapsedColumn(),
            console=console,
        )
        self._num_done = 0
        self._points = self.add_task("", total=num_points, point="")

    def show(self, label: str, state: State) -> None:
        """Show where the current point stands."""
        share = state.mc_iter / state.max_mc_iter if state.max_mc_iter else 0.0
        self.update(
            self._points,
            completed=self._num_done + share,
            description=label,
            point=f"{format_snr(state.snr_db)}, batch {state.mc_iter}",
        )

    def advance_point(self) -> None:
        """Count the current point as done."""
        self._num_done += 1
        self.update(self._points, completed=self._num_done)


def verbosity(console: Console) -> int:
    """``verbose`` for Keras: a bar on a terminal, otherwise a line an epoch, or nothing."""
    if console.quiet:
        return 0
    return 1 if console.is_terminal else 2
