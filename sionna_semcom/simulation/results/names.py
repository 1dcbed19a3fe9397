# SPDX-License-Identifier: Apache-2.0
"""Checks of labels, titles and file names before a simulation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from numbers import Integral
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from ..._messages import shortened

MAX_SEED = 2**64 - 1
_FILE_NAME = r"^\w[\w.-]*$"
_MAX_BYTES = 200  # file systems allow 255, including ".partial.jsonl" and "_latents.h5"


def check_label(label: str) -> str:
    """Check that a label can be stored in a result file.

    Raises
    ------
    ValueError
        If the label contains a slash, which would be a path in the file, is ``.`` or ``..``, or
        contains control characters or surrogates
    """
    if "/" in label:
        raise ValueError(f"A curve's label must not contain a slash. Received: {shortened(label)}")
    if label in (".", ".."):
        raise ValueError(f"A curve's label must not consist of dots only. Received: {label!r}")
    _check_characters(label, "A curve's label", "")
    return label


def check_title(title: str) -> str:
    """Check that a title has no control characters or surrogates."""
    _check_characters(title, "A title", "\n\t")
    return title


def check_seed(seed: int) -> int:
    """Check that a seed can be stored in a result file."""
    integer = isinstance(seed, Integral) and not isinstance(seed, bool)
    if not integer or not 0 <= seed <= MAX_SEED:
        raise ValueError(f"A seed must be an integer in [0, 2^64). Received: {shortened(seed)}")
    return seed


def check_metrics(names: Iterable[str]) -> None:
    """Check that names of metrics can be stored in a result file."""
    for name in names:
        if not isinstance(name, str) or set(name.split("/")) & {"", ".", ".."}:
            raise ValueError(
                "A metric must have a name, without empty parts or parts of dots between slashes. "
                f"Received: {shortened(name)}"
            )
        _check_characters(name, "The name of a metric", "")


def check_mathtext(text: str) -> str:
    """Check that figures can show formulas between dollar signs."""
    for line in text.split("\n"):
        if (problem := _problem(line)) is not None:
            raise ValueError(
                "text between dollar signs must be valid mathtext of matplotlib "
                rf"(\$ is a dollar sign): {problem}. Received: {shortened(line)}"
            )
    return text


def drawable(text: str) -> str:
    """Text with escaped dollar signs if figures cannot show its formulas."""
    lines = text.split("\n")
    return "\n".join(line.replace("$", r"\$") if _problem(line) else line for line in lines)


def _check_letters(name: Any) -> Any:
    if isinstance(name, str) and not re.fullmatch(_FILE_NAME[1:-1], name):
        raise ValueError(
            "a name must consist of letters, digits, _, . and -, without spaces, and must not "
            f"start with . or -. Received: {shortened(name, 60)}"
        )
    return name


def _check_file_name(name: str) -> str:
    if len(name.encode()) > _MAX_BYTES:
        raise ValueError(
            f"a name must have at most {_MAX_BYTES} bytes, because files are named after it. "
            f"Received: {len(name.encode())} bytes, {shortened(name, 60)}"
        )
    return name


def _check_characters(text: str, what: str, also: str) -> None:
    for letter in text:
        if unicodedata.category(letter) in ("Cc", "Cs") and letter not in also:
            raise ValueError(
                f"{what} must not contain control characters or surrogates. "
                f"Received: {shortened(text)}"
            )


def _problem(line: str) -> str | None:
    """Error in the formulas of ``line``, or `None`."""
    if "$" not in line:
        return None
    from matplotlib.cbook import is_math_text
    from matplotlib.mathtext import MathTextParser

    if not is_math_text(line):
        return None
    try:
        MathTextParser("path").parse(line)
    except Exception as error:  # including formulas that are nested too deeply
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return lines[-1]
    return None


FileName = Annotated[
    str,
    Field(pattern=_FILE_NAME),
    BeforeValidator(_check_letters),
    AfterValidator(_check_file_name),
]
"""Name of files or of a folder"""
Label = Annotated[
    str,
    Field(pattern="^[^/]+$", max_length=500),
    AfterValidator(check_label),
    AfterValidator(check_mathtext),
]
"""Label of a curve"""
Title = Annotated[
    str, Field(max_length=2000), AfterValidator(check_title), AfterValidator(check_mathtext)
]
"""Title of a figure"""
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
"""Seed that can be stored in a result file"""
