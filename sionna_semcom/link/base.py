# SPDX-License-Identifier: Apache-2.0
"""The contract that every link keeps."""

from __future__ import annotations

import functools
import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
from sionna.phy.utils import ebnodb2no

from .._parts import Registry, validated
from ..channel.drawn import DrawnPart
from ..channel.noise import check_finite, is_finite, is_noise_power, noise_power
from ..channel.settings import CHANNELS, ChannelSettings

INPUT_SHAPES: Mapping[int, str] = MappingProxyType({2: "[batch, num_symbols]"})
"""Shapes of symbols by rank, of links of one user."""

LINKS = Registry("links", CHANNELS, package="sionna_semcom.link")
"""Links by ``kind``; where a study names a link, a MIMO channel can stand."""


EBNO_AXIS = "ebno_db"
Transmit = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


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
    a graph, a row with a symbol that is not finite comes out as NaN, and the others as if it had
    been zero. An empty batch comes out empty.

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
        If ``symbols`` is not a complex matrix or, outside graphs, not finite; or if ``no`` is
        neither a scalar nor one value a row, or NaN, infinite or negative. In a graph that is not
        compiled by XLA, a wrong ``no`` raises `tf.errors.InvalidArgumentError`; under XLA the
        output is NaN
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
            transmit = functools.partial(_transmit_apart, transmit, kept)
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
        """
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
        return Graph(self, jit_compile)


class Graph:
    """What :meth:`Link.graph` gives: one graph for a scalar ``no``, one for a value a row."""

    def __init__(self, link: Link, jit_compile: bool | None) -> None:
        def traced(rank: int, *shape: None) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
            symbols = tf.TensorSpec([None] * rank, link.cdtype)
            signature = [symbols, tf.TensorSpec(shape, link.rdtype)]
            return tf.function(
                link, input_signature=signature, autograph=False, jit_compile=jit_compile
            )

        self._link = link
        self._by_ranks = {
            (rank, len(shape)): traced(rank, *shape)
            for rank in link.input_shapes
            for shape in ((), (None,))
        }

    def __call__(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Check the input as the link does, and run the graph."""
        symbols, no = check_input(symbols, no, self._link.rdtype, self._link.input_shapes)
        symbols = tf.cast(symbols, self._link.cdtype)
        symbols_hat, no_eff = self._by_ranks[symbols.shape.rank, no.shape.rank](symbols, no)
        shape = [symbols.shape[axis] for axis in self._link.received_axes(symbols.shape.rank)]
        return tf.ensure_shape(symbols_hat, shape), tf.ensure_shape(no_eff, shape)


def check_input(
    symbols: tf.Tensor,
    no: tf.Tensor,
    dtype: tf.DType,
    shapes: Mapping[int, str] = INPUT_SHAPES,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Input of a link as tensors, refused as `Link` says; ``no`` gets the type ``dtype``.

    ``symbols`` have one of the ``shapes``, which are by rank.
    """
    symbols = tf.convert_to_tensor(symbols)
    if symbols.shape.rank not in shapes or not symbols.dtype.is_complex:
        raise ValueError(
            f"`symbols` must be complex of shape {' or '.join(shapes.values())}. "
            f"Received: shape={symbols.shape}, dtype={symbols.dtype.name}"
        )
    no = noise_power(no, dtype)
    if no.shape.rank != 0 and not no.shape.is_compatible_with(symbols.shape[:1]):
        raise ValueError(
            f"`no` must have shape [] or [batch], here {symbols.shape[:1]}. "
            f"Received: shape={no.shape}"
        )
    check_finite(symbols=symbols)
    return symbols, no


def _transmit_apart(
    transmit: Transmit, kept: list[int], symbols: tf.Tensor, no: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """``transmit`` in a graph, where values and sizes are not known before it runs.

    What is received has the axes ``kept`` of the symbols, behind others.
    """
    rank = symbols.shape.rank
    lost = [axis for axis in range(rank) if axis not in kept]
    finite = tf.reduce_all(is_finite(symbols), axis=[*lost, rank - 1], keepdims=True)
    possible = is_noise_power(no)
    sound = finite & tf.reshape(possible, [-1, *[1] * (rank - 1)])
    sound = tf.reduce_all(sound, axis=lost)
    sent = at_least_one(tf.where(finite, symbols, tf.zeros_like(symbols)))
    powers = tf.where(possible, no, 1.0)
    if no.shape.rank == 1:
        powers = at_least_one(powers, 1.0)
    sizes = tf.unstack(tf.shape(symbols))
    wanted = (..., *(slice(sizes[axis]) for axis in kept))

    def only_sound(received: tf.Tensor) -> tf.Tensor:
        received = received[wanted]
        return tf.where(sound, received, tf.cast(np.nan, received.dtype))

    symbols_hat, no_eff = transmit(sent, powers)
    return only_sound(symbols_hat), only_sound(no_eff)


def at_least_one(tensor: tf.Tensor, value: float = 0.0) -> tf.Tensor:
    """``tensor``, padded with ``value`` to at least one entry along each axis."""
    if tensor.shape.is_fully_defined() and 0 not in tensor.shape:
        return tensor
    missing = tf.maximum(1 - tf.shape(tensor), 0)
    padding = tf.stack([tf.zeros_like(missing), missing], axis=1)
    padded = tf.pad(tensor, padding, constant_values=tf.cast(value, tensor.dtype))
    return tf.ensure_shape(padded, [size or None for size in tensor.shape])
