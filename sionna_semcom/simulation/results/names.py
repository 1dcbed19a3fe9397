# SPDX-License-Identifier: Apache-2.0
"""What labels, titles and names of files may hold, before anything is simulated."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

from ..._messages import shortened

MAX_SEED = 2**64 - 1
_MAX_BYTES = 200  # of the 255 that file systems have, with ".partial.jsonl" and "_latents.h5"


def check_label(label: str) -> str:
    """Refuse labels that a result file cannot hold.

    Raises
    ------
    ValueError
        If the label has a slash, which would be a path in the file, is ``.`` or ``..``, or has
        control characters or surrogates
    """
    if "/" in label:
        raise ValueError(f"A curve's label must have no slash. Received: {shortened(label)}")
    if label in (".", ".."):
        raise ValueError(f"A curve's label must be no dots alone. Received: {label!r}")
    _check_characters(label, "A curve's label", "")
    return label


def check_title(title: str) -> str:
    """Refuse titles that a result file cannot hold: with control characters or surrogates."""
    _check_characters(title, "A title", "\n\t")
    return title


def check_seed(seed: int) -> int:
    """Refuse seeds that a result file cannot hold."""
    if isinstance(seed, bool) or not 0 <= seed <= MAX_SEED:
        raise ValueError(f"A seed must lie in [0, 2^64). Received: {shortened(seed)}")
    return seed


def check_metrics(names: Iterable[str]) -> None:
    """Refuse names of metrics that a result file cannot hold."""
    for name in names:
        if not isinstance(name, str) or set(name.split("/")) & {"", ".", ".."}:
            raise ValueError(
                "A metric must have a name, of parts between slashes that are no dots alone. "
                f"Received: {shortened(name)}"
            )
        _check_characters(name, "The name of a metric", "")


def check_mathtext(text: str) -> str:
    """Refuse formulas between dollar signs that figures cannot show."""
    for line in text.split("\n"):
        if (problem := _problem(line)) is not None:
            raise ValueError(
                "what stands between dollar signs must be mathtext of matplotlib "
                rf"(\$ is a dollar sign): {problem}. Received: {shortened(line)}"
            )
    return text


def drawable(text: str) -> str:
    """The text, with dollar signs in place of formulas that figures cannot show."""
    lines = text.split("\n")
    return "\n".join(line.replace("$", r"\$") if _problem(line) else line for line in lines)


def _check_file_name(name: str) -> str:
    if len(name.encode()) > _MAX_BYTES:
        raise ValueError(
            f"a name must have at most {_MAX_BYTES} bytes, as files are named after it. "
            f"Received: {len(name.encode())} bytes, {shortened(name, 60)}"
        )
    return name


def _check_characters(text: str, what: str, also: str) -> None:
    for letter in text:
        if unicodedata.category(letter) in ("Cc", "Cs") and letter not in also:
            raise ValueError(
                f"{what} must have no control characters or surrogates. Received: {shortened(text)}"
            )


def _problem(line: str) -> str | None:
    """What is wrong with the formulas in ``line``, if anything is."""
    if "$" not in line:
        return None
    from matplotlib.cbook import is_math_text
    from matplotlib.mathtext import MathTextParser

    if not is_math_text(line):
        return None
    try:
        MathTextParser("path").parse(line)
    except Exception as error:  # also too deep a nesting
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return lines[-1]
    return None


FileName = Annotated[str, Field(pattern=r"^\w[\w.-]*$"), AfterValidator(_check_file_name)]
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
"""Seed that a result file can hold"""
