# SPDX-License-Identifier: Apache-2.0
"""Studies and trained models that are part of the package.

In the repository they are in ``link_sims/`` and ``models/``. In a wheel they are inside the
package, in ``shipped/studies/`` and ``shipped/models/``.
"""

from __future__ import annotations

import functools
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import Literal

_CHECKOUT = {"studies": "link_sims", "models": "models"}


def installed() -> bool:
    """Whether the package was installed from a wheel, and not from a checkout of the repository."""
    return _inside().is_dir()


def folder(kind: Literal["studies", "models"]) -> Path:
    """Folder of the shipped studies or models."""
    return _inside() / kind if installed() else _package().parent / _CHECKOUT[kind]


def studies() -> dict[str, Path]:
    """Files of the shipped studies by name."""
    return {path.stem: path for path in sorted(folder("studies").glob("*.yaml"))}


def study_path(study: str | os.PathLike[str]) -> Path:
    """Path of a study, given by its path or by the name of a shipped study.

    Unknown names are returned unchanged, so that the function that opens the file reports the
    error.
    """
    path = Path(study)
    return path if path.is_file() else studies().get(os.fspath(study), path)


def question(study: Path) -> str:
    """Question that a study answers: the first sentence of its head comment."""
    lines = study.read_text(encoding="utf-8").splitlines()
    head = lines[: next((n for n, line in enumerate(lines) if not line.startswith("#")), None)]
    comment = " ".join(line.lstrip("# ") for line in head)
    found = re.match(r".*?\?", comment) or re.match(r".*?\.(?= |$)", comment)
    return found[0] if found else comment


def models() -> dict[str, Path]:
    """Model cards of the shipped models by name."""
    return {path.parent.name: path for path in sorted(folder("models").glob("*/README.md"))}


def description(card: Path) -> str:
    """Description of a model: the first sentence of its card, and its training data."""
    text = card.read_text(encoding="utf-8")
    what = next((line for line in text.splitlines() if line and not line.startswith("#")), "")
    data = re.search(r"^Trained on .*?`(\w+)`", text, re.MULTILINE)
    first = what.partition(". ")[0].rstrip(".").replace("`", "")
    return f"{first}; trained on {data[1]}" if data else first


@functools.cache
def _package() -> Path:
    return Path(str(files(__package__)))


def _inside() -> Path:
    return _package() / "shipped"
