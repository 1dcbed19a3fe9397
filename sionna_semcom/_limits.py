# SPDX-License-Identifier: Apache-2.0
"""Limits for the memory that the content of a file takes, and for the length of messages."""

from __future__ import annotations

import os
from pathlib import Path

MAX_BYTES_VARIABLE = "SIONNA_SEMCOM_MAX_BYTES"
_USUAL = 2**30
_EXPANSION = 8  # compression ratio that is allowed for large files


class Budget:
    """Memory budget for the content of one file [bytes].

    The default limit is 1 GiB, or 8 times the file size if that is larger. A small file therefore
    cannot exhaust the memory, and a large file can be read. The environment variable
    ``SIONNA_SEMCOM_MAX_BYTES`` replaces the limit.

    Parameters
    ----------
    path : `str` or `PathLike`
        The file
    usual : `int`
        Limit for small files [bytes]

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the environment variable is not a positive integer
    """

    def __init__(self, path: str | os.PathLike[str], usual: int = _USUAL) -> None:
        self.limit = _of_the_user() or max(usual, _EXPANSION * Path(path).stat().st_size)
        self.spent = 0

    def spend(self, size: int, what: str) -> None:
        """Add ``size`` bytes to the memory in use. ``what`` names them in the message.

        Raises
        ------
        ValueError
            If the limit is exceeded
        """
        self.spent += size
        if self.spent > self.limit:
            raise ValueError(
                f"{what} takes more memory than allowed: {self.spent} bytes, with a limit of "
                f"{self.limit}. The environment variable {MAX_BYTES_VARIABLE} sets another limit"
            )

    @property
    def left(self) -> int:
        """Remaining bytes."""
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
    """Shorten ``text`` to one line of at most ``width`` characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= width else f"{line[: width - 4]} ..."
