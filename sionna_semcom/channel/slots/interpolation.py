# SPDX-License-Identifier: Apache-2.0
"""Interpolation of channel estimates from pilots to the grid, with the resulting error variance.

Pilots fill selected OFDM symbols, in which streams use different subcarriers. The pilots of a
stream and all interpolators are therefore Kronecker products of time and frequency. The covariance
of a TDL channel without a line of sight is a Kronecker product as well, and all other covariances
are approximated by Kronecker products. Two small matrices per slot are therefore sufficient.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal, NamedTuple

import numpy as np
import tensorflow as tf
from sionna.phy.ofdm import (
    BaseChannelInterpolator,
    LinearInterpolator,
    NearestNeighborInterpolator,
    PilotPattern,
)

PROBES = 16  # unit vectors that are interpolated at once, to limit memory


class ChannelStatistics(NamedTuple):
    r"""Second-order statistics of the channel of each stream.

    .. math:: \mathbb{E}[h_{t,f} h_{t',f'}^\star] = P_s R^{(t)}_{t,t'} R^{(f)}_{f,f'}
    """

    time: np.ndarray
    """Covariance over OFDM symbols, with ones on the diagonal."""
    frequency: np.ndarray
    """Covariance over the used subcarriers, with ones on the diagonal."""
    power: np.ndarray
    """[num_streams], mean energy of a coefficient."""


class KroneckerInterpolator(BaseChannelInterpolator):
    r"""Base class of interpolators that know the statistics of the channel.

    Parameters
    ----------
    pilot_pattern : :class:`~sionna.phy.ofdm.KroneckerPilotPattern`
        Pilots of one transmitter

    pilot_symbols : `tuple` of `int`
        OFDM symbols that carry pilots

    statistics : `ChannelStatistics`
        Covariances and powers

    Input
    -----
    h_hat : [num_slots, 1, num_rx_ant, 1, num_streams, num_pilot_symbols], `tf.complex`
        Estimates at the pilots

    err_var : broadcastable to the shape of ``h_hat``, `tf.float`
        Error variance of ``h_hat``, equal for all pilots of a stream

    Output
    ------
    h_hat : [num_slots, 1, num_rx_ant, 1, num_streams, num_ofdm_symbols,
             num_effective_subcarriers], `tf.complex`
        Estimates on the grid

    err_var : broadcastable to the shape of ``h_hat``, `tf.float`
        Error variance due to noise and interpolation
    """

    def __init__(
        self,
        pilot_pattern: PilotPattern,
        pilot_symbols: tuple[int, ...],
        statistics: ChannelStatistics,
        precision: Literal["single", "double"] | None = None,
    ) -> None:
        super().__init__(precision=precision)
        cov_time, cov_freq, power = statistics
        self._num_streams = streams = pilot_pattern.num_streams_per_tx
        self._num_times = len(pilot_symbols)
        self._power = tf.constant(power[:, np.newaxis, np.newaxis], self.rdtype)
        self._cov_time_pilots = cov_time[:, pilot_symbols]
        self._cov_pilot_times = cov_time[np.ix_(pilot_symbols, pilot_symbols)]
        combs = [np.arange(stream, len(cov_freq), streams) for stream in range(streams)]
        self._cov_freq_pilots = np.stack([cov_freq[:, comb] for comb in combs])
        self._cov_pilot_freqs = np.stack([cov_freq[np.ix_(comb, comb)] for comb in combs])

    def __call__(self, h_hat: tf.Tensor, err_var: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Interpolate ``h_hat``."""
        pilots = self._own_pilots(h_hat)
        noise = tf.reduce_max(err_var, axis=-1)[:, 0, 0, 0, :, tf.newaxis, tf.newaxis]
        h_hat, err_var = self.interpolate(pilots, noise)
        return h_hat[:, tf.newaxis, :, tf.newaxis], err_var[:, tf.newaxis, tf.newaxis, tf.newaxis]

    def error_variance(self, noise: float) -> tf.Tensor:
        """Error variance at the noise power ``noise`` of pilots, [num_streams, T, F]."""
        freqs = self._cov_pilot_freqs.shape[-1]
        nothing = tf.zeros([1, 1, self._num_streams, self._num_times, freqs], self.cdtype)
        noises = tf.fill([1, self._num_streams, 1, 1], tf.constant(noise, self.rdtype))
        return self.interpolate(nothing, noises)[1][0]

    @abstractmethod
    def interpolate(self, pilots: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Interpolate [num_slots, num_rx_ant, num_streams, num_times, num_freqs] at ``noise``.

        The noise power is [num_slots or 1, num_streams, 1, 1], as is the error variance returned,
        with the time and frequency axes filled.
        """

    def _own_pilots(self, h_hat: tf.Tensor) -> tf.Tensor:
        """Remove the zeros of ``h_hat`` at the pilots of other streams."""
        streams = self._num_streams
        shape = [-1, h_hat.shape[2], streams, self._num_times, h_hat.shape[-1] // self._num_times]
        comb = tf.reshape(h_hat, [*shape[:-1], shape[-1] // streams, streams])
        return tf.reduce_sum(comb, axis=-1)


class FixedInterpolator(KroneckerInterpolator):
    r"""Nearest-neighbor or linear interpolation as in Sionna, with MMSE scaling.

    With Sionna's weights :math:`\mathbf{W}`, the interpolated estimate of a resource element is
    :math:`\check{h} = \mathbf{w}^\mathsf{T}\hat{\mathbf{h}}_p`, whose energy and correlation with
    the channel are known. It is scaled by :math:`\rho`:

    .. math::

        \hat{h} = \rho\,\check{h}, \qquad
        \rho = \frac{\mathbb{E}[h\check{h}^\star]}{\mathbb{E}|\check{h}|^2}
             = \frac{P_s\,\mathbf{w}^\mathsf{H}\mathbf{r}}
               {P_s\,\mathbf{w}^\mathsf{T}\mathbf{R}_{pp}\mathbf{w}^\star
               + N_p\lVert\mathbf{w}\rVert^2}, \qquad
        \sigma^2 = P_s\left(1 - \frac{P_s\,|\mathbf{w}^\mathsf{H}\mathbf{r}|^2}
               {P_s\,\mathbf{w}^\mathsf{T}\mathbf{R}_{pp}\mathbf{w}^\star
               + N_p\lVert\mathbf{w}\rVert^2}\right)

    The scaling makes the error uncorrelated with the estimate, which all equalizers assume. The
    factor is complex, because the mean delay and the Doppler shift rotate the channel between a
    pilot and a resource element. Sionna interpolates the error variance of the pilots instead,
    which neglects the interpolation error, and overestimates the noise where the interpolation
    averages.

    Parameters
    ----------
    method : "nn" | "lin" | "lin_time_avg"
        Interpolation of Sionna's :class:`~sionna.phy.ofdm.LSChannelEstimator`

    See `KroneckerInterpolator` for the others, input and output.
    """

    def __init__(
        self,
        method: str,
        pilot_pattern: PilotPattern,
        pilot_symbols: tuple[int, ...],
        statistics: ChannelStatistics,
        precision: Literal["single", "double"] | None = None,
    ) -> None:
        super().__init__(pilot_pattern, pilot_symbols, statistics, precision)
        weights_t, weights_f = self._weights(method, pilot_pattern)
        self._weights_t = tf.constant(weights_t, self.cdtype)
        self._weights_f = tf.constant(weights_f, self.cdtype)

        def product(t: np.ndarray, f: np.ndarray) -> np.ndarray:
            """Diagonals over time [T] and frequency [S, F] to the grid [S, T, F]."""
            return t[:, np.newaxis] * f[:, np.newaxis]

        def quadratic(weights: np.ndarray, covariance: np.ndarray) -> np.ndarray:
            return np.sum(weights @ covariance * weights.conj(), axis=-1)

        correlation = product(
            np.sum(weights_t * self._cov_time_pilots, axis=-1),
            np.sum(weights_f * self._cov_freq_pilots, axis=-1),
        )
        energy = product(
            quadratic(weights_t, self._cov_pilot_times), quadratic(weights_f, self._cov_pilot_freqs)
        )
        noise_gain = product(
            np.sum(np.abs(weights_t) ** 2, axis=-1), np.sum(np.abs(weights_f) ** 2, axis=-1)
        )
        self._correlation = tf.constant(correlation, self.cdtype)
        self._correlation_energy = tf.constant(np.abs(correlation) ** 2, self.rdtype)
        self._energy = tf.constant(energy.real, self.rdtype)
        self._noise_gain = tf.constant(noise_gain, self.rdtype)

    def interpolate(self, pilots: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Interpolate as in `KroneckerInterpolator`."""
        gain = self._power / (self._power * self._energy + noise * self._noise_gain)
        h_hat = tf.einsum("brskl,sfl->brskf", pilots, self._weights_f)
        h_hat = tf.einsum("brskf,tk->brstf", h_hat, self._weights_t)
        h_hat *= (tf.cast(gain, self.cdtype) * self._correlation)[:, tf.newaxis]
        explained = gain * self._correlation_energy
        return h_hat, self._power * tf.maximum(1.0 - explained, 0.0)

    def _weights(self, method: str, pilot_pattern: PilotPattern) -> tuple[np.ndarray, np.ndarray]:
        """Sionna's weights over time [T, num_times] and frequency [S, F, num_freqs].

        They sum to one along each axis. The weights of one axis are therefore the response to
        pilots that are constant along the other axis.
        """
        if method == "nn":
            interpolator = NearestNeighborInterpolator(pilot_pattern)
        else:
            interpolator = LinearInterpolator(pilot_pattern, time_avg=method == "lin_time_avg")
        times, freqs = self._num_times, self._cov_pilot_freqs.shape[-1]

        def response(probes: np.ndarray) -> np.ndarray:
            own = np.eye(self._num_streams)[:, np.newaxis, np.newaxis]
            comb = probes[:, np.newaxis, :, :, np.newaxis] * own
            comb = comb.reshape(len(probes), 1, 1, 1, self._num_streams, -1)
            grid, _ = interpolator(
                tf.constant(comb, self.cdtype), tf.zeros(comb.shape, self.rdtype)
            )
            return grid.numpy().real[:, 0, 0, 0]

        over_time = response(np.eye(times)[:, :, np.newaxis] * np.ones(freqs))
        chunks = (  # chunks of probes, because each fills a grid
            np.eye(freqs)[start : start + PROBES, np.newaxis] * np.ones((times, 1))
            for start in range(0, freqs, PROBES)
        )
        over_freq = np.concatenate([response(chunk)[:, :, 0] for chunk in chunks])
        return over_time[:, 0, :, 0].T, over_freq.transpose(1, 2, 0)


class LMMSEInterpolator(KroneckerInterpolator):
    r"""Joint LMMSE interpolation over time and frequency.

    .. math::

        \hat{\mathbf{h}} = \mathbf{R}_{gp}
        \big(\mathbf{R}_{pp} + \tfrac{N_p}{P_s}\mathbf{I}\big)^{-1}\hat{\mathbf{h}}_p
        = \mathbf{B}\big(\mathbf{\Lambda} + \tfrac{N_p}{P_s}\mathbf{I}\big)^{-1}
        \mathbf{U}^\mathsf{H}\hat{\mathbf{h}}_p, \qquad \mathbf{B} = \mathbf{R}_{gp}\mathbf{U}

    The eigenvectors :math:`\mathbf{U}` of :math:`\mathbf{R}_{pp}` are a Kronecker product and are
    computed once. Each noise power then requires only a few small matrix products. Sionna's
    interpolator of the same name filters time and frequency one after another, solves a linear
    system per antenna and slot, and does not compile with XLA.

    See `KroneckerInterpolator` for parameters, input and output.
    """

    def __init__(
        self,
        pilot_pattern: PilotPattern,
        pilot_symbols: tuple[int, ...],
        statistics: ChannelStatistics,
        precision: Literal["single", "double"] | None = None,
    ) -> None:
        super().__init__(pilot_pattern, pilot_symbols, statistics, precision)
        values_t, vectors_t = np.linalg.eigh(self._cov_pilot_times)
        values_f, vectors_f = np.linalg.eigh(self._cov_pilot_freqs)
        values = values_t[:, np.newaxis] * values_f[:, np.newaxis]
        self._eigenvalues = tf.constant(np.maximum(values, 0.0), self.rdtype)
        self._analysis_t = tf.constant(vectors_t.conj().T, self.cdtype)
        self._analysis_f = tf.constant(vectors_f.conj().swapaxes(-1, -2), self.cdtype)
        self._synthesis_t = tf.constant(self._cov_time_pilots @ vectors_t, self.cdtype)
        self._synthesis_f = tf.constant(self._cov_freq_pilots @ vectors_f, self.cdtype)

    def interpolate(self, pilots: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Interpolate as in `KroneckerInterpolator`."""
        # the floor accounts for the rounding errors of a rank-deficient covariance
        gain = 1.0 / (self._eigenvalues + tf.maximum(noise / self._power, 1e-5))
        modes = tf.einsum("brskl,sml->brskm", pilots, self._analysis_f)
        modes = tf.einsum("brskm,nk->brsnm", modes, self._analysis_t)
        modes *= tf.cast(gain[:, tf.newaxis], self.cdtype)
        h_hat = tf.einsum("brsnm,sfm->brsnf", modes, self._synthesis_f)
        h_hat = tf.einsum("brsnf,tn->brstf", h_hat, self._synthesis_t)
        energy_t, energy_f = tf.abs(self._synthesis_t) ** 2, tf.abs(self._synthesis_f) ** 2
        explained = tf.einsum("bsnm,sfm,tn->bstf", gain, energy_f, energy_t)
        return h_hat, self._power * tf.maximum(1.0 - explained, 0.0)
