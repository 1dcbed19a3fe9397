# SPDX-License-Identifier: Apache-2.0
"""Lookup of trained models by name or path."""

from __future__ import annotations

import os
from pathlib import Path

from . import _fetch, _shipped
from ._messages import did_you_mean


def model_path(name_or_path: str | os.PathLike[str], seed: int = 0) -> Path:
    """File of a model, given by its path or by the name of a shipped model.

    A shipped model that is not part of the installed package is downloaded.

    Raises
    ------
    FileNotFoundError
        If there is neither such a file nor such a model. The message lists the shipped models.
    """
    path = Path(name_or_path)
    if path.is_file():
        return path
    name = f"{path.name}/seed{seed}.keras"
    if path.name == os.fspath(name_or_path):
        if (shipped := _shipped.folder("models") / name).is_file():
            return shipped
        if _shipped.installed() and name in _fetch.index():
            return _fetch.fetch(name)
    names = [name.split("/")[0] for name in _fetch.index() if name.endswith(f"/seed{seed}.keras")]
    raise FileNotFoundError(
        f"No model {name_or_path}: neither a file nor a shipped model. Models "
        f"of seed {seed}: {', '.join(names) or 'none'}{did_you_mean(path.stem, names)}"
    )
