# SPDX-License-Identifier: Apache-2.0
"""Data that are read from a folder."""

import os
from pathlib import Path

from .settings import DataSettings

DATA_VARIABLE = "SIONNA_SEMCOM_DATA"


class FolderData(DataSettings):
    """Data that are read from a folder."""

    root: Path | None = None
    """Folder of the data; nothing (null) is what the variable SIONNA_SEMCOM_DATA names"""

    def folder(self) -> Path:
        """Folder of the data.

        Raises
        ------
        FileNotFoundError
            If none is given
        """
        root = self.root or os.environ.get(DATA_VARIABLE)
        if not root:
            raise FileNotFoundError(
                f"Data {self.kind!r} need a folder: set data.root or the variable {DATA_VARIABLE}"
            )
        return Path(root)
