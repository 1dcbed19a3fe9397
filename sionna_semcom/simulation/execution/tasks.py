# SPDX-License-Identifier: Apache-2.0
"""Tasks, and their execution in this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

Report = Callable[[str | tuple[Any, ...]], None]
"""Function that takes a line of text, or plain values that describe the progress of a task"""


@dataclass(frozen=True)
class Task:
    """Call of a method of a context. Each process that executes tasks has its own context.

    Parameters
    ----------
    kind : `str`
        Name of the method. It is called with ``arguments``, the values of ``needs``, and a function
        ``report`` for progress messages.
    key : hashable
        Unique key of the task
    arguments : `tuple`
        Arguments of the method
    needs : `tuple`
        Keys of earlier tasks whose values are further arguments
    needed : `bool`
        Whether later tasks may need the value. Otherwise it is released when the task is done.
    place : `float` | `None`
        Preferred worker, as a relative position in [0, 1) among all workers. Tasks that use the
        same graphs have adjacent positions.
    """

    kind: str
    key: Any
    arguments: tuple[Any, ...] = ()
    needs: tuple[Any, ...] = ()
    needed: bool = False
    place: float | None = None


Done = Callable[[Task, Any], Iterable[Task]]


class Executor(Protocol):
    """Executes tasks."""

    remote: ClassVar[bool]
    """Whether tasks are executed by other processes"""

    def run(self, tasks: Iterable[Task], done: Done, report: Report) -> None:
        """Compute ``tasks``, and further tasks that ``done`` returns for each finished task."""


class LocalExecutor:
    """Executes tasks one after another in this process, in the order of their submission.

    Parameters
    ----------
    context : object
        Object with the methods that tasks call
    """

    remote: ClassVar[bool] = False

    def __init__(self, context: Any) -> None:
        self._context = context

    def run(self, tasks: Iterable[Task], done: Done, report: Report) -> None:
        """Compute ``tasks``, and further tasks that ``done`` returns for each finished task."""
        waiting = deque(tasks)
        values: dict[Any, Any] = {}
        while waiting:
            task = waiting.popleft()
            needed = (values[key] for key in task.needs)
            value = getattr(self._context, task.kind)(*task.arguments, *needed, report=report)
            if task.needed:
                values[task.key] = value
            waiting.extend(done(task, value))
