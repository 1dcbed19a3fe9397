# SPDX-License-Identifier: Apache-2.0
"""Safe reader of pickles that contain only data."""

from __future__ import annotations

import math
import os
import pickle
import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..._limits import Budget, brief
from .bounded_unpickler import BoundedUnpickler

_MOST_OF_NOTHING = 10**8


def read_pickle(path: str | os.PathLike[str], encoding: str = "bytes") -> Any:
    """Read a pickle of NumPy arrays, numbers, strings and builtin containers.

    Other objects could execute code from the file and raise an error. Arrays contain booleans,
    numbers, strings or other accepted objects. The memory is limited by
    :class:`~sionna_semcom._limits.Budget`.

    Parameters
    ----------
    path : `str` or `PathLike`
        Path of the file
    encoding : `str`
        Encoding of strings from Python 2

    Output
    ------
    : object
        Content of the file

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is damaged, contains other objects, or exceeds the memory limit
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"No pickle {path}")
    size, budget = Path(path).stat().st_size, Budget(path)
    try:
        with open(path, "rb") as file:
            return _plain(_DataUnpickler(file, size, budget, encoding).load(), {})
    except Exception as error:  # a damaged pickle can raise any exception
        reason = brief(error, 500) or type(error).__name__
        if isinstance(error, LookupError | EOFError | struct.error | UnicodeError):
            reason = f"a damaged file or another format ({reason})"
        raise ValueError(f"`{path}` must be a pickle of arrays. Received: {reason}") from error


class _DataUnpickler(BoundedUnpickler):
    """Unpickler that builds arrays itself and allows only classes and functions of plain data.

    Functions and types of NumPy are not allowed, because they do not check object pointers and item
    sizes of a pickle and could read arbitrary memory.
    """

    def find_class(self, module: str, name: str) -> Any:
        known: dict[tuple[str, str], Any] = {
            ("_codecs", "encode"): self._encode,
            ("numpy", "dtype"): self._dtype,
            ("numpy", "ndarray"): None,  # argument of `_reconstruct`
            ("numpy.core.multiarray", "_reconstruct"): self._reconstruct,
            ("numpy.core.multiarray", "scalar"): self._scalar,
            ("numpy.core.numeric", "_frombuffer"): self._frombuffer,
            ("builtins", "bytearray"): self._bytearray,
            ("builtins", "bytes"): self._empty_bytes,
            ("builtins", "complex"): self._complex,
            ("builtins", "frozenset"): self._frozen,
            ("builtins", "set"): self._set,
        }
        old = {"__builtin__": "builtins"}.get(module, module.replace("numpy._core.", "numpy.core."))
        if (old, name) not in known:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is not data")
        return known[old, name]

    def _spend(self, content: Sequence[Any], item: int = 1) -> None:
        self.budget.spend(item * len(content) + 64, "a copy that the pickle makes")

    def _encode(self, text: str, encoding: str = "latin1") -> bytes:
        """Bytes in the format of protocols 0 to 2."""
        self._spend(text)
        return text.encode("latin1")

    def _empty_bytes(self) -> bytes:
        return b""

    def _bytearray(self, content: str | bytes = b"", encoding: str = "latin1") -> bytearray:
        self._spend(content)
        return bytearray(_bytes(content))

    def _complex(self, real: float, imaginary: float) -> complex:
        return complex(float(real), float(imaginary))

    def _set(self, items: list[Any] | tuple[Any, ...] = ()) -> set[Any]:
        if type(items) not in (list, tuple):
            raise pickle.UnpicklingError(f"it makes a set of {type(items).__name__}")
        self._spend(items, 64)
        self.check_keys(items)
        return set(items)

    def _frozen(self, items: list[Any] | tuple[Any, ...] = ()) -> frozenset[Any]:
        return frozenset(self._set(items))

    def _dtype(self, name: str | bytes, *_: Any) -> _Kind:
        return _Kind(name)

    def _reconstruct(self, *_: Any) -> _Array:
        return _Array()

    def _scalar(self, kind: _Kind, content: Any) -> Any:
        return np.frombuffer(_bytes(content), kind.dtype, 1)[0]

    def _frombuffer(
        self,
        content: Any,
        kind: _Kind,
        shape: Sequence[int],
        order: Any,
        axes: Sequence[int] | None = None,
    ) -> np.ndarray:
        """Array in the format of protocol 5."""
        values = np.frombuffer(_bytes(content), kind.dtype)
        _check_empty(shape)
        if axes is not None:
            return values.reshape(shape).transpose(axes)
        return values.reshape(shape, order=order)


class _Kind:
    """Data type while it is read."""

    def __init__(self, name: str | bytes) -> None:
        text = _bytes(name).decode("ascii")
        if not re.fullmatch(r"[biufcSU]\d+|O\d*", text):
            raise pickle.UnpicklingError(f"it holds values of type {text}")
        self.dtype: np.dtype[Any] = np.dtype("O" if text[0] == "O" else text)

    def set_state(self, state: Sequence[Any], budget: Budget) -> None:
        order: Any = _bytes(state[1]).decode("ascii")
        self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """Array while it is read."""

    values: np.ndarray

    def set_state(self, state: Sequence[Any], budget: Budget) -> None:
        shape, kind, by_column, content = state[-4:]
        _check_empty(shape)
        budget.spend(len(content) * (8 if kind.dtype.hasobject else 1), "an array of the pickle")
        if kind.dtype.hasobject:
            self.values = np.fromiter(content, object, len(content)).reshape(shape)
        else:
            values = np.frombuffer(_bytes(content), kind.dtype).copy()
            self.values = values.reshape(shape, order="F" if by_column else "C")


def _check_empty(shape: Sequence[int]) -> None:
    """Check the number of rows of empty arrays, because later steps iterate over rows."""
    if math.prod(shape) == 0 and math.prod(max(1, size) for size in shape) > _MOST_OF_NOTHING:
        raise pickle.UnpicklingError(f"an array without values has shape {tuple(shape)}")


def _bytes(content: str | bytes | bytearray) -> bytes | bytearray:
    if isinstance(content, str):  # string of Python 2, or of protocols 0 to 2
        return content.encode("latin1")
    if not isinstance(content, bytes | bytearray):
        raise pickle.UnpicklingError(f"it has {type(content).__name__} instead of bytes")
    return content


def _plain(value: Any, done: dict[int, Any]) -> Any:
    """Replace intermediate objects by arrays."""
    if id(value) in done:
        return done[id(value)]
    result = value
    if isinstance(value, _Kind):
        result = value.dtype
    elif isinstance(value, _Array):
        result = value.values
        if result.dtype.hasobject:
            flat = [_plain(item, done) for item in result.ravel()]
            result = np.fromiter(flat, object, len(flat)).reshape(result.shape)
    elif isinstance(value, dict):
        result = {_plain(key, done): _plain(item, done) for key, item in value.items()}
    elif isinstance(value, list | tuple | set | frozenset):
        result = type(value)(_plain(item, done) for item in value)
    elif value is None or type(value) in (bool, int, float, str, bytes):
        return value
    done[id(value)] = result
    return result
