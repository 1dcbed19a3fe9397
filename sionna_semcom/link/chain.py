# SPDX-License-Identifier: Apache-2.0
"""User-defined chain of Sionna blocks as a link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from pydantic import NonNegativeInt, PositiveInt
from sionna.phy.ofdm import ResourceGrid
from sionna.phy.utils import complex_normal
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

from ..channel.slots.randomness import own_randomness
from ..mapping import SlotPacker
from ..mapping.latent_mapper import first_axes
from .base import Graph, Link, LinkSettings

CALIBRATION_SNRS_DB = (-10.0, 0.0, 10.0, 20.0, 30.0, 40.0)
Chain = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class ChainSettings(LinkSettings):
    """Settings of `ChainLink`, which is not available in studies."""

    num_slots: PositiveInt | None = None
    """Number of slots per call, for chains with a fixed batch size."""
    packing: bool = True
    """Whether latents share slots."""
    interleaver_seed: int = 0
    """Seed of the interleaver that spreads each latent over its slot."""
    calibration_slots: NonNegativeInt = 0
    """Number of slots in which the error of the chain is measured at each of six SNRs at
    construction, to correct the average of ``no_eff``; 0 keeps the ``no_eff`` of the equalizer."""


class ChainLink(Link):
    r"""Link that runs your chain of Sionna blocks between mapper and demapper.

    ::

        symbols ─ pack ─ x ─ chain (grid, channel, estimation, equalization) ─ unpack ─ symbols_hat
                             no                                                         no_eff

    The chain is a function, or a method of a block, from the output of a
    :class:`~sionna.phy.mapping.Mapper` to the input of a
    :class:`~sionna.phy.mapping.Demapper`: ``x_hat, no_eff = chain(x, no)``. ``x`` and ``x_hat``
    have shape [num_slots, num_tx, num_streams, num_data_symbols]. The link packs latents into
    slots, interleaves them, and unpacks the output of the chain. The chain defines the scaling of
    symbols and noise. In Sionna's tutorials each stream has unit power, whereas the streams of the
    other links of this package share unit power.

    The ``no_eff`` of an equalizer only includes errors that the estimator reports. The error
    variance of Sionna's least-squares estimators does not include the interpolation error. With
    ``calibration_slots``, the link scales ``no_eff``,

    .. math:: \tilde{N}_{b,n} = c(N_0)\,N_{b,n}

    where :math:`c` is the mean squared error of known symbols divided by the mean of their
    ``no_eff``. It is measured at SNRs :math:`1/N_0` from -10 to 40 dB in steps of 10 dB, and
    interpolated on logarithmic scales. Outside this range, it is constant.

    In graphs, the chain is converted by AutoGraph and traced as a separate graph. Keras layers of
    the chain are trained and saved with the system that uses the link.

    Input and output are as in :class:`~sionna_semcom.link.Link`. With several transmitters,
    ``symbols``, ``symbols_hat`` and ``no_eff`` have shape [batch, num_tx, num_symbols]. Latents
    share slots if ``no`` is a scalar. If ``no`` is a vector, each latent has its own slots, and
    the chain receives one value of ``no`` per slot.

    Parameters
    ----------
    chain : callable
        Function ``x_hat, no_eff = chain(x, no)``

    resource_grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid that the chain transmits

    Raises
    ------
    ValueError
        If ``chain`` is not callable, ``resource_grid`` is not a resource grid, or the chain does
        not return ``x_hat`` and ``no_eff``

    Example
    -------
    >>> link = ChainLink(uplink.send, uplink.grid)
    >>> symbols_hat, no_eff = link(symbols, no)
    """

    settings_class = ChainSettings

    def __init__(self, chain: Chain, resource_grid: ResourceGrid, **settings: Any) -> None:
        super().__init__(**settings)
        if not callable(chain):
            raise ValueError(
                "`chain` must be a function or method `x_hat, no_eff = chain(x, no)`. "
                f"Received: {type(chain).__name__}"
            )
        if not isinstance(resource_grid, ResourceGrid):
            raise ValueError(
                "`resource_grid` must be the ResourceGrid that the chain transmits. "
                f"Received: {type(resource_grid).__name__}"
            )
        if self.settings.num_slots and not self.settings.packing:
            raise ValueError("`num_slots` needs packing=True. Received: packing=False")
        self.chain = chain
        self.resource_grid = resource_grid
        self._packer = SlotPacker(resource_grid, self.settings.interleaver_seed)
        self._graph = tf.function(chain, reduce_retracing=True)
        context = tf.__internal__.autograph.control_status_ctx()
        self._converted = tf.__internal__.autograph.tf_convert(chain, context, user_requested=True)
        self._excess: tf.Tensor | None = None
        if self.settings.calibration_slots:
            with own_randomness():
                measured = [self._measured_excess(snr_db) for snr_db in CALIBRATION_SNRS_DB]
            self._excess = tf.stack(measured)

    def _measured_excess(self, snr_db: float) -> tf.Tensor:
        """Mean squared error of known symbols divided by the mean ``no_eff`` of the chain."""
        slots, most = self.settings.calibration_slots, self.settings.num_slots
        no, error, reported = tf.constant(10 ** (-snr_db / 10), self.rdtype), 0.0, 0.0
        for _ in range(-(-slots // most) if most else 1):
            x = complex_normal([most or slots, *self._packer.slot_shape], precision=self.precision)
            x_hat, no_eff = self._checked(self._graph(x, no), x)
            error += tf.reduce_mean(tf.abs(x_hat - x) ** 2)
            reported += tf.reduce_mean(no_eff)
        return error / reported

    def _calibrated(self, no_eff: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        if self._excess is None:
            return no_eff
        snr_db = -10.0 / np.log(10.0) * tf.math.log(tf.maximum(no, 1e-30))
        ends = CALIBRATION_SNRS_DB[0], CALIBRATION_SNRS_DB[-1]
        decades = tfp.math.interp_regular_1d_grid(snr_db, *ends, tf.math.log(self._excess))
        return no_eff * first_axes(tf.exp(decades), no_eff)

    def get_config(self) -> dict[str, Any]:
        """Raise an error, because settings cannot contain a chain.

        Raises
        ------
        ValueError
            Always; the message explains how to save the system instead
        """
        raise ValueError(
            "a link with your own chain cannot be saved; save the system over another link, and "
            f"set its `link` to this link after loading. Received: {type(self).__name__}"
        )

    def call(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Check the input and send ``symbols`` at noise power ``no``."""
        users = self._packer.num_tx
        if users == 1:
            return super().call(symbols, no)
        symbols = tf.convert_to_tensor(symbols)
        self.check_users(symbols.shape)
        num_symbols = symbols.shape[2]
        flat = tf.reshape(symbols, [tf.shape(symbols)[0], users * tf.shape(symbols)[2]])
        flat = tf.ensure_shape(flat, [symbols.shape[0], num_symbols and users * num_symbols])
        symbols_hat, no_eff = super().call(flat, no)
        return tf.reshape(symbols_hat, tf.shape(symbols)), tf.reshape(no_eff, tf.shape(symbols))

    def check_users(self, shape: tf.TensorShape) -> None:
        """Raise `ValueError` if symbols of this ``shape`` have another number of transmitters."""
        users = self._packer.num_tx
        if users > 1 and not shape.is_compatible_with([None, users, None]):
            raise ValueError(
                f"`symbols` must have shape [batch, {users}, num_symbols], with one row per "
                f"transmitter. Received: shape={shape}"
            )

    def graph(self, jit_compile: bool | None = None) -> Graph:
        """See `Link.graph`. Several transmitters have ``symbols`` [batch, num_tx, num_symbols]."""
        users = self._packer.num_tx
        shapes = self.input_shapes if users == 1 else {3: f"[batch, {users}, num_symbols]"}
        return Graph(self, jit_compile, shapes)

    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols``, concatenated over transmitters, at noise power ``no``."""
        users, (batch, size) = self._packer.num_tx, tf.unstack(tf.shape(symbols))
        separate = no.shape.rank == 1 or not self.settings.packing
        if separate and self.settings.num_slots is not None:
            raise ValueError(
                "`no` must be a scalar if `num_slots` is given, because rows share slots. "
                f"Received: shape={no.shape}"
            )
        rows = symbols if users == 1 else tf.reshape(symbols, [batch, users, size // users])
        slots = self._packer.pack(rows, separate, self.settings.num_slots)
        if no.shape.rank == 1:
            no = tf.repeat(no, tf.shape(slots)[0] // batch)
        x_hat, noise = self._checked(self._run(tf.cast(slots, self.cdtype), no), slots)
        received = x_hat, self._calibrated(noise, no)
        symbols_hat, no_eff = (
            tf.reshape(self._packer.unpack(x, batch, size // users, separate), tf.shape(symbols))
            for x in received
        )
        return symbols_hat, no_eff

    def _run(self, slots: tf.Tensor, no: tf.Tensor) -> Any:
        """Send ``slots``; graphs share one graph of the chain."""
        if tf.executing_eagerly():
            return self.chain(slots, no)
        # under XLA, a nested graph has no gradient through Sionna's pilots
        compiled = GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())
        return self._converted(slots, no) if compiled else self._graph(slots, no)

    def _checked(self, received: Any, slots: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Output of the chain, with one noise power per symbol."""
        if not isinstance(received, (tuple, list)) or len(received) != 2:
            raise ValueError(
                "`chain` must return the output of an equalizer, `x_hat, no_eff`. "
                f"Received: {type(received).__name__}"
            )
        x_hat, no_eff = tf.cast(received[0], self.cdtype), tf.cast(received[1], self.rdtype)
        if not x_hat.shape.is_compatible_with(slots.shape):
            wanted = ", ".join(map(str, self._packer.slot_shape))
            raise ValueError(
                f"`chain` must return x_hat of shape [num_slots, {wanted}], the data symbols of "
                f"the grid. Received: shape={x_hat.shape}"
            )
        return x_hat, tf.broadcast_to(first_axes(no_eff, x_hat), tf.shape(x_hat))

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """Resource elements of the occupied slots, without empty subcarriers."""
        grid, settings = self.resource_grid, self.settings
        slots = self._packer.num_slots(num_latents, num_symbols, not settings.packing)
        slots = settings.num_slots or slots
        return int(slots * grid.num_ofdm_symbols * grid.num_effective_subcarriers)
