# SPDX-License-Identifier: Apache-2.0
"""A progress bar over the points of a simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import progress

from .labels import format_snr

if TYPE_CHECKING:
    from .monte_carlo import State


class ProgressBar(progress.Progress):
    """One bar for all points of a simulation, that moves with every batch."""

    def __init__(self, num_points: int, *, enabled: bool = True) -> None:
        super().__init__(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.TextColumn("{task.fields[point]}"),
            progress.TimeElapsedColumn(),
            disable=not enabled,
        )
        self._task = self.add_task("", total=num_points, point="")

    def show(self, num_done: int, label: str, state: State) -> None:
        """Show where the point after ``num_done`` finished ones stands."""
        share = state.mc_iter / state.max_mc_iter if state.max_mc_iter else 0.0
        self.update(
            self._task,
            completed=num_done + share,
            description=label,
            point=f"{format_snr(state.snr_db)}, batch {state.mc_iter}",
        )
