# SPDX-License-Identifier: Apache-2.0
"""Data in a folder."""

import os
from pathlib import Path

from .settings import DataSettings

DATA_VARIABLE = "SIONNA_SEMCOM_DATA"


def find_file(path: Path) -> Path:
    """``path`` or, if there is no such file, the file below the folder SIONNA_SEMCOM_DATA, if any.

    If there is neither, ``path``.
    """
    root = os.environ.get(DATA_VARIABLE)
    if root and not path.is_file() and (Path(root) / path).is_file():
        return Path(root) / path
    return path


class FolderData(DataSettings):
    """Data in a folder."""

    root: Path | None = None
    """Folder of the data; if null, the environment variable SIONNA_SEMCOM_DATA"""

    def folder(self) -> Path:
        """Folder of the data.

        Raises
        ------
        FileNotFoundError
            If no folder is given
        """
        root = self.root or os.environ.get(DATA_VARIABLE)
        if not root:
            raise FileNotFoundError(
                f"Data {self.kind!r} need a folder: set data.root or the variable {DATA_VARIABLE}"
            )
        return Path(root)
