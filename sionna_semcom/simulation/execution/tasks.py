# SPDX-License-Identifier: Apache-2.0
"""Tasks, and their execution in this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

Report = Callable[[str | tuple[Any, ...]], None]
"""Takes a line of text, or plain values that say where a task stands"""


@dataclass(frozen=True)
class Task:
    """A method of a context, with arguments; every process that computes has a context.

    Parameters
    ----------
    kind : `str`
        Name of the method of the context, which is called with ``arguments``, the values of
        ``needs`` and a function ``report`` that takes messages on progress
    key : hashable
        Name that no other task has
    arguments : `tuple`
        Arguments
    needs : `tuple`
        Keys of tasks that were submitted before, whose values are further arguments
    needed : `bool`
        Whether tasks that come later may need the value; others are forgotten once they are done
    place : `float` | `None`
        Worker that should compute the task, as a position among all of them in [0, 1). Tasks that
        use the same graphs have places beside each other
    """

    kind: str
    key: Any
    arguments: tuple[Any, ...] = ()
    needs: tuple[Any, ...] = ()
    needed: bool = False
    place: float | None = None


Done = Callable[[Task, Any], Iterable[Task]]


class Executor(Protocol):
    """Computes tasks."""

    remote: ClassVar[bool]
    """Whether tasks are computed by other processes"""

    def run(self, tasks: Iterable[Task], done: Done, report: Report) -> None:
        """Compute ``tasks`` and those that ``done`` gives for the value of each finished one."""


class LocalExecutor:
    """Computes tasks one after the other in this process, in the order in which they come.

    Parameters
    ----------
    context : object
        What has the methods that tasks name
    """

    remote: ClassVar[bool] = False

    def __init__(self, context: Any) -> None:
        self._context = context

    def run(self, tasks: Iterable[Task], done: Done, report: Report) -> None:
        """Compute ``tasks`` and those that ``done`` gives for the value of each finished one."""
        waiting = deque(tasks)
        values: dict[Any, Any] = {}
        while waiting:
            task = waiting.popleft()
            needed = (values[key] for key in task.needs)
            value = getattr(self._context, task.kind)(*task.arguments, *needed, report=report)
            if task.needed:
                values[task.key] = value
            waiting.extend(done(task, value))
