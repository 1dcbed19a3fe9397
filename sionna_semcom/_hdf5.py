# SPDX-License-Identifier: Apache-2.0
"""Safe reading of untrusted HDF5 files. No other module opens HDF5 files for reading."""

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

_DEPTH = 64  # maximum nesting of JSON
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_budgets: dict[int, Budget] = {}  # budgets of open files, by HDF5 file number


@contextmanager
def open_hdf5(
    path: str | os.PathLike[str],
    what: str,
    *,
    usual: int | None = None,
    only_numbers: bool = False,
    message: str | None = None,
) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading. Errors in the block become a `ValueError` that names the file.

    The structure of the whole file is checked before the block runs. The file is rejected if it has
    external storage, external links or virtual datasets (which would read other files of this
    machine), dangling soft links, links that form a cycle, or a total declared size above the limit
    of :class:`~sionna_semcom._limits.Budget`.

    Parameters
    ----------
    path : `str` or `PathLike`
        The file
    what : `str`
        Type of the file in messages
    usual : `None` | `int`
        Memory limit of small files [bytes]. By default the limit of the budget.
    only_numbers : `bool`
        If `True`, datasets must contain numbers. Required for readers other than `read_dataset`.
    message : `None` | `str`
        Beginning of the message about a damaged file. By default it contains the path and ``what``.

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is damaged or rejected, or the block raises an error
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
        message = message or f"`{path}` is damaged or not a {what}"
        raise ValueError(f"{message}: {brief(error, 500)}") from error


def read_dataset(parent: h5py.Group, name: str) -> np.ndarray:
    """Read an array of numbers, bytes or strings from a file that `open_hdf5` opened.

    Raises
    ------
    ValueError
        If the dataset is missing, has another type, or its strings exceed the memory limit
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
        raise ValueError(f"{where} must contain numbers or strings, not {brief(dataset.dtype)}")
    return np.asarray(dataset[()])


def read_json(text: Any, where: str) -> Any:
    """Parse a JSON document.

    Parameters
    ----------
    text : `str` | `bytes`
        The document
    where : `str`
        Name of the document in messages

    Raises
    ------
    ValueError
        If the document is not valid JSON, is nested deeper than 64 levels, or has a repeated key
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
        raise ValueError(f"{where} is not JSON: {brief(error)}") from error


def read_checksums(file: h5py.File) -> dict[str, str]:
    """SHA-256 of the source files, by name, from the attribute ``checksums`` of a file.

    The dictionary is empty if the attribute is missing.

    Raises
    ------
    ValueError
        If the attribute is not a JSON object of strings
    """
    text = file.attrs.get("checksums", "{}")
    found = read_json(text, "`checksums`")
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise ValueError(f"its checksums must be strings by file, not {shortened(text)}")
    return found


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("it has a repeated key")
    return found


def _number(item: h5py.HLObject) -> int:
    return int(h5py.h5o.get_info(item.id).fileno)


def _strings(dataset: h5py.Dataset, where: str) -> np.ndarray:
    """Read variable-length strings in blocks.

    Several entries may refer to the same part of the file, so that a small file can expand to many
    long strings. Each block is small enough for the remaining budget.
    """
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
