# SPDX-License-Identifier: Apache-2.0
"""Names and values in messages, with bounded length."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import islice
from typing import Any

_LONGEST_NAME = 60
_SIMILAR = 0.7  # ratio of matching characters


def listed(names: Iterable[object], most: int = 8) -> str:
    """Join names in one line, such as ``"a, b, c (and 5 more)"``.

    Parameters
    ----------
    names : iterable
        The names. Objects other than strings are converted by `shortened`.
    most : `int`
        Maximum number of names that are shown

    Output
    ------
    : `str`
        The names, or ``"none"`` if there are none
    """
    rest = iter(names)
    shown = ", ".join(_name(name) for name in islice(rest, most))
    more = sum(1 for _ in rest)
    return f"{shown} (and {more} more)" if more else shown or "none"


def shortened(value: object, most: int = 200) -> str:
    """Representation of a value (`repr`) in one line of at most ``most`` characters.

    Only the first entries of containers and the outer levels of nested containers are visited,
    which bounds the time as well. Large arrays are described by their shape and type.

    Parameters
    ----------
    value
        Any object
    most : `int`
        Maximum number of characters
    """
    return _cut(" ".join(_Bounded(most).repr(value).split()), most)


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Question for the most similar known name, such as ``". Did you mean model?"``.

    Parameters
    ----------
    name
        Unknown name, possibly misspelled
    known : iterable of `str`
        The known names

    Output
    ------
    : `str`
        End of a message; empty if no known name is similar, or if several are equally similar
    """
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        return ""
    matcher = difflib.SequenceMatcher(b=name.lower())
    similarities = {}
    for one in known:
        matcher.set_seq1(one.lower())
        similarities[one] = matcher.ratio()
    best = max(similarities.values(), default=0.0)
    similar = [one for one, similarity in similarities.items() if similarity == best]
    return f". Did you mean {similar[0]}?" if best >= _SIMILAR and len(similar) == 1 else ""


def _name(name: object) -> str:
    text = _cut(name, _LONGEST_NAME) if isinstance(name, str) else ""
    return text if text and text.isprintable() else shortened(name, _LONGEST_NAME)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: max(0, most - 3)] + "..."


def check_choice(name: str, value: Any, known: Iterable[str]) -> None:
    """Check that the argument ``name`` has one of the ``known`` values.

    Raises
    ------
    ValueError
        If it has another value. The message lists the known values.
    """
    known = list(known)
    if value not in known:
        raise ValueError(
            f"`{name}` must be one of {', '.join(known)}. Received: {shortened(value)}"
            + did_you_mean(value, known)
        )


class _Bounded(reprlib.Repr):
    """Bounded `repr` that recognizes containers by their interface, including their subclasses."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = 6
        self.maxstring = self.maxother = max(most, 8)

    def repr1(self, x: Any, level: int) -> str:
        if isinstance(x, str):
            return self.repr_str(x, level)
        if isinstance(x, bytes | bytearray | memoryview):
            return repr(bytes(x[: self.maxstring])) + ("..." if len(x) > self.maxstring else "")
        if isinstance(x, int) and x.bit_length() > 1000:  # too long to print
            return f"<a number of {x.bit_length()} bits>"
        if hasattr(x, "dtype") and hasattr(x, "shape"):
            return self._array(x, level)
        if isinstance(x, Mapping):
            items = (self._item(key, x[key], level) for key in islice(x, self.maxdict))
            return self._bracketed("{", items, "}", len(x), level)
        if isinstance(x, Set | Sequence) and not isinstance(x, range):
            begin, end = "{}" if isinstance(x, Set) else "()" if isinstance(x, tuple) else "[]"
            items = (self.repr1(item, level - 1) for item in islice(x, self.maxlist))
            return self._bracketed(begin, items, end, len(x), level)
        return self.repr_instance(x, level)

    def _item(self, key: Any, value: Any, level: int) -> str:
        return f"{self.repr1(key, level - 1)}: {self.repr1(value, level - 1)}"

    def _bracketed(self, begin: str, items: Iterable[str], end: str, size: int, level: int) -> str:
        if level <= 0 and size:
            return f"{begin}...{end}"
        more = [f"... {size} in all"] if size > self.maxlist else []
        last = "," if begin == "(" and size == 1 else ""
        return begin + ", ".join([*items, *more]) + last + end

    def _array(self, x: Any, level: int) -> str:
        size, kind = getattr(x, "size", None), getattr(x.dtype, "kind", "O")
        if kind == "O" or not isinstance(size, int) or size > 8:
            return f"<{type(x).__name__} of shape {tuple(x.shape)} and type {x.dtype}>"
        return self.repr1(x.item() if x.shape == () else x.tolist(), level)
