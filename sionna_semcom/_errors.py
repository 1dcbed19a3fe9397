# SPDX-License-Identifier: Apache-2.0
"""Errors that are caused by user input, and their one-line messages."""

from __future__ import annotations

import errno
import os
import re
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

_CONTEXT = ("Graph execution error", "Detected at node", "<stack traces", "Hint:")
_DECORATION = re.compile(r"^\{\{.*?\}\} | \[Op:.*$")
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_OF_GRAPH = re.compile(r'\Ain user code:\s+File ".*?^ {4}\w+: ', re.DOTALL | re.MULTILINE)
_OF_KERAS = re.compile(
    r"Exception encountered when calling .*?\n\s*\n(.*?)\n\s*\n\s*Arguments received.*", re.DOTALL
)
_LONGEST, _END, _QUOTED = 1500, 300, 400
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def reading(path: str | os.PathLike[str], what: str) -> Iterator[None]:
    """Convert every error that occurs while a file is read to a one-line error that names the file.

    A damaged or malicious file can raise any exception in the library that reads it. The block
    should contain only the reading: errors in later computations are not caused by the file and
    must not be converted.

    Parameters
    ----------
    path : `str` or `PathLike`
        The file
    what : `str`
        Type of the file in messages, such as "result file"

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    IsADirectoryError
        If ``path`` is a folder
    PermissionError
        If the file is not readable
    ValueError
        For any other error in the block
    """
    name = os.fspath(path)
    if not os.path.exists(path):
        raise FileNotFoundError(f"No {what} {name}")
    if os.path.isdir(path):
        raise IsADirectoryError(f"{name} is a folder and not a {what}")
    if not os.access(path, os.R_OK):
        raise PermissionError(f"{name} is not readable: permission denied")
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error)[:_QUOTED].split())
        if not isinstance(error, ValueError | OSError) or not reason:
            reason = f"{type(error).__name__} {reason}".strip()
        raise ValueError(f"`{name}` is damaged or not a {what}: {reason}") from error


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Discard all output to stderr, including that of C++ libraries.

    TensorFlow writes to stderr before it reads its log level.
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
    """Exceptions caused by input or limited resources, including TensorFlow's if it is imported."""
    tensorflow = sys.modules.get("tensorflow")
    of_tensorflow = (tensorflow.errors.OpError,) if tensorflow else ()
    return (ValueError, OSError, ArithmeticError, MemoryError, ModuleNotFoundError, *of_tensorflow)


def in_one_line(error: Exception) -> str:
    """Message of an error in one line.

    Messages of TensorFlow quote whole graphs, and Keras appends all arguments of a layer. Only the
    description of the error is kept.
    """
    if isinstance(error, OSError) and error.errno is not None and error.strerror:
        return _of_system(error)
    text = _OF_GRAPH.sub("", _STYLE.sub("", str(error)))
    text = _OF_KERAS.sub(lambda found: textwrap.dedent(found[1]), text)
    if not type(error).__module__.startswith("tensorflow"):
        if len(text) > _LONGEST:
            text = f"{text[: _LONGEST - _END]} ... {text[-_END:]} (--traceback shows all of it)"
        return " ".join(text.split()) or type(error).__name__
    lines = [line for line in text.splitlines() if line[:1].strip()]
    told = [line for line in lines if not line.startswith(_CONTEXT)] or lines or [""]
    bare = _DECORATION.sub("", told[0])[:_LONGEST]
    return f"{type(error).__name__}: {bare} (--traceback shows all of it)"


def _of_system(error: OSError) -> str:
    """Message of the operating system, followed by the file names."""
    where = [os.fsdecode(name) for name in (error.filename, error.filename2) if name is not None]
    text = ": ".join([str(error.strerror), *where])
    again = ". Free some space, then repeat the command to resume"
    return " ".join(text.split()) + (again if error.errno in _NO_ROOM else "")
