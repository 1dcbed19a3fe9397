# SPDX-License-Identifier: Apache-2.0
"""Progress bar over the points of a simulation."""

from __future__ import annotations

from rich import progress
from rich.console import Console

from ..results.curves import SNR_AXIS
from ..results.labels import format_x


class ProgressBar(progress.Progress):
    """Progress bar for all points of a simulation, updated after each batch."""

    def __init__(
        self, num_points: int, console: Console | None = None, axis: str = SNR_AXIS
    ) -> None:
        super().__init__(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[point]}"),
            progress.TimeElapsedColumn(),
            console=console,
        )
        self._num_done, self._axis = 0, axis
        self._shares: dict[tuple[str, float], float] = {}  # of the points in progress
        self._points = self.add_task("", total=num_points, point="")

    def show(self, label: str, x: float, mc_iter: int, max_mc_iter: int | None) -> None:
        """Show the progress of a point. Several points may be simulated at the same time."""
        self._shares[label, x] = mc_iter / max_mc_iter if max_mc_iter else 0.0
        point = f"{format_x(self._axis, x)}, batch {mc_iter}"
        self.update(self._points, description=label, point=point)
        self._move()

    def advance_point(self, label: str, x: float) -> None:
        """Mark a point as finished."""
        self._num_done += 1
        self._shares.pop((label, x), None)
        self._move()

    def _move(self) -> None:
        self.update(self._points, completed=self._num_done + sum(self._shares.values()))


def verbosity(console: Console) -> int:
    """``verbose`` of Keras: 1 (bar) on a terminal, 2 (line per epoch) elsewhere, 0 if quiet."""
    if console.quiet:
        return 0
    return 1 if console.is_terminal else 2
