# SPDX-License-Identifier: Apache-2.0
"""A transport block of 5G NR in some of the data elements of a slot."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf
from sionna.phy.block import Object
from sionna.phy.mapping import BinarySource, Demapper, Mapper
from sionna.phy.nr import LayerDemapper, LayerMapper, TBDecoder, TBEncoder
from sionna.phy.nr.utils import calculate_tb_size

from ...channel.noise import noise_power
from .configuration import data_elements
from .settings import PUSCHSettings
from .slot_parts import TransportBlockSettings

MAX_ELEMENTS = 156  # of a resource block that count for the size of a block, TS 38.214, 5.1.3.2
MIN_BITS = 24


class TransportBlock(Object):
    r"""Coded bits on a share of the data elements of each layer, or on layers of their own.

    ::

        bits ─ CRC, LDPC, rate matching, scrambling ─ QAM ─ layers ─ symbols
        bits_hat, crc ─ TB decoder ─ layers ─ soft demapper ─ symbols_hat, no_eff

    with the blocks of Sionna's `PUSCHTransmitter` and `PUSCHReceiver`; if it takes all data
    elements, so are its size and its symbols.

    Parameters
    ----------
    settings : `PUSCHSettings`
        Slot, and what of it the block takes

    Raises
    ------
    ValueError
        If there is no such row in the table, or the elements are too few for a block
    """

    def __init__(self, settings: PUSCHSettings) -> None:
        super().__init__(precision=settings.precision)
        chosen = settings.transport_block or TransportBlockSettings()
        config = settings.config
        elements = data_elements(config)
        layers = chosen.num_layers or settings.num_layers
        taken = elements if chosen.num_layers else _share(chosen.share or 0.5, elements)
        spread = np.arange(taken) * elements // max(taken, 1)
        self.positions = (np.arange(layers)[:, np.newaxis] * elements + spread).reshape(-1)
        """Places of the symbols among those of the slot, layer after layer."""
        own = {"precision": self.precision}
        self._encoder = _encoder(settings, chosen, taken, layers)
        # with one encoder for both, a matrix of Sionna's CRC goes from one graph into another
        theirs = _encoder(settings, chosen, taken, layers)
        self._decoder = TBDecoder(theirs, num_bp_iter=chosen.num_iter, **own)
        bits = config.tb.num_bits_per_symbol
        self._mapper, self._demapper = (
            Mapper("qam", bits, **own),
            Demapper("app", "qam", bits, **own),
        )
        self._to_layers = LayerMapper(layers, **own)
        self._from_layers = LayerDemapper(self._to_layers, num_bits_per_symbol=bits, **own)
        self._layers, self._source = layers, BinarySource(**own)
        symbols = self.encode(tf.zeros([1, self.size], self.rdtype))  # outside of graphs, once
        self.decode(symbols, tf.ones(symbols.shape, self.rdtype))

    @property
    def size(self) -> int:
        """Information bits in a slot."""
        return int(self._encoder.k)

    def draw(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Random bits [num_slots, size]."""
        return self._source([num_slots, self.size])

    def encode(self, bits: tf.Tensor) -> tf.Tensor:
        """Symbols [num_slots, len(positions)] of ``bits`` [num_slots, size]."""
        coded = self._encoder(tf.ensure_shape(bits, [None, self.size])[:, tf.newaxis])
        symbols = self._to_layers(self._mapper(coded))
        return tf.reshape(symbols, [-1, len(self.positions)])

    def decode(self, symbols_hat: tf.Tensor, no_eff: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Bits [num_slots, size], and whether the CRC is right [num_slots]."""
        llr = self._demapper(symbols_hat, no_eff)
        bits = llr.shape[-1] // self._layers
        llr = self._from_layers(tf.reshape(llr, [-1, 1, self._layers, bits]))
        bits_hat, right = self._decoder(llr)
        return bits_hat[:, 0], right[:, 0]


def _share(share: float, elements: int) -> int:
    """Elements that are closest to a ``share`` of all, at least one."""
    return max(1, min(math.floor(share * elements + 0.5), elements))


def _encoder(
    settings: PUSCHSettings, chosen: TransportBlockSettings, taken: int, layers: int
) -> TBEncoder:
    """Encoder for ``taken`` elements of each of ``layers``; sizes as `PUSCHConfig` has them."""
    config = settings.config
    received = (
        f"Received: {taken} elements of {layers} layers with mcs_table={chosen.mcs_table}, "
        f"mcs_index={chosen.mcs_index}"
    )
    try:
        order, coderate = int(config.tb.num_bits_per_symbol), float(config.tb.target_coderate)
    except Exception as error:  # of TensorFlow
        raise ValueError(f"`transport_block`: the table has no such row. {received}") from error
    per_block = data_elements(config) / settings.num_resource_blocks
    coded = order * layers * taken
    target = int(coderate * coded * min(1.0, MAX_ELEMENTS / per_block))
    if target < MIN_BITS:
        raise ValueError(
            f"`transport_block` must have room for {MIN_BITS} bits. {received}, room for {target}"
        )
    common = {"num_coded_bits": coded, "target_coderate": coderate, "num_layers": layers}
    size = calculate_tb_size(order, target_tb_size=target, **common)[0]
    try:
        return TBEncoder(
            target_tb_size=int(size),
            num_bits_per_symbol=order,
            n_rnti=settings.n_rnti,
            n_id=settings.n_cell_id if chosen.n_id is None else chosen.n_id,
            precision=settings.precision,
            **common,
        )
    except (AssertionError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"`transport_block`: Sionna refuses it, {reason} {received}") from error


def check_bits(
    bits: tf.Tensor, no: tf.Tensor, size: int, dtype: tf.DType
) -> tuple[tf.Tensor, tf.Tensor]:
    """``bits`` and ``no`` as tensors of type ``dtype``.

    Raises
    ------
    ValueError
        If ``bits`` are not [num_slots, size] or, outside graphs, not zeros and ones, or ``no`` is
        not [] or [num_slots], or no noise power
    """
    bits, no = tf.cast(bits, dtype), noise_power(no, dtype)
    if not bits.shape.is_compatible_with([None, size]):
        raise ValueError(f"`bits` must have shape [num_slots, {size}]. Received: {bits.shape}")
    if no.shape.rank != 0 and not no.shape.is_compatible_with(bits.shape[:1]):
        raise ValueError(
            f"`no` must have shape [] or [num_slots], here {bits.shape[:1]}. "
            f"Received: shape={no.shape}"
        )
    if tf.executing_eagerly() and not np.isin(bits, (0, 1)).all():
        wrong = np.asarray(bits)[~np.isin(bits, (0, 1))].flat[0]
        raise ValueError(f"`bits` must be zeros and ones. Received: {wrong:g}")
    return bits, no
