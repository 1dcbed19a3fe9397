# SPDX-License-Identifier: Apache-2.0
"""Transport block of 5G NR in a part of the data elements of a slot."""

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

MAX_ELEMENTS = 156  # counted resource elements per resource block, TS 38.214, section 5.1.3.2
MIN_BITS = 24


class TransportBlock(Object):
    r"""Coded bits on a share of the data elements of each layer, or on separate layers.

    ::

        bits ─ CRC, LDPC, rate matching, scrambling ─ QAM ─ layers ─ symbols
        bits_hat, crc ─ TB decoder ─ layers ─ soft demapper ─ symbols_hat, no_eff

    The steps are those of Sionna's `PUSCHTransmitter` and `PUSCHReceiver` (3GPP TS 38.212, section
    6.2, and TS 38.214, section 6.1.4). If the transport block occupies all data elements, its size
    and symbols equal those of Sionna's transmitter.

    Parameters
    ----------
    settings : `PUSCHSettings`
        Settings of the slot and of its transport block

    Raises
    ------
    ValueError
        If the MCS table has no such row, or there are too few elements for a transport block
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
        """Indices of the symbols in the data elements of the slot, ordered by layer."""
        own = {"precision": self.precision}
        self._encoder = _encoder(settings, chosen, taken, layers)
        # the decoder has its own encoder, because a matrix of Sionna's CRC must not be shared
        # between graphs
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
        symbols = self.encode(tf.zeros([1, self.size], self.rdtype))  # builds blocks outside graphs
        self.decode(symbols, tf.ones(symbols.shape, self.rdtype))

    @property
    def size(self) -> int:
        """Number of information bits per slot."""
        return int(self._encoder.k)

    def draw(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Draw random bits [num_slots, size]."""
        return self._source([num_slots, self.size])

    def encode(self, bits: tf.Tensor) -> tf.Tensor:
        """Encode ``bits`` [num_slots, size] to symbols [num_slots, len(positions)]."""
        coded = self._encoder(tf.ensure_shape(bits, [None, self.size])[:, tf.newaxis])
        symbols = self._to_layers(self._mapper(coded))
        return tf.reshape(symbols, [-1, len(self.positions)])

    def decode(self, symbols_hat: tf.Tensor, no_eff: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Decode symbols to bits [num_slots, size] and CRC check results [num_slots]."""
        llr = self._demapper(symbols_hat, no_eff)
        bits = llr.shape[-1] // self._layers
        llr = self._from_layers(tf.reshape(llr, [-1, 1, self._layers, bits]))
        bits_hat, right = self._decoder(llr)
        return bits_hat[:, 0], right[:, 0]


def _share(share: float, elements: int) -> int:
    """Number of elements closest to a ``share`` of ``elements``, at least one."""
    return max(1, min(math.floor(share * elements + 0.5), elements))


def _encoder(
    settings: PUSCHSettings, chosen: TransportBlockSettings, taken: int, layers: int
) -> TBEncoder:
    """Encoder for ``taken`` elements per layer; sizes are computed as in `PUSCHConfig`."""
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
            f"`transport_block` must contain at least {MIN_BITS} bits. {received}, {target} bits"
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
        raise ValueError(f"`transport_block`: Sionna rejects it: {reason} {received}") from error


def check_bits(
    bits: tf.Tensor, no: tf.Tensor, size: int, dtype: tf.DType
) -> tuple[tf.Tensor, tf.Tensor]:
    """Check ``bits`` and ``no``, and convert them to tensors of type ``dtype``.

    Raises
    ------
    ValueError
        If ``bits`` do not have shape [num_slots, size] or, outside graphs, are not zeros and ones,
        or ``no`` does not have shape [] or [num_slots] or is not a noise power
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
