# SPDX-License-Identifier: Apache-2.0
"""Entropy coding of integers to rows of bits with equal length."""

from __future__ import annotations

from typing import Any

import constriction
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import laplace

_WORD = 32  # bits in a word of the library's range coder


class RangeCode:
    r"""Range coder of symbols from quantized Laplace distributions with zero mean.

    .. math:: P_k(q) = F_k(q + \tfrac12) - F_k(q - \tfrac12), \qquad |q| \leq q_\text{max}

    with the distribution function :math:`F_k` of component :math:`k`. The library writes whole
    words. Here, the number with the fewest bits in the last interval of the coder is used instead.
    Trailing zeros do not change the decoded symbols. A row of bits may therefore be padded with
    zeros, and the number of used bits need not be transmitted.

    Source of range coding: G. N. N. Martin, "Range encoding: an algorithm for removing redundancy
    from a digitised message", 1979. The coder is that of the library constriction.

    Parameters
    ----------
    scales : [num_components], `float`
        Scale of the distribution of each component, in quantizer steps; at least 0.01 is used
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
        # Survival functions are precise in the tails; the library gives no symbol zero probability
        probability = model.sf(symbols - 0.5) - model.sf(symbols + 0.5)
        return -np.log2(np.maximum(probability, 2.0**-24)).sum(-1)

    def encode(self, symbols: ArrayLike, num_bits: int) -> NDArray[np.uint8] | None:
        """Bits [num_bits] of ``symbols`` [num_components], or `None` if they do not fit.

        Raises
        ------
        ValueError
            If the number of symbols differs from the number of components, or a symbol exceeds
            ``limit``
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
            If ``bits`` is not a valid code
        """
        row = np.asarray(bits, np.uint8)
        symbols = self._read(int("".join(map(str, row)) or "0", 2), len(row))
        if symbols is None:
            raise ValueError(
                "`bits` must be those of an encoder. Received bits that no symbols have"
            )
        return symbols

    def length(self, symbols: ArrayLike) -> int:
        """Minimum number of bits for ``symbols`` [num_components]."""
        symbols = self._checked(symbols)
        number, length = self._write(symbols)
        low, high = -1, length  # symbols that fit into n bits fit into n + 1 bits
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
        """Number that the library returns for ``symbols``, and its length in bits."""
        encoder = constriction.stream.queue.RangeEncoder()
        encoder.encode(symbols, self._model, self._means, self.scales)
        words = np.asarray(encoder.get_compressed(), ">u4")
        return int.from_bytes(words.tobytes(), "big"), _WORD * len(words)

    def _read(self, number: int, length: int) -> NDArray[np.int32] | None:
        """Symbols of a number of ``length`` bits with trailing zeros, or `None`."""
        padding = -length % _WORD + 2 * _WORD  # the decoder reads two words ahead
        data = (number << padding).to_bytes((length + padding) // 8, "big")
        decoder = constriction.stream.queue.RangeDecoder(np.frombuffer(data, ">u4").astype("u4"))
        try:
            return np.asarray(decoder.decode(self._model, self._means, self.scales), np.int32)
        except AssertionError:  # raised by the library for an invalid number
            return None

    def _shorten(
        self, symbols: NDArray[np.int32], number: int, length: int, num_bits: int
    ) -> int | None:
        """Number of ``num_bits`` that is decoded to ``symbols``, or `None`.

        Numbers that are decoded to ``symbols`` form an interval around ``number``. If any of them
        has only ``num_bits`` bits, one of the two closest numbers of this length is in it.
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
    """Binary digits of ``number``, most significant digit first."""
    return np.array([number >> shift & 1 for shift in reversed(range(num_bits))], np.uint8)
