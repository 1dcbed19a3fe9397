# SPDX-License-Identifier: Apache-2.0
"""Interpolation from reference signals to the resource grid, with its error variance."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Literal

import numpy as np
import tensorflow as tf
from sionna.phy.ofdm import (
    BaseChannelInterpolator,
    LinearInterpolator,
    NearestNeighborInterpolator,
    PilotPattern,
)

from .pilot_groups import LayerStatistics, PilotGroups


class LayerInterpolator(BaseChannelInterpolator):
    r"""Base class of interpolators that use the statistics of the effective channel.

    Parameters
    ----------
    groups : `PilotGroups`
        Groups of reference signals

    statistics : `LayerStatistics`
        Covariances of the effective channel

    Input
    -----
    h_hat : [num_slots, 1, num_rx_ant, 1, num_layers, num_pilot_symbols], `tf.complex`
        Estimates at the reference signals, equal within a group

    err_var : broadcastable to the shape of ``h_hat``, `tf.float`
        Error variance of these estimates, equal for all reference signals of a layer

    Output
    ------
    h_hat : [num_slots, 1, num_rx_ant, 1, num_layers, num_ofdm_symbols, num_subcarriers],
        `tf.complex`
        Estimates on the resource grid

    err_var : broadcastable to the shape of ``h_hat``, `tf.float`
        Error variance due to noise, interpolation and other layers
    """

    def __init__(
        self,
        groups: PilotGroups,
        statistics: LayerStatistics,
        precision: Literal["single", "double"] | None = None,
    ) -> None:
        super().__init__(precision=precision)
        self._groups, self._statistics = groups, statistics
        self._first = tf.constant(groups.members[..., 0, 0], tf.int32)
        power = np.diag(statistics.layers).real
        self._power = tf.constant(power[:, np.newaxis, np.newaxis], self.rdtype)

    def __call__(self, h_hat: tf.Tensor, err_var: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Interpolate ``h_hat``."""
        layers = tf.unstack(h_hat[:, 0, :, 0], axis=2)
        estimates = [
            tf.gather(layer, self._first[index], axis=-1) for index, layer in enumerate(layers)
        ]
        noise = tf.reduce_max(err_var, axis=-1)[:, 0, 0, 0, :, tf.newaxis, tf.newaxis]
        h_hat, err_var = self.interpolate(tf.stack(estimates, axis=2), noise)
        return h_hat[:, tf.newaxis, :, tf.newaxis], err_var[:, tf.newaxis, tf.newaxis, tf.newaxis]

    def error_variance(self, noise: float) -> tf.Tensor:
        """Error variance [num_layers, T, F] at the noise power ``noise`` of a group."""
        nothing = tf.zeros([1, 1, *self._first.shape], self.cdtype)
        noises = tf.fill([1, self._groups.num_layers, 1, 1], tf.constant(noise, self.rdtype))
        return self.interpolate(nothing, noises)[1][0]

    @abstractmethod
    def interpolate(self, groups: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Interpolate [num_slots, num_rx_ant, num_layers, num_times, num_freqs] at ``noise``.

        The noise power has shape [num_slots or 1, num_layers, 1, 1], and the returned error
        variance [num_slots or 1, num_layers, T, F].
        """

    def _sources(self, layer: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Layers that contribute to the groups of ``layer``, with their ``T`` and ``F``."""
        for other in range(self._groups.num_layers):
            over_frequency = self._groups.over_frequency(layer, other)
            if over_frequency.any():
                yield other, self._groups.over_time(layer, other), over_frequency


class FixedLayerInterpolator(LayerInterpolator):
    r"""Nearest-neighbor or linear interpolation of Sionna, scaled to the least error variance.

    .. math::

        \hat{h} = \rho\,\mathbf{w}^\mathsf{T}\mathbf{z}, \qquad
        \rho = \frac{\mathbb{E}[h\,\mathbf{z}^\mathsf{H}]\mathbf{w}^\star}
               {\mathbf{w}^\mathsf{T}\mathbb{E}[\mathbf{z}\mathbf{z}^\mathsf{H}]\mathbf{w}^\star
               + N\lVert\mathbf{w}\rVert^2}

    where :math:`\mathbf{w}` are the weights of Sionna's interpolation, :math:`\mathbf{z}` are the
    estimates of the groups, whose covariance is written without noise, and :math:`N` is their noise
    power. With the scaling :math:`\rho`, the error is uncorrelated with the estimate.

    Parameters
    ----------
    method : "nn" | "lin" | "lin_time_avg"
        Interpolation of Sionna's :class:`~sionna.phy.nr.PUSCHLSChannelEstimator`

    pilot_pattern : :class:`~sionna.phy.nr.PUSCHPilotPattern`
        Pattern of the reference signals

    See `LayerInterpolator` for the other parameters, input and output.
    """

    def __init__(
        self,
        method: str,
        pilot_pattern: PilotPattern,
        groups: PilotGroups,
        statistics: LayerStatistics,
        precision: Literal["single", "double"] | None = None,
    ) -> None:
        super().__init__(groups, statistics, precision)
        weights_t, weights_f = _sionna_weights(method, pilot_pattern, groups)
        self._weights_t = tf.constant(weights_t, self.cdtype)
        self._weights_f = tf.constant(weights_f, self.cdtype)
        moments = [self._moments(layer, weights_t, row) for layer, row in enumerate(weights_f)]
        correlation, energy = (np.stack(moment) for moment in zip(*moments, strict=True))
        self._correlation = tf.constant(correlation, self.cdtype)
        self._correlation_energy = tf.constant(np.abs(correlation) ** 2, self.rdtype)
        self._energy = tf.constant(energy, self.rdtype)
        gain_t, gain_f = (np.sum(w**2, axis=-1) for w in (weights_t, weights_f))
        self._noise_gain = tf.constant(gain_t[:, np.newaxis] * gain_f[:, np.newaxis], self.rdtype)

    def _moments(
        self, layer: int, weights_t: np.ndarray, weights_f: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Correlation of the interpolated estimate with the channel, and its energy, [T, F]."""
        time, frequency, layers = self._statistics
        sources = [(i, weights_t @ t, weights_f @ f) for i, t, f in self._sources(layer)]
        correlation = sum(
            layers[layer, i]
            * np.outer(np.sum(time * t.conj(), axis=-1), np.sum(frequency * f.conj(), axis=-1))
            for i, t, f in sources
        )
        energy = sum(
            layers[i, j]
            * np.outer(np.sum(t @ time * u.conj(), axis=-1), np.sum(f @ frequency * g.conj(), -1))
            for i, t, f in sources
            for j, u, g in sources
        )
        return np.asarray(correlation), np.asarray(energy).real

    def interpolate(self, groups: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Interpolate as in `LayerInterpolator`."""
        gain = 1.0 / (self._energy + noise * self._noise_gain)
        h_hat = tf.einsum("brskl,sfl->brskf", groups, self._weights_f)
        h_hat = tf.einsum("brskf,tk->brstf", h_hat, self._weights_t)
        h_hat *= (tf.cast(gain, self.cdtype) * self._correlation)[:, tf.newaxis]
        return h_hat, tf.maximum(self._power - gain * self._correlation_energy, 0.0)


class LMMSELayerInterpolator(LayerInterpolator):
    r"""Joint LMMSE interpolation over time and frequency.

    .. math::

        \hat{\mathbf{h}} = \mathbb{E}[\mathbf{h}\mathbf{z}^\mathsf{H}]
        \big(\mathbb{E}[\mathbf{z}\mathbf{z}^\mathsf{H}] + N\mathbf{I}\big)^{-1}\mathbf{z}

    The eigenvectors of :math:`\mathbb{E}[\mathbf{z}\mathbf{z}^\mathsf{H}]` are computed once and
    used for all noise powers.

    See `LayerInterpolator` for parameters, input and output.
    """

    def __init__(
        self,
        groups: PilotGroups,
        statistics: LayerStatistics,
        precision: Literal["single", "double"] | None = None,
    ) -> None:
        super().__init__(groups, statistics, precision)
        parts = [self._modes(layer) for layer in range(groups.num_layers)]
        values, analysis, synthesis = (np.stack(part) for part in zip(*parts, strict=True))
        self._eigenvalues = tf.constant(np.maximum(values, 0.0), self.rdtype)
        self._analysis = tf.constant(analysis, self.cdtype)
        self._synthesis = tf.constant(synthesis, self.cdtype)
        self._energy = tf.constant(np.abs(synthesis) ** 2, self.rdtype)

    def _modes(self, layer: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        time, frequency, layers = self._statistics
        sources = list(self._sources(layer))
        cross = sum(
            layers[layer, i] * np.kron(time @ t.conj().T, frequency @ f.conj().T)
            for i, t, f in sources
        )
        own = sum(
            layers[i, j] * np.kron(t @ time @ u.conj().T, f @ frequency @ g.conj().T)
            for i, t, f in sources
            for j, u, g in sources
        )
        values, vectors = np.linalg.eigh(own)
        return values, vectors.conj().T, cross @ vectors

    def interpolate(self, groups: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Interpolate as in `LayerInterpolator`."""
        # the floor limits rounding errors if the covariance is rank-deficient
        noise = tf.maximum(noise, 1e-5 * self._power)[..., 0]
        gain = 1.0 / (self._eigenvalues + noise)
        shape = tf.shape(groups)
        estimates = tf.reshape(groups, [*tf.unstack(shape[:3]), gain.shape[-1]])
        modes = tf.einsum("brsk,smk->brsm", estimates, self._analysis)
        modes *= tf.cast(gain[:, tf.newaxis], self.cdtype)
        grid = [self._groups.num_symbols, self._groups.num_subcarriers]
        h_hat = tf.einsum("brsm,sgm->brsg", modes, self._synthesis)
        h_hat = tf.reshape(h_hat, [*tf.unstack(shape[:3]), *grid])
        explained = tf.einsum("bsm,sgm->bsg", gain, self._energy)
        explained = tf.reshape(explained, [-1, self._groups.num_layers, *grid])
        return h_hat, tf.maximum(self._power - explained, 0.0)


def _sionna_weights(
    method: str, pilot_pattern: PilotPattern, groups: PilotGroups
) -> tuple[np.ndarray, np.ndarray]:
    """Sionna's interpolation weights over time [T, num_times] and frequency [S, F, num_freqs].

    The weights of each axis sum to one. The weights of an axis are therefore found with values
    that do not vary along the other axis.
    """
    if method == "nn":
        interpolator = NearestNeighborInterpolator(pilot_pattern)
    else:
        interpolator = LinearInterpolator(pilot_pattern, time_avg=method == "lin_time_avg")
    layers, times, freqs = groups.members.shape[:3]

    def response(probes: np.ndarray) -> np.ndarray:
        values = np.zeros([len(probes), 1, 1, 1, layers, pilot_pattern.pilots.shape[-1]], complex)
        for layer, members in enumerate(groups.members):
            values[:, 0, 0, 0, layer, members] = probes[..., np.newaxis, np.newaxis]
        grid, _ = interpolator(tf.constant(values, tf.complex64), tf.zeros(values.shape))
        return grid.numpy().real[:, 0, 0, 0]

    over_time = response(np.eye(times)[:, :, np.newaxis] * np.ones(freqs))
    over_freq = response(np.eye(freqs)[:, np.newaxis] * np.ones((times, 1)))
    return over_time[:, 0, :, 0].T, over_freq[:, :, 0].transpose(1, 2, 0)
