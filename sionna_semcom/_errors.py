# SPDX-License-Identifier: Apache-2.0
"""Which errors are a user's to set right, and what they say in one line."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_CONTEXT = ("Graph execution error", "Detected at node", "<stack traces", "Hint:")
_DECORATION = re.compile(r"^\{\{.*?\}\} | \[Op:.*$")
_LONGEST, _END, _QUOTED = 1500, 300, 400
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def reading(path: str | os.PathLike[str], what: str) -> Iterator[None]:
    """Turn whatever a file causes while it is read into one line that names it.

    A damaged or hostile file can raise anything in the libraries that read it. Only reading belongs
    into the block: what computes with the result has faults of its own, which must show.

    Parameters
    ----------
    path : `str` or `PathLike`
        The file
    what : `str`
        What it should be, for the message, such as "result file"

    Raises
    ------
    FileNotFoundError
        If there is no such file
    OSError
        If it cannot be opened: it is a folder, or others may not read it
    ValueError
        Whatever else goes wrong
    """
    name = os.fspath(path)
    if not os.path.exists(path):
        raise FileNotFoundError(f"No {what} {name}")
    if os.path.isdir(path):
        raise IsADirectoryError(f"{name} is a folder and not a {what}")
    if not os.access(path, os.R_OK):
        raise PermissionError(f"{name} may not be read")
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error)[:_QUOTED].split())
        if not isinstance(error, ValueError | OSError) or not reason:
            reason = f"{type(error).__name__} {reason}".strip()
        raise ValueError(f"`{name}` is damaged or no {what}: {reason}") from error


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Discard what is written to stderr, also by libraries in C++.

    TensorFlow writes there before it knows its own log level.
    """
    stderr = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def expected() -> tuple[type[Exception], ...]:
    """Wrong input, and what TensorFlow reports, such as exhausted memory, if it was imported."""
    tensorflow = sys.modules.get("tensorflow")
    of_tensorflow = (tensorflow.errors.OpError,) if tensorflow else ()
    return (ValueError, OSError, ArithmeticError, MemoryError, ModuleNotFoundError, *of_tensorflow)


def in_one_line(error: Exception) -> str:
    """The message; of TensorFlow's, which quote whole graphs, the line that says what is wrong."""
    if isinstance(error, OSError) and error.errno is not None and error.strerror:
        return _of_system(error)
    if not type(error).__module__.startswith("tensorflow"):
        text = str(error)
        if len(text) > _LONGEST:
            text = f"{text[: _LONGEST - _END]} ... {text[-_END:]} (--traceback shows all of it)"
        return " ".join(text.split()) or type(error).__name__
    lines = [line for line in str(error).splitlines() if line[:1].strip()]
    told = [line for line in lines if not line.startswith(_CONTEXT)] or lines or [""]
    bare = _DECORATION.sub("", told[0])[:_LONGEST]
    return f"{type(error).__name__}: {bare} (--traceback shows all of it)"


def _of_system(error: OSError) -> str:
    """What the system says of a file."""
    where = [os.fsdecode(name) for name in (error.filename, error.filename2) if name is not None]
    text = ": ".join([str(error.strerror), *where])
    again = ". The same command goes on from here when there is room"
    return " ".join(text.split()) + (again if error.errno in _NO_ROOM else "")
