# SPDX-License-Identifier: Apache-2.0
"""HDF5 files of others, read without trust: the one place that opens them for reading."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ._hdf5_checks import OBJECT_BYTES, check_file
from ._limits import Budget, brief
from ._messages import shortened

_DEPTH = 64  # of JSON
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_budgets: dict[int, Budget] = {}  # of open files, by the number that HDF5 gives them


@contextmanager
def open_hdf5(
    path: str | os.PathLike[str],
    what: str,
    *,
    usual: int | None = None,
    only_numbers: bool = False,
    message: str | None = None,
) -> Iterator[h5py.File]:
    """Open a file; what goes wrong while it is read is a `ValueError` that names it.

    Before anything is read the whole file is looked through. External storage, external links and
    virtual datasets, which would read other files of this machine, are refused, and so are soft
    links to nothing, links that form a cycle, and sizes above the limit of
    :class:`~sionna_semcom._limits.Budget` for all that the file declares.

    Parameters
    ----------
    path : `str` or `PathLike`
        The file
    what : `str`
        What it should be, for the message
    usual : `None` | `int`
        Bytes that a small file may take; by default those of the budget
    only_numbers : `bool`
        Whether datasets of anything but numbers are refused, for readers other than `read_dataset`
    message : `None` | `str`
        How the message about a damaged file begins; by default with the path and ``what``

    Raises
    ------
    FileNotFoundError
        If there is no such file
    ValueError
        If the file is damaged, or holds what is not read
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"No {what} {path}")
    budget = Budget(path) if usual is None else Budget(path, usual)
    try:
        with h5py.File(path, "r") as file:
            check_file(file, budget, os.path.getsize(path), only_numbers)
            number = _number(file)
            _budgets[number] = budget
            try:
                yield file
            finally:
                _budgets.pop(number, None)
    except Exception as error:  # a damaged file can raise anything
        message = message or f"`{path}` is damaged or no {what}"
        raise ValueError(f"{message}: {brief(error, 500)}") from error


def read_dataset(parent: h5py.Group, name: str) -> np.ndarray:
    """An array of numbers, bytes or strings below ``parent``, in a file of `open_hdf5`.

    Raises
    ------
    ValueError
        If there is none, it holds anything else, or its strings are longer than the limit
    """
    dataset = parent.get(name)
    where = brief(f"{parent.name}/{name}".strip("/"))
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"it has no {where}")
    if dataset.shape is None:
        raise ValueError(f"{where} has no values")
    kind = h5py.check_string_dtype(dataset.dtype)
    if kind is not None and kind.length is None:
        return _strings(dataset, where)
    if dataset.dtype.kind not in "biufcS":
        raise ValueError(f"{where} must hold numbers or strings, not {brief(dataset.dtype)}")
    return np.asarray(dataset[()])


def read_json(text: Any, where: str) -> Any:
    """What a JSON document says.

    Parameters
    ----------
    text : `str` | `bytes`
        The document
    where : `str`
        What it is, for the message

    Raises
    ------
    ValueError
        In one line, if it is no JSON, is nested deeper than 64 levels, or has a key twice
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        if not isinstance(text, str):
            raise ValueError(f"it must be a string, not {type(text).__name__}")
        depth = 0
        for bracket in re.findall(r"[][{}]", _JSON_STRING.sub("", text)):
            depth += 1 if bracket in "[{" else -1
            if depth > _DEPTH:
                raise ValueError(f"it is nested deeper than {_DEPTH} levels")
        return json.loads(text, object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where} is no JSON: {brief(error)}") from error


def read_checksums(file: h5py.File) -> dict[str, str]:
    """SHA-256 of what a file was made from, by name, in its attribute ``checksums``, if any.

    Raises
    ------
    ValueError
        In one line, if they are no JSON object of strings
    """
    text = file.attrs.get("checksums", "{}")
    found = read_json(text, "`checksums`")
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise ValueError(f"its checksums must be strings by file, not {shortened(text)}")
    return found


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("it has a key twice")
    return found


def _number(item: h5py.HLObject) -> int:
    return int(h5py.h5o.get_info(item.id).fileno)


def _strings(dataset: h5py.Dataset, where: str) -> np.ndarray:
    """Strings of any length, which may all stand for the same part of the file: read by blocks."""
    file_size = os.path.getsize(dataset.file.filename)
    budget = _budgets.get(_number(dataset)) or Budget(dataset.file.filename)
    budget.spend(dataset.size * OBJECT_BYTES, where)
    reader = dataset.asstr("utf-8", "replace")
    if not dataset.ndim:
        return np.asarray(reader[()], object)
    values = np.empty(dataset.shape, object)

    def fill(index: tuple[int, ...]) -> None:
        axis, row = len(index), 0
        in_a_row = max(1, int(np.prod(dataset.shape[axis + 1 :], dtype=object)))
        while row < dataset.shape[axis]:
            count = max(1, budget.left // (in_a_row * (file_size + OBJECT_BYTES)))
            if count == 1 and axis + 1 < dataset.ndim:
                fill((*index, row))
            else:
                block: Any = (*index, slice(row, row + count))
                texts = values[block] = reader[block]
                budget.spend(sum(map(sys.getsizeof, texts.flat)), where)
            row += count

    if dataset.size:
        fill(())
    return values
