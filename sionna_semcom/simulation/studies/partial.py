# SPDX-License-Identifier: Apache-2.0
"""Finished parts of an interrupted study."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AllowInfNan, NonNegativeInt, Strict, TypeAdapter

from ..._errors import reading
from ..._files import naming, write_bytes
from ..results.result import package_versions

if TYPE_CHECKING:
    from .study import Study

# A summary has numbers, a point has estimates: mean, interval, count, and type
_Number = Annotated[float, Strict()]
_Finite = Annotated[_Number, AllowInfNan(False)]
_Estimate = tuple[
    _Finite, _Number, _Number, Annotated[NonNegativeInt, Strict()], Annotated[bool, Strict()]
]
_POINT = TypeAdapter(dict[str, _Estimate])
_COLUMNS = TypeAdapter(dict[str, list[_Number]])
_SNR = TypeAdapter(_Number)
_SUMMARY = TypeAdapter(dict[str, _Number])
SUMMARY = "summary"
RECORDS, SNR = "/records", "/snr_db"
"""Keys of a point that are not metrics; metrics must not have these names"""


def fingerprint(study: Study, files: Mapping[str, str], threads: int) -> str:
    """Digest of all settings, files and versions that a result depends on, except models.

    ``files`` are the checksums of data and channel files.
    """
    settings = study.model_dump(mode="json", exclude={"title", "figure"})
    document = [settings, dict(files), package_versions(), threads]
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


class Partial:
    """Finished parts of a run by key, in a file to which :meth:`put` appends one line.

    The first line identifies the run. An incomplete last line, as left by a killed process, is
    removed.

    Parameters
    ----------
    path : `Path`
        The file (JSON Lines). It may be missing.
    fingerprint : `str`
        Identifies the run. The content of a file of another run is discarded.

    Raises
    ------
    ValueError
        If the file is damaged
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path
        self._fingerprint = fingerprint
        self._entries: dict[str, Any] = {}
        self._end = 0  # of the last complete line
        self.discarded = False
        if path.exists():
            try:
                with reading(path, "file of an interrupted run"):
                    self._read()
            except ValueError as error:
                raise ValueError(
                    f"{path} of an interrupted run is damaged; delete it to start again"
                ) from error

    def _read(self) -> None:
        whole, _, _ = self.path.read_bytes().rpartition(b"\n")
        self._end = len(whole) + 1
        first, *rest = map(json.loads, whole.split(b"\n"))
        self.discarded = first["fingerprint"] != self._fingerprint
        for key, entry in () if self.discarded else rest:
            if key.endswith(f" / {SUMMARY}"):
                _SUMMARY.validate_python(entry)
            else:
                _check_point(entry)
            self._entries[key] = entry

    def __len__(self) -> int:
        """Number of finished parts."""
        return len(self._entries)

    def get(self, key: str) -> Any:
        """Return a finished part, or `None`."""
        return self._entries.get(key)

    def put(self, key: str, value: Any) -> None:
        """Store a finished part."""
        if not self._entries:
            head = _line({"fingerprint": self._fingerprint})
            write_bytes(self.path, head)
            self._end = len(head)
        line = _line([key, value])
        with naming(self.path), open(self.path, "r+b") as file:
            file.seek(self._end)
            file.truncate()
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._end += len(line)
        self._entries[key] = value

    def remove(self) -> None:
        """Remove the file after the run is complete."""
        self.path.unlink(missing_ok=True)


def _check_point(entry: Any) -> None:
    """Check that an entry is a point: estimates, SNR, and records if the study stores any."""
    rest = dict(entry)
    _SNR.validate_python(rest.pop(SNR))
    _COLUMNS.validate_python(rest.pop(RECORDS, {}))
    _POINT.validate_python(rest)


def _line(document: Any) -> bytes:
    return json.dumps(document).encode() + b"\n"
