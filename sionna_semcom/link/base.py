# SPDX-License-Identifier: Apache-2.0
"""Interface of all links."""

from __future__ import annotations

import functools
import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import tensorflow as tf
from sionna.phy.utils import ebnodb2no

from .._parts import Registry, validated
from ..channel.drawn import DrawnPart
from ..channel.settings import CHANNELS, ChannelSettings
from .checked_input import INPUT_SHAPES, Transmit, check_input, transmit_apart

LINKS = Registry("links", CHANNELS, package="sionna_semcom.link")
"""Links by ``kind``; a study can name a MIMO channel instead of a link."""

EBNO_AXIS = "ebno_db"


class LinkSettings(ChannelSettings):
    """Settings of any link."""

    transmitters: ClassVar[tuple[str, ...]] = ("joint",)
    """Whether symbols come from one transmitter ("joint") or from several ("separate")"""

    @property
    def estimator_files(self) -> Mapping[str, str]:
        """SHA-256 of the files of a learned estimator; none by default."""
        return {}


class Link(DrawnPart):
    r"""A chain from complex symbols at the transmitter to equalized symbols at the receiver.

    .. math:: \hat{x}_{b,s} = x_{b,s} + w_{b,s}, \qquad \mathbb{E}|w_{b,s}|^2 = N_{b,s}

    where :math:`N_{b,s}` is reported as ``no_eff``. Antennas, streams, pilots, precoding,
    estimation, equalization and packing are part of the link. The SNR is the ratio of the total
    transmit power per resource element to the noise power per receive antenna. Channel
    coefficients have unit average power. The transmit power is one, so that ``no`` is the inverse
    of the (linear) SNR.

    Gradients flow from ``symbols_hat`` to ``symbols``. Invalid rows do not affect other rows. In a
    graph, a row is invalid if a symbol is not finite or larger than 1e4. Its output is NaN, and
    the output of the other rows is the same as if the invalid row were zero. The output of an
    empty batch is empty.

    Parameters
    ----------
    settings :
        Fields of `settings_class`, a `LinkSettings`

    Input
    -----
    symbols : [batch, num_symbols], `tf.complex`
        Symbols of unit average power
    no : [] or [batch], `tf.float`
        Noise power per receive antenna

    Output
    ------
    symbols_hat : [batch, num_symbols], `tf.complex`
        Equalized symbols, scaled without bias
    no_eff : [batch, num_symbols], `tf.float`
        Noise power left on each symbol after equalization

    Raises
    ------
    ValueError
        If ``symbols`` is not a complex matrix or, outside graphs, not finite or larger than 1e4; or
        if ``no`` is neither a scalar nor one value per row, or NaN, infinite or negative. In a
        graph without XLA, an invalid ``no`` raises `tf.errors.InvalidArgumentError`. Under XLA,
        the output is NaN
    """

    settings_class = LinkSettings
    resource_grid: Any = None
    input_shapes: ClassVar[Mapping[int, str]] = INPUT_SHAPES
    """Accepted shapes of ``symbols``, by rank."""

    def __init__(self, **settings: Any) -> None:
        chosen: Any = validated(self.settings_class, settings)
        super().__init__(precision=chosen.precision)
        self.settings = chosen

    def call(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Check the input and send ``symbols`` at noise power ``no``."""
        return self._guarded(self.transmit, symbols, no)

    def after_each(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Estimate ``symbols`` after each transmission. By default there is one transmission.

        Input
        -----
        symbols, no
            Input of the link

        Output
        ------
        symbols_hat, no_eff : [num_transmissions, batch, num_symbols]
            Output of the link after each transmission. The last entry is the output of the link. A
            symbol that has not been received yet is zero and has infinite noise
        """
        return self._guarded(self.transmit_each, symbols, no, self.num_transmissions)

    @property
    def num_transmissions(self) -> int:
        """Number of transmissions of a row."""
        return 1

    @property
    def num_parts(self) -> int:
        """Number of parts of a row that are sent one after another, each with unit power."""
        return 1

    def note_spent(self, counts: tf.Tensor, no_eff: tf.Tensor) -> None:
        """Record the cost of rows for which the receiver did not request all transmissions.

        Input
        -----
        counts : [batch], `int`
            Number of transmissions of each row

        no_eff : [batch, num_symbols], `tf.float`
            Noise power left on the symbols after them; infinite for symbols that were not received
        """

    def _guarded(
        self, transmit: Transmit, symbols: tf.Tensor, no: tf.Tensor, *axes: int
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Check the input and call ``transmit``, whose output has the leading sizes ``axes``."""
        symbols, no = check_input(symbols, no, self.rdtype, self.input_shapes)
        kept = self.received_axes(symbols.shape.rank)
        shape = tf.TensorShape([*axes, *(symbols.shape[axis] for axis in kept)])
        if 0 in symbols.shape:
            return tf.zeros(shape, symbols.dtype), tf.zeros(shape, self.rdtype)
        if not tf.executing_eagerly():
            transmit = functools.partial(transmit_apart, transmit, kept)
        symbols_hat, no_eff = transmit(symbols, no)
        no_eff = tf.maximum(no_eff, 0.0)  # rounding can make it negative
        return tf.ensure_shape(symbols_hat, shape), tf.ensure_shape(no_eff, shape)

    def check_users(self, shape: tf.TensorShape) -> None:
        """Raise `ValueError` if symbols of this ``shape`` have another number of users.

        By default, links have a single user, and every ``shape`` is accepted.
        """

    def received_axes(self, rank: int) -> list[int]:
        """Axes of ``symbols`` of this rank that the output also has; by default all."""
        return list(range(rank))

    @abstractmethod
    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols`` at noise power ``no``. Shapes are as in the class."""

    def transmit_each(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols`` and return the output of `after_each`."""
        symbols_hat, no_eff = self.transmit(symbols, no)
        return symbols_hat[tf.newaxis], no_eff[tf.newaxis]

    def transmit_in_turn(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send ``symbols`` [num_transmissions, batch, num_symbols] one after another.

        By default, channels have no memory: each transmission has an independent channel. The
        output has the shape of ``symbols``.
        """
        number = symbols.shape[0]
        rows = tf.reshape(symbols, [-1, tf.shape(symbols)[2]])
        parts = self.transmit(rows, tf.tile(no, [number]) if no.shape.rank else no)
        symbols_hat, no_eff = (tf.reshape(part, tf.shape(symbols)) for part in parts)
        return symbols_hat, no_eff

    @abstractmethod
    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """Complex channel uses (resource elements) for ``num_latents`` rows of ``num_symbols``.

        One channel use carries all spatial streams of a resource element. Pilots and padding
        count.
        """

    def calibrate(self) -> None:
        """Calibrate ``no_eff`` to trained weights of the link. Systems call it after training.

        By default, links have no trained weights, and it has no effect.
        """

    def ebno_offset_db(self, num_bits_per_symbol: int, coderate: float) -> float:
        r"""Difference [dB] between the SNR and :math:`E_b/N_0` of symbols that carry coded bits.

        .. math:: N_0 = \left(\frac{E_b}{N_0}\frac{rM}{E_s}\right)^{-1}, \qquad
                  \mathrm{SNR} = \frac{1}{N_0}

        as in :func:`~sionna.phy.utils.ebnodb2no`. With a resource grid, the energy :math:`E_s` of
        a symbol includes pilots and cyclic prefix, and is the energy of one stream.

        Parameters
        ----------
        num_bits_per_symbol : `int`
            Coded bits per QAM symbol, :math:`M`
        coderate : `float`
            Code rate :math:`r`

        Raises
        ------
        ValueError
            If there is no bit, or the code rate is not in (0, 1]
        """
        if not 1 <= num_bits_per_symbol < math.inf or not 0.0 < coderate <= 1.0:
            raise ValueError(
                "`num_bits_per_symbol` must be positive and `coderate` lie in (0, 1]. "
                f"Received: {num_bits_per_symbol} and {coderate}"
            )
        arguments = (num_bits_per_symbol, coderate, self.resource_grid)
        return -10.0 * math.log10(float(ebnodb2no(0.0, *arguments, precision="double")))

    def graph(self, jit_compile: bool | None = None) -> Graph:
        """Convert the link to a graph that is traced once for all batch sizes and noise powers.

        A plain `tf.function` is traced again for each batch size and for each Python number as
        ``no``.

        Parameters
        ----------
        jit_compile : `bool` | `None` (default)
            Whether XLA compiles the graph, separately for each shape

        Output
        ------
        : `Graph`
            Function with the input and output of the link
        """
        return Graph(self, jit_compile, self.input_shapes)


class Graph:
    """Output of :meth:`Link.graph`: a graph for a scalar ``no``, and a graph for a vector ``no``.

    ``symbols`` have one of the ``shapes``, given by rank.
    """

    def __init__(self, link: Link, jit_compile: bool | None, shapes: Mapping[int, str]) -> None:
        def traced(rank: int, *shape: None) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
            symbols = tf.TensorSpec([None] * rank, link.cdtype)
            signature = [symbols, tf.TensorSpec(shape, link.rdtype)]
            return tf.function(
                link, input_signature=signature, autograph=False, jit_compile=jit_compile
            )

        self._link = link
        self._shapes = shapes
        self._by_ranks = {
            (rank, len(shape)): traced(rank, *shape) for rank in shapes for shape in ((), (None,))
        }

    def __call__(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Check the input in the same way as the link, and run the graph."""
        symbols, no = check_input(symbols, no, self._link.rdtype, self._shapes)
        self._link.check_users(symbols.shape)
        symbols = tf.cast(symbols, self._link.cdtype)
        symbols_hat, no_eff = self._by_ranks[symbols.shape.rank, no.shape.rank](symbols, no)
        shape = [symbols.shape[axis] for axis in self._link.received_axes(symbols.shape.rank)]
        return tf.ensure_shape(symbols_hat, shape), tf.ensure_shape(no_eff, shape)
