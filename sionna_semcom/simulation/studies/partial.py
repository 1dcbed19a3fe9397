# SPDX-License-Identifier: Apache-2.0
"""What an interrupted study had finished."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AllowInfNan, NonNegativeInt, Strict, TypeAdapter

from ..._errors import reading
from ..._files import write_bytes
from ..results.result import package_versions

if TYPE_CHECKING:
    from ...datasets import Data
    from .study import Study

# A summary has numbers, a point estimates: mean, interval, count, and if it is a proportion
_Number = Annotated[float, Strict()]
_Finite = Annotated[_Number, AllowInfNan(False)]
_Estimate = tuple[
    _Finite, _Number, _Number, Annotated[NonNegativeInt, Strict()], Annotated[bool, Strict()]
]
_POINT = TypeAdapter(dict[str, _Estimate])
_SUMMARY = TypeAdapter(dict[str, _Number])
SUMMARY = "summary"


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
                with reading(path, "file of an interrupted run"):
                    document = json.loads(path.read_text(encoding="utf-8"))
                    found, entries = document["fingerprint"], dict(document["entries"])
                    self.discarded = found != fingerprint
                    if not self.discarded:
                        for key, entry in entries.items():
                            kind = _SUMMARY if key.endswith(f" / {SUMMARY}") else _POINT
                            kind.validate_python(entry)
            except ValueError as error:
                raise ValueError(
                    f"{path} of an interrupted run is damaged; delete it to start anew"
                ) from error
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
        write_bytes(self.path, json.dumps(document, indent=1).encode())

    def remove(self) -> None:
        """Remove the file, when the run is complete."""
        self.path.unlink(missing_ok=True)
