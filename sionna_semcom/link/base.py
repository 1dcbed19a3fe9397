# SPDX-License-Identifier: Apache-2.0
"""The contract that every link keeps."""

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
"""Links by ``kind``; where a study names a link, a MIMO channel can stand."""

EBNO_AXIS = "ebno_db"


class LinkSettings(ChannelSettings):
    """Settings of any link."""

    transmitters: ClassVar[tuple[str, ...]] = ("joint",)
    """Whether symbols come from one transmitter ("joint"), or from several ("separate")"""


class Link(DrawnPart):
    r"""A chain from complex symbols at the transmitter to equalized symbols at the receiver.

    .. math:: \hat{x}_{b,s} = x_{b,s} + w_{b,s}, \qquad \mathbb{E}|w_{b,s}|^2 = N_{b,s}

    with :math:`N_{b,s}` reported as ``no_eff``. Antennas, streams, pilots, precoding, estimation,
    equalization and packing are the link's business. SNR is total transmit power per resource
    element over noise power per receive antenna, with channel coefficients of unit average power;
    as the transmit power is one, ``no`` is the inverse of the (linear) SNR.

    A link is differentiable from ``symbols_hat`` to ``symbols``. Rows do not disturb each other: in
    a graph, a row with a symbol that is not finite, or larger than 1e4, comes out as NaN, and the
    others as if it had been zero. An empty batch comes out empty.

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
        if ``no`` is neither a scalar nor one value a row, or NaN, infinite or negative. In a graph
        that is not compiled by XLA, a wrong ``no`` raises `tf.errors.InvalidArgumentError`; under
        XLA the output is NaN
    """

    settings_class = LinkSettings
    resource_grid: Any = None
    input_shapes: ClassVar[Mapping[int, str]] = INPUT_SHAPES
    """Shapes of ``symbols`` that the link takes, by their rank."""

    def __init__(self, **settings: Any) -> None:
        chosen: Any = validated(self.settings_class, settings)
        super().__init__(precision=chosen.precision)
        self.settings = chosen

    def call(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Check the input and send ``symbols`` at noise power ``no``."""
        return self._guarded(self.transmit, symbols, no)

    def after_each(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """What the receiver has of ``symbols`` after each transmission of them; here there is one.

        Input
        -----
        symbols, no
            As of the link

        Output
        ------
        symbols_hat, no_eff : [num_transmissions, batch, num_symbols]
            As of the link; the last ones are its output. A symbol that has not arrived yet is zero
            and has infinite noise
        """
        return self._guarded(self.transmit_each, symbols, no, self.num_transmissions)

    @property
    def num_transmissions(self) -> int:
        """Transmissions of a row."""
        return 1

    @property
    def num_parts(self) -> int:
        """Parts of a row that are sent one after the other, each with the power of a row."""
        return 1

    def note_spent(self, counts: tf.Tensor, no_eff: tf.Tensor) -> None:
        """Note what rows have cost if a receiver asked for some transmissions only.

        Input
        -----
        counts : [batch], `int`
            Transmissions of each row

        no_eff : [batch, num_symbols], `tf.float`
            Noise power left on its symbols after them; infinite where nothing has arrived
        """

    def _guarded(
        self, transmit: Transmit, symbols: tf.Tensor, no: tf.Tensor, *axes: int
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Check the input and ``transmit`` it; what comes out has further ``axes`` in front."""
        symbols, no = check_input(symbols, no, self.rdtype, self.input_shapes)
        kept = self.received_axes(symbols.shape.rank)
        shape = tf.TensorShape([*axes, *(symbols.shape[axis] for axis in kept)])
        if 0 in symbols.shape:
            return tf.zeros(shape, symbols.dtype), tf.zeros(shape, self.rdtype)
        if not tf.executing_eagerly():
            transmit = functools.partial(transmit_apart, transmit, kept)
        symbols_hat, no_eff = transmit(symbols, no)
        no_eff = tf.maximum(no_eff, 0.0)  # rounding can leave less than nothing
        return tf.ensure_shape(symbols_hat, shape), tf.ensure_shape(no_eff, shape)

    def received_axes(self, rank: int) -> list[int]:
        """Axes of ``symbols`` of this rank that what is received has as well; all of them."""
        return list(range(rank))

    @abstractmethod
    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols`` at noise power ``no``; shapes as in the class."""

    def transmit_each(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols``; what has arrived after each transmission, see `after_each`."""
        symbols_hat, no_eff = self.transmit(symbols, no)
        return symbols_hat[tf.newaxis], no_eff[tf.newaxis]

    def transmit_in_turn(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send ``symbols`` [num_transmissions, batch, num_symbols] one after the other.

        Without memory, as here, each has a channel of its own. The output has the shape of
        ``symbols``.
        """
        number = symbols.shape[0]
        rows = tf.reshape(symbols, [-1, tf.shape(symbols)[2]])
        parts = self.transmit(rows, tf.tile(no, [number]) if no.shape.rank else no)
        symbols_hat, no_eff = (tf.reshape(part, tf.shape(symbols)) for part in parts)
        return symbols_hat, no_eff

    @abstractmethod
    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """Complex channel uses (resource elements) to send ``num_latents`` rows of ``num_symbols``.

        One use carries all spatial streams of a resource element; pilots and padding count.
        """

    def calibrate(self) -> None:
        """Measure what ``no_eff`` depends on of what was trained; systems call it after training.

        Links without anything to be trained have nothing to measure.
        """

    def ebno_offset_db(self, num_bits_per_symbol: int, coderate: float) -> float:
        r"""What is added to :math:`E_b/N_0` [dB] for the SNR [dB] where symbols carry coded bits.

        .. math:: N_0 = \left(\frac{E_b}{N_0}\frac{rM}{E_s}\right)^{-1}, \qquad
                  \mathrm{SNR} = \frac{1}{N_0}

        as :func:`~sionna.phy.utils.ebnodb2no` defines it: with a resource grid the energy
        :math:`E_s` of a symbol counts pilots and cyclic prefix, and is that of one stream.

        Parameters
        ----------
        num_bits_per_symbol : `int`
            Coded bits :math:`M` of a QAM symbol
        coderate : `float`
            Code rate :math:`r`

        Raises
        ------
        ValueError
            If there is no bit, or the code rate does not lie in (0, 1]
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
            Whether XLA compiles the graph, which it does again for each shape

        Output
        ------
        : `Graph`
            Function with input and output of the link
        """
        return Graph(self, jit_compile, self.input_shapes)


class Graph:
    """What :meth:`Link.graph` gives: one graph for a scalar ``no``, one for a value a row.

    ``symbols`` have one of the ``shapes``, which are by rank.
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
        """Check the input as the link does, and run the graph."""
        symbols, no = check_input(symbols, no, self._link.rdtype, self._shapes)
        symbols = tf.cast(symbols, self._link.cdtype)
        symbols_hat, no_eff = self._by_ranks[symbols.shape.rank, no.shape.rank](symbols, no)
        shape = [symbols.shape[axis] for axis in self._link.received_axes(symbols.shape.rank)]
        return tf.ensure_shape(symbols_hat, shape), tf.ensure_shape(no_eff, shape)
