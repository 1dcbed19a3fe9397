# SPDX-License-Identifier: Apache-2.0
"""Coded bits over any link, with the 5G LDPC code and QAM."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from sionna.phy import Block
from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder
from sionna.phy.mapping import Demapper, Mapper

from ..metrics import ber, bler
from .base import Link
from .checked_input import at_least_one
from .figures import collecting, wanted

BIT_METRICS = ("bler", "ber")
"""Metrics of bits. Bits that a link carries itself have the same metric names."""


def as_of_link(name: str) -> str:
    """Name of a metric of a link that carries bits with their own metrics."""
    return f"link/{name}" if name in BIT_METRICS else name


def codeword_symbols(num_info_bits: int, coderate: float, num_bits_per_symbol: int) -> int:
    """Number of QAM symbols per codeword, see :class:`CodedTransmission`.

    Raises
    ------
    ValueError
        If a parameter is out of range
    """
    if not 12 <= num_info_bits <= 8448:
        raise ValueError(f"`num_info_bits` must be in [12, 8448]. Received: {num_info_bits}")
    if not coderate > 0:
        raise ValueError(f"`coderate` must be positive. Received: {coderate}")
    if num_bits_per_symbol < 2 or num_bits_per_symbol % 2:
        raise ValueError(
            f"`num_bits_per_symbol` must be even and positive. Received: {num_bits_per_symbol}"
        )
    symbols = math.ceil(round(num_info_bits / (coderate * num_bits_per_symbol), 6))
    coded = symbols * num_bits_per_symbol
    if not 0.2 <= num_info_bits / coded <= 0.95:
        raise ValueError(
            "`coderate` must be in [0.2, 0.95] after rounding to whole symbols. "
            f"Received: {coderate}, which is rounded to {num_info_bits}/{coded}"
        )
    return symbols


class CodedTransmission(Block):
    r"""Sends bits over a link with the LDPC code of 5G NR and QAM.

    ::

        bits ─ LDPC encoder ─ QAM mapper ─ link ─ soft demapper ─ LDPC decoder ─ bits_hat
                                                  no_eff

    A row of bits is one codeword. Its length is rounded up to whole QAM symbols,

    .. math:: n = m \left\lceil \frac{k}{rm} \right\rceil

    with :math:`k` information bits, :math:`m` bits per symbol and code rate :math:`r`. The code is
    specified in 3GPP TS 38.212, section 5.3.2.

    Systems that use this block have the metrics ``bler`` (block error rate) and ``ber`` (bit error
    rate) of its codewords. If ``link`` carries bits itself, their metrics are ``link/bler`` and
    ``link/ber``.

    Parameters
    ----------
    link : :class:`~sionna_semcom.link.Link`
        Link that carries the symbols

    num_info_bits : `int`
        Information bits per codeword, :math:`k`, from 12 to 8448

    coderate : `float`
        Code rate :math:`r`, from 0.2 to 0.95

    num_bits_per_symbol : `int`
        Bits per QAM symbol, :math:`m`, an even number

    num_iter : `int`, (default 20)
        Decoding iterations

    precision : `None` (default) | "single" | "double"
        Precision of the output; by default the precision of Sionna's configuration

    Input
    -----
    bits : [batch, num_info_bits], `tf.float`
        Information bits

    no : [] or [batch], `tf.float`
        Noise power per receive antenna

    Output
    ------
    bits_hat : [batch, num_info_bits], `tf.float`
        Decoded information bits, after hard decision

    Raises
    ------
    ValueError
        If a parameter is out of range, ``bits`` have an invalid shape or, outside graphs, are not
        zeros and ones, or ``no`` is invalid for ``link``
    """

    autograph_info__: Mapping[str, Any] = MappingProxyType({})  # not converted by AutoGraph
    __call__ = tf.autograph.experimental.do_not_convert(Block.__call__)

    def __init__(
        self,
        link: Link,
        num_info_bits: int,
        coderate: float,
        num_bits_per_symbol: int,
        num_iter: int = 20,
        precision: Literal["single", "double"] | None = None,
    ) -> None:
        super().__init__(precision=precision)
        self.num_symbols = codeword_symbols(num_info_bits, coderate, num_bits_per_symbol)
        self.link = link
        self.num_info_bits = num_info_bits
        self.num_bits_per_symbol = num_bits_per_symbol
        num_coded_bits = self.num_symbols * num_bits_per_symbol
        own = {"precision": self.precision}
        self._encoder = LDPC5GEncoder(num_info_bits, num_coded_bits, num_bits_per_symbol, **own)
        self._decoder = LDPC5GDecoder(self._encoder, num_iter=num_iter, **own)
        self._mapper = Mapper("qam", num_bits_per_symbol, **own)
        self._demapper = Demapper("app", "qam", num_bits_per_symbol, **own)

    def call(self, bits: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Send ``bits`` at noise power ``no``."""
        bits = tf.convert_to_tensor(bits)
        self._check(bits)
        symbols = self.encode(at_least_one(bits))[: tf.shape(bits)[0]]
        symbols_hat, no_eff = self._carry(symbols, no)
        bits_hat = self.decode(at_least_one(symbols_hat), at_least_one(no_eff))
        bits_hat = tf.ensure_shape(bits_hat[: tf.shape(bits)[0]], bits.shape)
        if (collection := wanted()) is not None:
            collection.note({"bler": bler(bits, bits_hat), "ber": ber(bits, bits_hat)})
        return bits_hat

    def _carry(self, symbols: tf.Tensor, no: tf.Tensor) -> Any:
        """Send ``symbols``, and rename the metrics of bits that the link carries itself."""
        collection = wanted()
        if collection is None:
            return self.link(symbols, no)
        with collecting() as others:
            output = self.link(symbols, no)
        figures = others.figures().items()
        collection.note({as_of_link(name): figure for name, figure in figures})
        return output

    def encode(self, bits: tf.Tensor) -> tf.Tensor:
        """Encode and map ``bits`` [batch, num_info_bits] to symbols [batch, num_symbols]."""
        symbols: tf.Tensor = self._mapper(self._encoder(bits))
        return symbols

    def decode(self, symbols_hat: tf.Tensor, no_eff: tf.Tensor) -> tf.Tensor:
        """Demap and decode the output of a link to bits [batch, num_info_bits]."""
        bits_hat: tf.Tensor = self._decoder(self._demapper(symbols_hat, no_eff))
        return bits_hat

    def _check(self, bits: tf.Tensor) -> None:
        if not bits.shape.is_compatible_with([None, self.num_info_bits]):
            raise ValueError(
                f"`bits` must have shape [batch, {self.num_info_bits}]. "
                f"Received: shape={bits.shape}"
            )
        if tf.executing_eagerly():
            wrong = ~np.isin(bits, (0, 1))
            if wrong.any():
                raise ValueError(
                    "`bits` must be zeros and ones. Received: "
                    f"{bits.numpy()[wrong][0]:g} in row {np.argwhere(wrong)[0, 0]}"
                )

    @property
    def ebno_offset_db(self) -> float:
        """Difference [dB] between the SNR and :math:`E_b/N_0`; see `Link.ebno_offset_db`."""
        coderate = self.num_info_bits / (self.num_symbols * self.num_bits_per_symbol)
        return self.link.ebno_offset_db(self.num_bits_per_symbol, coderate)

    def noise_power(self, ebno_db: float | tf.Tensor) -> tf.Tensor:
        """Noise power at :math:`E_b/N_0` [dB], see :func:`~sionna.phy.utils.ebnodb2no`."""
        snr_db = tf.cast(ebno_db, self.rdtype) + self.ebno_offset_db
        return tf.pow(tf.cast(10.0, self.rdtype), -snr_db / 10.0)

    def channel_uses(self, num_latents: int = 1) -> int:
        """Complex channel uses of the link for ``num_latents`` codewords."""
        return self.link.channel_uses(self.num_symbols, num_latents)
