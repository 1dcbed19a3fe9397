# SPDX-License-Identifier: Apache-2.0
"""Entropy coding of whole numbers into rows of bits of one length."""

from __future__ import annotations

from typing import Any

import constriction
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import laplace

_WORD = 32  # bits in a word of the library's range coder


class RangeCode:
    r"""Range coder of symbols from quantized Laplace distributions of zero mean.

    .. math:: P_k(q) = F_k(q + \tfrac12) - F_k(q - \tfrac12), \qquad |q| \leq q_\text{max}

    with the distribution function :math:`F_k` of component :math:`k`. The library's coder writes
    whole words. Of all numbers in the coder's last interval, the one with the fewest bits is taken
    instead, and zeros behind it do not change what is decoded: a row of bits of any length at least
    as long carries the symbols, and nothing needs to tell where they end.

    Parameters
    ----------
    scales : [num_components], `float`
        Scale of each component's distribution, in steps of the quantizer; at least 0.01 is used
    limit : `int`
        Largest magnitude :math:`q_\text{max}` of a symbol

    Raises
    ------
    ValueError
        If there is no component, a scale is negative or not finite, or ``limit`` is not positive
    """

    def __init__(self, scales: ArrayLike, limit: int = 127) -> None:
        self.scales = np.asarray(scales, np.float64)
        finite = np.all(np.isfinite(self.scales)) and np.all(self.scales >= 0)
        if self.scales.ndim != 1 or not len(self.scales) or not finite:
            raise ValueError(
                f"`scales` must be a list of finite numbers, none negative. Received: {scales!r}"
            )
        if limit < 1:
            raise ValueError(f"`limit` must be positive. Received: {limit}")
        self.scales = np.maximum(self.scales, 1e-2)
        self.limit = limit
        self._means = np.zeros(len(self.scales))
        self._model = constriction.stream.model.QuantizedLaplace(-limit, limit)

    def information(self, symbols: ArrayLike) -> NDArray[np.float64]:
        """Information [bit] of each row of ``symbols`` [..., num_components]."""
        symbols = np.abs(np.asarray(symbols, np.float64))
        model = laplace(scale=self.scales)
        # Survival functions keep their precision in the tails; the library lets no symbol vanish
        probability = model.sf(symbols - 0.5) - model.sf(symbols + 0.5)
        return -np.log2(np.maximum(probability, 2.0**-24)).sum(-1)

    def encode(self, symbols: ArrayLike, num_bits: int) -> NDArray[np.uint8] | None:
        """Bits [num_bits] of ``symbols`` [num_components], or `None` if they do not fit.

        Raises
        ------
        ValueError
            If symbols are not as many as components, or exceed ``limit``
        """
        symbols = self._checked(symbols)
        number, length = self._write(symbols)
        found = self._shorten(symbols, number, length, num_bits)
        return None if found is None else _to_bits(found, num_bits)

    def decode(self, bits: ArrayLike) -> NDArray[np.int32]:
        """Symbols [num_components] of ``bits`` [num_bits].

        Raises
        ------
        ValueError
            If no symbols have such bits
        """
        row = np.asarray(bits, np.uint8)
        symbols = self._read(int("".join(map(str, row)) or "0", 2), len(row))
        if symbols is None:
            raise ValueError(
                "`bits` must be those of an encoder. Received bits that no symbols have"
            )
        return symbols

    def length(self, symbols: ArrayLike) -> int:
        """Fewest bits that carry ``symbols`` [num_components]."""
        symbols = self._checked(symbols)
        number, length = self._write(symbols)
        low, high = -1, length  # what fits in n bits fits in n + 1
        while high - low > 1:
            middle = (low + high) // 2
            fits = self._shorten(symbols, number, length, middle) is not None
            low, high = (low, middle) if fits else (middle, high)
        return high

    def _checked(self, symbols: ArrayLike) -> NDArray[np.int32]:
        values = np.asarray(symbols, np.int32)
        if values.shape != self.scales.shape or np.max(np.abs(values)) > self.limit:
            raise ValueError(
                f"`symbols` must be {len(self.scales)} whole numbers of magnitudes up to "
                f"{self.limit}. Received: {values}"
            )
        return values

    def _write(self, symbols: NDArray[np.int32]) -> tuple[int, int]:
        """The library's number for ``symbols``, and its length in bits."""
        encoder = constriction.stream.queue.RangeEncoder()
        encoder.encode(symbols, self._model, self._means, self.scales)
        words = np.asarray(encoder.get_compressed(), ">u4")
        return int.from_bytes(words.tobytes(), "big"), _WORD * len(words)

    def _read(self, number: int, length: int) -> NDArray[np.int32] | None:
        """Symbols of a number of ``length`` bits with zeros behind it, or `None`."""
        padding = -length % _WORD + 2 * _WORD  # the decoder looks two words ahead
        data = (number << padding).to_bytes((length + padding) // 8, "big")
        decoder = constriction.stream.queue.RangeDecoder(np.frombuffer(data, ">u4").astype("u4"))
        try:
            return np.asarray(decoder.decode(self._model, self._means, self.scales), np.int32)
        except AssertionError:  # how the library says that no symbols have this number
            return None

    def _shorten(
        self, symbols: NDArray[np.int32], number: int, length: int, num_bits: int
    ) -> int | None:
        """A number of ``num_bits`` that reads as ``symbols``, or `None`.

        The numbers that do form an interval around ``number``; if any of them has so few bits,
        then one of the two next to it has.
        """
        if num_bits >= length:
            return number << (num_bits - length)
        below = number >> (length - num_bits)
        for candidate in (below, below + 1):
            if candidate >> num_bits:
                continue
            read: Any = self._read(candidate, num_bits)
            if read is not None and np.array_equal(read, symbols):
                return candidate
        return None


def _to_bits(number: int, num_bits: int) -> NDArray[np.uint8]:
    """Binary digits of ``number``, the first the most significant."""
    return np.array([number >> shift & 1 for shift in reversed(range(num_bits))], np.uint8)
