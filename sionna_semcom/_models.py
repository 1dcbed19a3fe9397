# SPDX-License-Identifier: Apache-2.0
"""Files of trained models, by name or path."""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = Path(__file__).resolve().parents[1] / "models"  # of a checkout


def model_path(name_or_path: str | os.PathLike[str], seed: int = 0) -> Path:
    """File of a model: ``name_or_path`` itself, or that of the shipped model of this name.

    Raises
    ------
    FileNotFoundError
        If there is neither such a file nor such a model, naming the shipped ones
    """
    path = Path(name_or_path)
    if path.is_file():
        return path
    shipped = _FOLDER / path.name / f"seed{seed}.keras"
    if path.name == os.fspath(name_or_path) and shipped.is_file():
        return shipped
    names = sorted(found.parent.name for found in _FOLDER.glob(f"*/seed{seed}.keras"))
    raise FileNotFoundError(
        f"No model {name_or_path}: neither a file nor a shipped model of seed {seed}, which are "
        f"{', '.join(names) or 'none'}"
    )
