# SPDX-License-Identifier: Apache-2.0
"""Base class of MIMO channels."""

from __future__ import annotations

import operator
from abc import abstractmethod
from typing import Any, NamedTuple

import tensorflow as tf
from pydantic import Field
from sionna.phy.channel import ApplyFlatFadingChannel

from .._parts import validated
from .drawn import DrawnPart
from .noise import check_finite, noise_power
from .settings import ChannelSettings


class MIMOSettings(ChannelSettings):
    """Base class of the settings of MIMO channels."""

    num_uses: int = Field(default=1, ge=1)
    """Resource elements per latent."""
    coherence: int = Field(default=1, ge=1)
    """Number of consecutive latents that share a channel realization and its CSI."""


class ChannelState(NamedTuple):
    r"""Channel, and the channel state information (CSI) at both ends.

    .. math::

        \bar{h} = c\,\hat{h}, \qquad c = \frac{\mathbb{E}[h\hat{h}^\star]}{\mathbb{E}|\hat{h}|^2},
        \qquad \mathbb{E}[(h - \bar{h})\bar{h}^\star] = 0, \qquad \mathbb{E}|h - \bar{h}|^2 = v

    for each coefficient :math:`h` with the estimate :math:`\hat{h}`, regression coefficient
    :math:`c` and error variance :math:`v`.
    """

    h: tf.Tensor
    """[groups, num_uses, num_rx_ant, num_tx_ant], `tf.complex`: the channel."""
    h_hat: tf.Tensor
    """As ``h``: the estimate, which a naive design uses as the channel."""
    mean: tf.Tensor
    """As ``h``: the linear MMSE estimate of the channel given ``h_hat``, for a robust design."""
    error_variance: tf.Tensor
    """[groups, num_uses], `tf.float`: variance of each coefficient of ``h - mean``."""


