# SPDX-License-Identifier: Apache-2.0
"""Which errors are a user's to set right, and what they say in one line."""

from __future__ import annotations

import re
import sys

_CONTEXT = ("Graph execution error", "Detected at node", "<stack traces", "Hint:")
_DECORATION = re.compile(r"^\{\{.*?\}\} | \[Op:.*$")


def expected() -> tuple[type[Exception], ...]:
    """Wrong input, and what TensorFlow reports, such as exhausted memory, if it was imported."""
    tensorflow = sys.modules.get("tensorflow")
    of_tensorflow = (tensorflow.errors.OpError,) if tensorflow else ()
    return (ValueError, OSError, ArithmeticError, MemoryError, *of_tensorflow)


def in_one_line(error: Exception) -> str:
    """The message; of TensorFlow's, which quote whole graphs, the line that says what is wrong."""
    if not type(error).__module__.startswith("tensorflow"):
        return " ".join(str(error).split()) or type(error).__name__
    lines = [line for line in str(error).splitlines() if line[:1].strip()]
    told = [line for line in lines if not line.startswith(_CONTEXT)] or lines or [""]
    bare = _DECORATION.sub("", told[0])
    return f"{type(error).__name__}: {bare} (--traceback shows all of it)"
