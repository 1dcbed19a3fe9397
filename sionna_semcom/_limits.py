# SPDX-License-Identifier: Apache-2.0
"""How much memory what is read from a file may take, and how long a message about it may be."""

from __future__ import annotations

import os
from pathlib import Path

MAX_BYTES_VARIABLE = "SIONNA_SEMCOM_MAX_BYTES"
_USUAL = 2**30
_EXPANSION = 8  # a large file may be compressed as far as this


class Budget:
    """Bytes that the contents of one file may take in memory.

    By default 1 GiB, or 8 times the size of the file where that is more: a small file cannot fill
    the memory, and a large one is read. The environment variable ``SIONNA_SEMCOM_MAX_BYTES``
    replaces this limit.

    Parameters
    ----------
    path : `str` or `PathLike`
        The file
    usual : `int`
        Bytes that a small file may take

    Raises
    ------
    FileNotFoundError
        If there is no such file
    ValueError
        If the variable is no positive whole number
    """

    def __init__(self, path: str | os.PathLike[str], usual: int = _USUAL) -> None:
        self.limit = _of_the_user() or max(usual, _EXPANSION * Path(path).stat().st_size)
        self.spent = 0

    def spend(self, size: int, what: str) -> None:
        """Count ``size`` bytes, of ``what``.

        Raises
        ------
        ValueError
            If the file then takes more than the limit
        """
        self.spent += size
        if self.spent > self.limit:
            raise ValueError(
                f"{what} takes more memory than this file may: {self.spent} bytes, with a limit of "
                f"{self.limit}. The environment variable {MAX_BYTES_VARIABLE} sets another limit"
            )

    @property
    def left(self) -> int:
        """Bytes that may still be spent."""
        return self.limit - self.spent


def _of_the_user() -> int | None:
    text = os.environ.get(MAX_BYTES_VARIABLE, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text)):
        raise ValueError(
            f"{MAX_BYTES_VARIABLE} must be a positive number of bytes. Received: {brief(text)}"
        )
    return int(text)


def brief(text: object, width: int = 160) -> str:
    """``text`` in one line of ``width`` characters at most."""
    line = " ".join(str(text).split())
    return line if len(line) <= width else f"{line[: width - 4]} ..."
