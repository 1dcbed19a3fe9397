# SPDX-License-Identifier: Apache-2.0
"""Checks of the structure of an HDF5 file before its values are read."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5l, h5o, h5t, h5z

from ._limits import Budget, brief

OBJECT_BYTES = 64  # overhead of a Python string
_MOST_COMPRESSED = 2000  # above the largest ratio of deflate, 1032
_LZF_MOST_COMPRESSED = 90
_DEPTH = 64  # maximum nesting of groups
_HARMLESS = 2**26  # bytes; smaller decompressed chunks are not checked
_LZF = 32000
_COMPRESSORS = (h5z.FILTER_DEFLATE, _LZF)
_BEFORE_COMPRESSION = (h5z.FILTER_SHUFFLE, h5z.FILTER_SCALEOFFSET, h5z.FILTER_FLETCHER32)


def check_file(file: h5py.File, budget: Budget, file_size: int, only_numbers: bool) -> None:
    """Check that a file refers to no other file, has no cycles, and fits in the memory budget.

    Parameters
    ----------
    file : `h5py.File`
        The open file
    budget : :class:`~sionna_semcom._limits.Budget`
        Memory budget
    file_size : `int`
        Size of the file on the disk [bytes]
    only_numbers : `bool`
        Whether datasets must contain numbers

    Raises
    ------
    ValueError
        If the file is rejected. The message names the object.
    """
    budget.spend(_Walk(budget, file_size, only_numbers).total(file.id), "the declared content")


class _Walk:
    """Traversal of all objects of a file, by address, with their sizes and members."""

    def __init__(self, budget: Budget, file_size: int, only_numbers: bool) -> None:
        self._budget, self._file_size, self._only_numbers = budget, file_size, only_numbers
        self._sizes: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}
        self._soft_links: list[tuple[h5g.GroupID, bytes, str]] = []

    def total(self, file: h5py.h5f.FileID) -> int:
        """Total size of all datasets [bytes], where each is counted once per path to it."""
        root = h5o.open(file, b"/")
        queue = [(root, "")]
        self._enter(root, "/")
        while queue:
            group, name = queue.pop()
            queue += self._follow(group, name)
        for group, link, name in self._soft_links:
            self._members[_address(group)].append(self._target(group, link, name))
        return self._sum(_address(root), {}, 0)

    def _follow(self, group: h5g.GroupID, name: str) -> list[tuple[h5g.GroupID, str]]:
        """Record the members of a group, and return the groups that were not recorded before."""
        found: list[tuple[h5g.GroupID, str]] = []
        for link, kind in _links(group, self._file_size):
            inner = f"{name}/{link.decode('utf-8', 'replace')}".lstrip("/")
            if kind == h5l.TYPE_SOFT:
                self._soft_links.append((group, link, inner))
            elif kind != h5l.TYPE_HARD:
                raise ValueError(f"{brief(inner)} is a link to another file (unsupported)")
            else:
                item = h5o.open(group, link)
                is_new = self._enter(item, inner)
                self._members[_address(group)].append(_address(item))
                found += [(item, inner)] if is_new and isinstance(item, h5g.GroupID) else []
        return found

    def _target(self, group: h5g.GroupID, link: bytes, name: str) -> int:
        try:
            return _address(h5o.open(group, link))
        except (KeyError, OSError, RuntimeError):  # RuntimeError for cyclic links
            raise ValueError(f"{brief(name)} is a link to a missing object") from None

    def _enter(self, item: Any, name: str) -> bool:
        """Record an object, and return whether it is new."""
        address = _address(item)
        if address in self._sizes:
            return False
        name = brief(name)
        self._members[address] = []
        self._sizes[address] = 0
        if isinstance(item, h5d.DatasetID):
            self._sizes[address] = self._dataset(item, name)
        if not isinstance(item, h5t.TypeID):
            self._attributes(item, name)
        return True

    def _dataset(self, dataset: h5d.DatasetID, name: str) -> int:
        """Size of a dataset [bytes], whose values must be stored in this file."""
        made = dataset.get_create_plist()
        if made.get_layout() == h5d.VIRTUAL:
            raise ValueError(f"{name} is a virtual dataset, which reads other files")
        if made.get_external_count():
            raise ValueError(f"{name} has external storage, which reads other files")
        kind = dataset.get_type()
        if self._only_numbers and kind.get_class() not in (h5t.INTEGER, h5t.FLOAT, h5t.ENUM):
            raise ValueError(f"{name} must contain numbers")
        size = _declared(dataset, kind)
        if made.get_layout() == h5d.CHUNKED:
            chunk = math.prod(made.get_chunk()) * kind.get_size()
            self._check_size(chunk, f"a chunk of {name}")
            self._filters(dataset, made, chunk, name)
        self._check_size(size, name)
        return size

    def _check_size(self, size: int, name: str) -> None:
        if size > _MOST_COMPRESSED * self._file_size:
            raise ValueError(f"{name} declares {size} bytes, more than the file can contain")
        if size > self._budget.limit:
            self._budget.spend(size, name)

    def _filters(self, dataset: h5d.DatasetID, made: Any, chunk: int, name: str) -> None:
        """Reject unsupported filters, and chunks that decompress to more than their size."""
        filters = [made.get_filter(n) for n in range(made.get_nfilters())]
        codes = [code for code, *_ in filters]
        packed = [n for n, code in enumerate(codes) if code in _COMPRESSORS]
        last = packed[0] if packed else len(codes)
        if (
            len(packed) > 1
            or any(code not in _BEFORE_COMPRESSION for code in codes[:last])
            or any(code != h5z.FILTER_FLETCHER32 for code in codes[last + 1 :])
        ):
            raise ValueError(
                f"{name} has filters {codes}. Supported are gzip (1) or LZF ({_LZF}), after "
                "shuffle (2) and scale-offset (6), and Fletcher32 (3)"
            )
        for code, _, values, _ in filters:
            if code == h5z.FILTER_SCALEOFFSET and values[2] != math.prod(made.get_chunk()):
                raise ValueError(f"{name} has chunks whose size differs from that of its filter")
        if packed:
            self._chunks(dataset, codes[last], chunk, name)

    def _chunks(self, dataset: h5d.DatasetID, code: int, chunk: int, name: str) -> None:
        factor = _LZF_MOST_COMPRESSED if code == _LZF else _MOST_COMPRESSED
        large: list[tuple[int, ...]] = []

        def look(info: Any) -> None:
            if info.size > self._file_size:
                raise ValueError(f"{name} has chunks that are larger than the file")
            if info.size * factor > max(_HARMLESS, chunk):
                large.append(info.chunk_offset)
            if code == _LZF and info.size * factor > self._budget.limit:
                raise ValueError(f"{name} has chunks that are too large to decompress safely")

        dataset.chunk_iter(look)
        for offset in large if code != _LZF else ():
            skipped, raw = dataset.read_direct_chunk(offset)
            if not skipped and _inflates_above(raw, chunk):
                raise ValueError(f"{name} has a chunk that decompresses to more than its size")

    def _attributes(self, item: Any, name: str) -> None:
        """Check attributes, which are always read completely. Strings may share their content."""
        for number in range(h5a.get_num_attrs(item)):
            attribute = h5a.open(item, index=number)
            where = brief(f"attribute {attribute.name.decode('utf-8', 'replace')} of {name}")
            kind = attribute.get_type()
            size = _declared(attribute, kind)
            if size > self._file_size:
                raise ValueError(f"{where} declares {size} bytes, more than the file")
            if not _has_references(kind):
                self._budget.spend(size, where)
                continue
            count = size // kind.get_size()
            most = count * (self._file_size + OBJECT_BYTES)
            if kind.get_class() != h5t.STRING or most > self._budget.left:
                self._budget.spend(most, where)
            elif count:
                values = np.empty(attribute.shape, attribute.dtype)
                attribute.read(values)
                lengths = sum(len(text) for text in values.flat)
                self._budget.spend(lengths + count * OBJECT_BYTES, where)

    def _sum(self, address: int, known: dict[int, int | None], depth: int) -> int:
        """Total size below an object [bytes], where each object is counted once per path to it."""
        if address not in known:
            if depth > _DEPTH:
                raise ValueError(f"its groups are nested deeper than {_DEPTH} levels")
            known[address] = None  # in progress; found again only in a cycle
            below = (self._sum(member, known, depth + 1) for member in self._members[address])
            known[address] = self._sizes[address] + sum(below)
        found = known[address]
        if found is None:
            raise ValueError("its links form a cycle")
        return found


def _links(group: h5g.GroupID, most: int) -> list[tuple[bytes, int]]:
    """Names and types of the links in a group, without following them."""
    found: list[tuple[bytes, int]] = []

    def note(name: bytes, info: Any) -> None:
        found.append((name, info.type))
        if len(found) > most:
            raise ValueError("a group has more members than the file has bytes")

    iterate: Callable[..., Any] = group.links.iterate
    iterate(note, info=True)
    return found


def _address(item: Any) -> int:
    return int(h5o.get_info(item).addr)


def _declared(item: Any, kind: h5t.TypeID) -> int:
    """Declared size of a dataset or attribute [bytes]. An empty axis counts as one entry."""
    space = item.get_space()
    if space.get_simple_extent_type() == h5py.h5s.NULL:
        return 0
    return math.prod(max(1, size) for size in space.get_simple_extent_dims()) * kind.get_size()


def _has_references(kind: h5t.TypeID) -> bool:
    """Whether values have variable length, and are stored elsewhere in the file."""
    if kind.get_class() == h5t.STRING:
        return bool(kind.is_variable_str())
    text_within = kind.get_class() in (h5t.COMPOUND, h5t.ARRAY) and kind.detect_class(h5t.STRING)
    return bool(kind.detect_class(h5t.VLEN) or text_within)


def _inflates_above(raw: bytes, size: int) -> bool:
    """Whether deflated data decompress to more than ``size`` bytes plus a filter header."""
    unpacked, bound = zlib.decompressobj(), size + 64
    try:
        return len(unpacked.decompress(raw, bound + 1)) > bound
    except zlib.error:
        return False  # HDF5 reports the error when it reads the chunk
