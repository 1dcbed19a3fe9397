# SPDX-License-Identifier: Apache-2.0
"""Check that files of a data set are there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from .._messages import listed


def check_present(folder: str | os.PathLike[str], paths: Iterable[Path]) -> None:
    """Check that ``folder`` contains all ``paths``, which are below it.

    Raises
    ------
    FileNotFoundError
        Naming all missing files and folders
    """
    missing = [path.relative_to(folder).as_posix() for path in paths if not path.exists()]
    if missing:
        state = "no such folder" if not Path(folder).is_dir() else "one without them"
        raise FileNotFoundError(f"`{folder}` must contain {listed(missing, 20)}. Received: {state}")
