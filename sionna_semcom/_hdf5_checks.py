# SPDX-License-Identifier: Apache-2.0
"""What an HDF5 file may hold, looked through before anything of it is read."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5l, h5o, h5t, h5z

from ._limits import Budget, brief

OBJECT_BYTES = 64  # of a string in Python, without its characters
_MOST_COMPRESSED = 2000  # deflate reaches 1032
_LZF_MOST_COMPRESSED = 90
_DEPTH = 64  # of groups
_HARMLESS = 2**26  # bytes to which a chunk may grow unseen
_LZF = 32000
_COMPRESSORS = (h5z.FILTER_DEFLATE, _LZF)
_BEFORE_COMPRESSION = (h5z.FILTER_SHUFFLE, h5z.FILTER_SCALEOFFSET, h5z.FILTER_FLETCHER32)


def check_file(file: h5py.File, budget: Budget, file_size: int, only_numbers: bool) -> None:
    """Refuse what reads other files, forms a cycle, or takes more memory than the budget.

    Raises
    ------
    ValueError
        Naming what is refused
    """
    budget.spend(_Walk(budget, file_size, only_numbers).total(file.id), "all that it declares")


class _Walk:
    """The objects of a file by their addresses: what each takes, and which it leads to."""

    def __init__(self, budget: Budget, file_size: int, only_numbers: bool) -> None:
        self._budget, self._file_size, self._only_numbers = budget, file_size, only_numbers
        self._sizes: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}
        self._soft_links: list[tuple[h5g.GroupID, bytes, str]] = []

    def total(self, file: h5py.h5f.FileID) -> int:
        """Bytes of all datasets, each as often as a path leads to it."""
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
        """Enter the members of a group; groups among them that were not entered before."""
        found: list[tuple[h5g.GroupID, str]] = []
        for link, kind in _links(group, self._file_size):
            inner = f"{name}/{link.decode('utf-8', 'replace')}".lstrip("/")
            if kind == h5l.TYPE_SOFT:
                self._soft_links.append((group, link, inner))
            elif kind != h5l.TYPE_HARD:
                raise ValueError(f"{brief(inner)} is a link to another file, which is not followed")
            else:
                item = h5o.open(group, link)
                is_new = self._enter(item, inner)
                self._members[_address(group)].append(_address(item))
                found += [(item, inner)] if is_new and isinstance(item, h5g.GroupID) else []
        return found

    def _target(self, group: h5g.GroupID, link: bytes, name: str) -> int:
        try:
            return _address(h5o.open(group, link))
        except (KeyError, OSError, RuntimeError):  # the last for links in a circle
            raise ValueError(f"{brief(name)} is a link to what the file does not have") from None

    def _enter(self, item: Any, name: str) -> bool:
        """Note an object; whether it was not known before."""
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
        """Bytes of a dataset, which must have all that it holds in this file."""
        made = dataset.get_create_plist()
        if made.get_layout() == h5d.VIRTUAL:
            raise ValueError(f"{name} is a virtual dataset, which reads other files")
        if made.get_external_count():
            raise ValueError(f"{name} has external storage, which reads other files")
        kind = dataset.get_type()
        if self._only_numbers and kind.get_class() not in (h5t.INTEGER, h5t.FLOAT, h5t.ENUM):
            raise ValueError(f"{name} must hold numbers")
        size = _declared(dataset, kind)
        if made.get_layout() == h5d.CHUNKED:
            chunk = math.prod(made.get_chunk()) * kind.get_size()
            self._check_size(chunk, f"a chunk of {name}")
            self._filters(dataset, made, chunk, name)
        self._check_size(size, name)
        return size

    def _check_size(self, size: int, name: str) -> None:
        if size > _MOST_COMPRESSED * self._file_size:
            raise ValueError(f"{name} says that it has {size} bytes, more than the file can")
        if size > self._budget.limit:
            self._budget.spend(size, name)

    def _filters(self, dataset: h5d.DatasetID, made: Any, chunk: int, name: str) -> None:
        """Refuse filters that are not known, and chunks that grow beyond their size."""
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
                f"{name} is packed by filters {codes}. Read are gzip (1) or LZF ({_LZF}), after "
                "shuffle (2) and scale-offset (6), and Fletcher32 (3)"
            )
        for code, _, values, _ in filters:
            if code == h5z.FILTER_SCALEOFFSET and values[2] != math.prod(made.get_chunk()):
                raise ValueError(f"{name} has chunks of another size than its filter")
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
                raise ValueError(f"{name} has chunks too large to be unpacked with care")

        dataset.chunk_iter(look)
        for offset in large if code != _LZF else ():
            skipped, raw = dataset.read_direct_chunk(offset)
            if not skipped and _inflates_above(raw, chunk):
                raise ValueError(f"{name} has a chunk that unpacks to more than its size")

    def _attributes(self, item: Any, name: str) -> None:
        """Attributes, which are read whole: strings of any length may share what they stand for."""
        for number in range(h5a.get_num_attrs(item)):
            attribute = h5a.open(item, index=number)
            where = brief(f"attribute {attribute.name.decode('utf-8', 'replace')} of {name}")
            kind = attribute.get_type()
            size = _declared(attribute, kind)
            if size > self._file_size:
                raise ValueError(f"{where} says that it has {size} bytes, more than the file")
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
        """Bytes below an object, each as often as a path leads there."""
        if address not in known:
            if depth > _DEPTH:
                raise ValueError(f"its groups are nested deeper than {_DEPTH} levels")
            known[address] = None  # until all below it is known
            below = (self._sum(member, known, depth + 1) for member in self._members[address])
            known[address] = self._sizes[address] + sum(below)
        found = known[address]
        if found is None:
            raise ValueError("its links form a cycle")
        return found


def _links(group: h5g.GroupID, most: int) -> list[tuple[bytes, int]]:
    """Names and kinds of the links in a group, none of which is followed."""
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
    """Bytes that a dataset or attribute says it has; an axis without values counts as one."""
    space = item.get_space()
    if space.get_simple_extent_type() == h5py.h5s.NULL:
        return 0
    return math.prod(max(1, size) for size in space.get_simple_extent_dims()) * kind.get_size()


def _has_references(kind: h5t.TypeID) -> bool:
    """Whether values are of any length, and stand elsewhere in the file."""
    if kind.get_class() == h5t.STRING:
        return bool(kind.is_variable_str())
    text_within = kind.get_class() in (h5t.COMPOUND, h5t.ARRAY) and kind.detect_class(h5t.STRING)
    return bool(kind.detect_class(h5t.VLEN) or text_within)


def _inflates_above(raw: bytes, size: int) -> bool:
    """Whether deflated data are longer than ``size`` (and a header of the filter before)."""
    unpacked, bound = zlib.decompressobj(), size + 64
    try:
        return len(unpacked.decompress(raw, bound + 1)) > bound
    except zlib.error:
        return False  # HDF5 says what is wrong