class MIMOChannel(DrawnPart):
    r"""MIMO channel that exposes its matrices, for alignment of latent spaces.

    .. math:: \mathbf{y} = \mathbf{H}\mathbf{x} + \mathbf{w}, \qquad
              \mathbf{w} \sim \mathcal{CN}(\mathbf{0}, N_0\mathbf{I}), \qquad
              \mathbb{E}|h_{r,t}|^2 = 1

    on every resource element. The SNR is the total transmit power per resource element divided by
    the noise power per receive antenna. ``no`` is the inverse of the (linear) SNR if the precoder
    ensures :math:`\mathbb{E}\lVert\mathbf{x}\rVert^2 = 1`. `draw` returns the matrices, and calling
    the channel applies them. Gradients flow from ``y`` to ``x`` and ``h``, but not through `draw`.

    Parameters
    ----------
    settings :
        Fields of `settings_class`, a `MIMOSettings` with ``num_tx_ant`` and ``num_rx_ant``

    Input
    -----
    x : [..., num_tx_ant], `tf.complex`
        Transmitted vectors

    h : [..., num_rx_ant, num_tx_ant], `tf.complex`
        Channel matrices; leading dimensions broadcast with those of ``x``

    no : [] or the first of the leading dimensions of ``y``, `tf.float`
        Noise power per receive antenna, such as one value per latent

    Output
    ------
    y : [..., num_rx_ant], `tf.complex`
        Received vectors

    Raises
    ------
    ValueError
        If the shapes are incompatible, ``no`` is NaN, infinite or negative or, in eager mode, ``x``
        or ``h`` is not finite. In graph mode without XLA, an invalid ``no`` raises
        `tf.errors.InvalidArgumentError`.
    """

    def __init__(self, **settings: Any) -> None:
        chosen: Any = validated(self.settings_class, settings)
        super().__init__(precision=chosen.precision)
        self.settings = chosen
        self.num_tx_ant: int = self.settings.num_tx_ant
        self.num_rx_ant: int = self.settings.num_rx_ant
        self.num_uses: int = self.settings.num_uses
        self.coherence: int = self.settings.coherence
        self._apply = ApplyFlatFadingChannel(precision=self.precision)

    def call(self, x: tf.Tensor, h: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Transmit ``x`` over ``h`` with noise power ``no``."""
        x, h = tf.convert_to_tensor(x), tf.convert_to_tensor(h)
        no = noise_power(no, self.rdtype)
        self._check_matrices(x, h)
        _check_noise(no, _leading_dimensions(x, h))
        check_finite(x=x, h=h)
        return self._apply(x, h, no)

    @tf.autograph.experimental.do_not_convert
    def draw(self, batch: int | tf.Tensor, no: tf.Tensor) -> ChannelState:
        """Draw channels for ``batch`` latents at noise power ``no``.

        Latent ``b`` belongs to group ``b // coherence``; the last group may be smaller.

        Input
        -----
        batch : `int` or [], `tf.int32`
            Number of latents. It may be zero if it is only known when a graph runs.

        no : [], `tf.float`
            Noise power per receive antenna, which determines the quality of estimates

        Output
        ------
        : `ChannelState`
            State of each of the ``ceil(batch / coherence)`` groups

        Raises
        ------
        ValueError
            If ``batch`` is known and not positive, or ``no`` is not a scalar, NaN, infinite or
            negative
        """
        no = noise_power(no, self.rdtype)
        if no.shape.rank != 0:
            raise ValueError(f"`no` must be a scalar. Received: shape={no.shape}")
        known = tf.get_static_value(batch) if tf.is_tensor(batch) else operator.index(batch)
        if known is not None and known < 1:
            raise ValueError(f"`batch` must be positive. Received: {known}")
        groups = -(-(tf.cast(batch, tf.int32) if tf.is_tensor(batch) else batch) // self.coherence)
        state = self.draw_groups(groups if known is not None else tf.maximum(groups, 1), no)
        shape = [None, self.num_uses, self.num_rx_ant, self.num_tx_ant]
        h, h_hat, mean, error_variance = (tf.stop_gradient(part[:groups]) for part in state)
        return ChannelState(
            tf.ensure_shape(h, shape),
            tf.ensure_shape(h_hat, shape),
            tf.ensure_shape(mean, shape),
            tf.ensure_shape(error_variance, shape[:2]),
        )

    @abstractmethod
    def draw_groups(self, groups: int | tf.Tensor, no: tf.Tensor) -> ChannelState:
        """Draw a state for each of ``groups`` at the scalar noise power ``no``."""

    @property
    def perfect_csi(self) -> bool:
        """Whether both ends know the channel, i.e., the setting ``csi`` is "perfect".

        Designs then need not account for estimation errors.
        """
        return getattr(self.settings, "csi", None) == "perfect"

    @abstractmethod
    def channel_uses(self) -> float:
        """Complex channel uses (resource elements) per latent, including pilots.

        One use comprises all transmit antennas of a resource element. Empty subcarriers and the
        feedback of CSI to the transmitter are not counted.
        """

    def _check_matrices(self, x: tf.Tensor, h: tf.Tensor) -> None:
        rx, tx = self.num_rx_ant, self.num_tx_ant
        for name, tensor, ending in (("x", x, [tx]), ("h", h, [rx, tx])):
            shape, size = tensor.shape, len(ending)
            fits = shape.rank is not None and shape.rank >= size
            if not (fits and shape[-size:].is_compatible_with(ending) and tensor.dtype.is_complex):
                raise ValueError(
                    f"`{name}` must be complex of shape [..., {', '.join(map(str, ending))}]. "
                    f"Received: shape={shape}, dtype={tensor.dtype.name}"
                )


def _leading_dimensions(x: tf.Tensor, h: tf.Tensor) -> tf.TensorShape:
    try:
        return tf.broadcast_static_shape(x.shape[:-1], h.shape[:-2])
    except ValueError as error:
        raise ValueError(
            "The leading dimensions of `x` and `h` must broadcast. "
            f"Received: {x.shape[:-1]} and {h.shape[:-2]}"
        ) from error


def _check_noise(no: tf.Tensor, leading: tf.TensorShape) -> None:
    fits = no.shape.rank is not None and no.shape.rank <= leading.rank
    pairs = zip(no.shape, leading, strict=False) if fits else ()
    if not fits or any(size not in (None, 1, full) and full is not None for size, full in pairs):
        raise ValueError(
            f"`no` must be a scalar or fit the first of the leading dimensions {leading}. "
            f"Received: shape={no.shape}"
        )
