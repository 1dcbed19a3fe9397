# SPDX-License-Identifier: Apache-2.0
"""Unpickler in Python with limits on memory and time."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from ..._limits import Budget

# Memory [bytes] of the object of an opcode, if it is much larger than its bytes in the file.
_USUAL_COST = 32
_COSTS = {
    **dict.fromkeys((pickle.MEMOIZE, pickle.PUT, pickle.BINPUT, pickle.LONG_BINPUT), 160),
    **dict.fromkeys((pickle.EMPTY_LIST, pickle.EMPTY_DICT, pickle.MARK), 80),
    **dict.fromkeys((pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3, pickle.TUPLE), 80),
    pickle.EMPTY_SET: 1000,  # takes 220 bytes, and its time
    pickle.FROZENSET: 1000,
}
_REFUSED = (
    *(pickle.NEWOBJ, pickle.NEWOBJ_EX, pickle.INST, pickle.OBJ),
    *(pickle.EXT1, pickle.EXT2, pickle.EXT4, pickle.PERSID, pickle.BINPERSID),
    *(pickle.NEXT_BUFFER, pickle.READONLY_BUFFER),
)
_MOST_MEMOS = 2**32
_COLLIDING = 2**61 - 1  # integers that differ by it have the same hash
_MOST_ODD_KEYS = 5000
_LONGEST_KEY = 16
_Unpickler: Any = pickle._Unpickler  # type: ignore[attr-defined,unused-ignore]
_SCALARS = (bool, int, float, complex, str, bytes)


class BoundedUnpickler(_Unpickler):
    """Reads plain containers and calls only objects returned by ``find_class``.

    The unpickler in C allocates memory according to unchecked numbers in the pickle, such as
    gigabytes for a memo index or a length. The unpickler in Python is slower for each object, but
    as fast for arrays.

    Parameters
    ----------
    file : `BinaryIO`
        Pickle
    size : `int`
        Size in bytes
    budget : `Budget`
        Memory limit of the contents
    encoding : `str`
        Encoding of strings from Python 2
    """

    def __init__(self, file: BinaryIO, size: int, budget: Budget, encoding: str) -> None:
        super().__init__(_Source(file, size), encoding=encoding)
        self.budget = budget
        self._odd_keys = 0

    def check_keys(self, keys: Iterable[Any]) -> None:
        """Reject keys of dictionaries and sets with many hash collisions."""
        for key in keys:
            kind = type(key)
            if kind in (str, bytes, bool) or (kind is int and -_COLLIDING < key < _COLLIDING):
                continue
            self._odd_keys += 1
            parts = key if kind in (tuple, frozenset) else ()
            if len(parts) > _LONGEST_KEY or not all(type(one) in _SCALARS for one in parts):
                raise pickle.UnpicklingError("a key of a dictionary or set is nested or long")
            if self._odd_keys > _MOST_ODD_KEYS:
                raise pickle.UnpicklingError(
                    f"it has more than {_MOST_ODD_KEYS} keys that are no strings or small integers"
                )

    def _refuse(self) -> None:
        raise pickle.UnpicklingError("it makes objects, which are not data")

    def _build(self) -> None:
        """Set the state only of objects that were built by this class."""
        state = self.stack.pop()
        set_state = getattr(type(self.stack[-1]), "set_state", None)
        if set_state is None:
            raise pickle.UnpicklingError("it changes objects, which are not data")
        set_state(self.stack[-1], state, self.budget)

    def _append(self) -> None:
        value = self.stack.pop()
        self._top(list).append(value)

    def _appends(self) -> None:
        items = self.pop_mark()
        self._top(list).extend(items)

    def _set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.check_keys((key,))
        self._top(dict)[key] = value

    def _set_items(self) -> None:
        items = self.pop_mark()
        self.check_keys(items[::2])
        self._top(dict).update(zip(items[::2], items[1::2], strict=True))

    def _add_items(self) -> None:
        items = self.pop_mark()
        self.check_keys(items)
        self._top(set).update(items)

    def _dict(self) -> None:
        items = self.pop_mark()
        self.check_keys(items[::2])
        self.append(dict(zip(items[::2], items[1::2], strict=True)))

    def _frozenset(self) -> None:
        items = self.pop_mark()
        self.check_keys(items)
        self.append(frozenset(items))

    def _put(self) -> None:
        number = int(self.readline()[:-1])
        if not 0 <= number < _MOST_MEMOS:
            raise pickle.UnpicklingError("a number of its memo is out of range")
        self.memo[number] = self.stack[-1]

    def _byte_array(self) -> None:
        size = int.from_bytes(self.read(8), "little")
        self.append(bytearray(self.read(size)))

    def _top(self, kind: type) -> Any:
        if type(self.stack[-1]) is not kind:
            raise pickle.UnpicklingError(f"it changes an object that is not a {kind.__name__}")
        return self.stack[-1]


def _counted(operation: Callable[[Any], None], cost: int) -> Callable[[Any], None]:
    def counted(unpickler: BoundedUnpickler) -> None:
        unpickler.budget.spend(cost, "what the pickle makes")
        operation(unpickler)

    return counted


_OPERATIONS: dict[int, Callable[[Any], None]] = {
    **_Unpickler.dispatch,
    **{code[0]: BoundedUnpickler._refuse for code in _REFUSED},
    pickle.BUILD[0]: BoundedUnpickler._build,
    pickle.APPEND[0]: BoundedUnpickler._append,
    pickle.APPENDS[0]: BoundedUnpickler._appends,
    pickle.SETITEM[0]: BoundedUnpickler._set_item,
    pickle.SETITEMS[0]: BoundedUnpickler._set_items,
    pickle.ADDITEMS[0]: BoundedUnpickler._add_items,
    pickle.DICT[0]: BoundedUnpickler._dict,
    pickle.FROZENSET[0]: BoundedUnpickler._frozenset,
    pickle.PUT[0]: BoundedUnpickler._put,
    pickle.BYTEARRAY8[0]: BoundedUnpickler._byte_array,
}
BoundedUnpickler.dispatch = {
    code: _counted(operation, _COSTS.get(bytes([code]), _USUAL_COST))
    for code, operation in _OPERATIONS.items()
}


class _Source:
    """File that checks the remaining size before memory is allocated."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size

    def read(self, count: int) -> bytes:
        if count > self._left:
            raise EOFError("it ends too early")
        self._left -= count
        return self._file.read(count)

    def readline(self) -> bytes:
        line = self._file.readline()
        self._left -= len(line)
        return line
