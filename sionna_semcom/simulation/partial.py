# SPDX-License-Identifier: Apache-2.0
"""What an interrupted study had finished."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._files import atomic_path
from .results import package_versions

if TYPE_CHECKING:
    from ..datasets import Data
    from .study import Study


def fingerprint(study: Study, data: Data) -> str:
    """Digest of everything that decides the numbers of a study, models aside."""
    settings = study.model_dump(mode="json", exclude={"title", "figure"})
    document = json.dumps([settings, data.checksums, package_versions()], sort_keys=True)
    return hashlib.sha256(document.encode()).hexdigest()


class Partial:
    """Finished parts of a run by key, in a file that is whole after every :meth:`put`.

    Parameters
    ----------
    path : `Path`
        The file (JSON); it need not exist
    fingerprint : `str`
        Identifies the run; what another run left in the file is discarded

    Raises
    ------
    ValueError
        If the file is damaged
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path
        self._fingerprint = fingerprint
        self._entries: dict[str, Any] = {}
        self.discarded = False
        if path.exists():
            try:
                document = json.loads(path.read_text(encoding="utf-8"))
                found, entries = document["fingerprint"], dict(document["entries"])
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(
                    f"{path} of an interrupted run is damaged; delete it to start anew"
                ) from error
            self.discarded = found != fingerprint
            self._entries = {} if self.discarded else entries

    def __len__(self) -> int:
        """Number of finished parts."""
        return len(self._entries)

    def get(self, key: str) -> Any:
        """Give a finished part, or nothing."""
        return self._entries.get(key)

    def put(self, key: str, value: Any) -> None:
        """Keep a finished part."""
        self._entries[key] = value
        document = {"fingerprint": self._fingerprint, "entries": self._entries}
        with atomic_path(self.path) as temporary:
            temporary.write_text(json.dumps(document, indent=1), encoding="utf-8")

    def remove(self) -> None:
        """Remove the file, when the run is complete."""
        self.path.unlink(missing_ok=True)
