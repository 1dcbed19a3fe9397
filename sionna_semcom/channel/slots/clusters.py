# SPDX-License-Identifier: Apache-2.0
"""Path coefficients of a CDL channel with precomputed tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy import PI, SPEED_OF_LIGHT, config
from sionna.phy.block import Object
from sionna.phy.channel.tr38901 import CDL, AntennaArray

from .cdl_clusters import clusters_of


def unit_vectors(zenith: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    """Directions [..., 3] of a zenith and an azimuth [rad], equation (7.1-6) of TR 38.901."""
    parts = np.sin(zenith) * np.cos(azimuth), np.sin(zenith) * np.sin(azimuth), np.cos(zenith)
    return np.stack(np.broadcast_arrays(*parts), -1)


def array_response(
    array: AntennaArray, bearing: float, wavelength: float, zenith: np.ndarray, azimuth: np.ndarray
) -> np.ndarray:
    r"""Response of antennas to a ray: field pattern of the element times phase of the position.

    .. math:: \mathbf{f}_u(\theta, \phi)\,
              e^{j 2\pi\, \hat{\mathbf{r}}^\mathsf{T}\mathbf{d}_u / \lambda_0}

    of equation (7.5-22) of TR 38.901.

    Parameters
    ----------
    array : :class:`~sionna.phy.channel.tr38901.AntennaArray`
        Antennas
    bearing : `float`
        Rotation of the array about the vertical axis [rad]
    wavelength : `float`
        Wavelength :math:`\lambda_0` [m]
    zenith, azimuth : [...], `float`
        Angles of the rays [rad]

    Output
    ------
    : [..., num_ant, 2], `complex`
        Response to both field components, along zenith and azimuth
    """
    directions = unit_vectors(zenith, azimuth - bearing)  # relative to the array
    local = np.arccos(np.clip(directions[..., 2], -1.0, 1.0))
    bearings = np.arctan2(directions[..., 1], directions[..., 0])
    turned = np.sign(np.sin(np.broadcast_to(zenith, local.shape)))  # a zenith beyond the pole
    dual = array.polarization == "dual"
    elements = [array.ant_pol1, array.ant_pol2] if dual else [array.ant_pol1]
    fields = []
    for element in elements:
        angles = (tf.constant(angle, element.rdtype) for angle in (local, bearings))
        components = [component.numpy() for component in element.field(*angles)]
        fields.append(np.stack(components, -1) * turned[..., np.newaxis])
    second = np.zeros(array.num_ant, int)
    if dual:
        second[array.ant_ind_pol2.numpy()] = 1
    phases = 2.0 * np.pi / wavelength * directions @ array.ant_pos.numpy().astype(float).T
    field = np.stack([fields[one] for one in second], -2)
    return field * np.exp(1j * phases)[..., np.newaxis]


def has_tables(model: Any) -> bool:
    """Whether `ClusterPaths` draws the paths of ``model``: Sionna's CDL, with upright arrays.

    Subclasses may draw other paths.
    """
    if type(model) is not CDL:
        return False
    clusters = clusters_of(model)
    return not np.any([clusters.rx_orientation[1:], clusters.tx_orientation[1:]])


class ClusterPaths(Object):
    r"""Draws the path coefficients of a CDL model, as :class:`~sionna.phy.channel.tr38901.CDL`.

    .. math::

        a_{u,s,c}(t) = \sqrt{\tfrac{P_c}{R}} \sum_{r=1}^{R}
        \mathbf{f}_{u}^\mathsf{T} \mathbf{\Phi}_{c,r}\, \mathbf{f}_{s}\,
        e^{j 2\pi\, \hat{\mathbf{r}}^\mathsf{T}\mathbf{v}\, t / \lambda_0}

    A cluster has 20 azimuths and 20 zeniths at each end, which are coupled at random. The responses
    of the arrays to all 400 pairs are computed once (`array_response`). A draw looks up the
    responses of rays, instead of rotating coordinate systems and evaluating antenna patterns. It
    uses the same random draws as Sionna in the same order. The results are equal up to rounding.

    Parameters
    ----------
    model : :class:`~sionna.phy.channel.tr38901.CDL`
        Channel model, whose arrays may only be rotated about the vertical axis

    precision : `None` (default) | "single" | "double"
        Precision of the output; `None` is that of Sionna's configuration

    Input
    -----
    batch_size : `int` or [], `tf.int32`
        Independent realizations

    num_time_steps : `int`
        Time steps

    sampling_frequency : `float`
        Time steps per second [Hz]

    Output
    ------
    : [batch_size, num_paths, num_rx_ant, num_tx_ant, num_time_steps], `tf.complex`
        Path coefficients, in the order of ``delays``

    Attributes
    ----------
    delays : [num_paths], `float`
        Path delays [s], in ascending order
    """

    def __init__(self, model: CDL, precision: str | None = None) -> None:
        super().__init__(precision=precision)
        clusters = clusters_of(model)
        wavelength = SPEED_OF_LIGHT / clusters.carrier_frequency
        self._speeds = clusters.speeds
        self.delays = clusters.delays
        zoa, aoa, zod, aod = clusters.angles
        self._num_clusters, self._num_rays = aoa.shape
        receiver = clusters.rx_array, float(clusters.rx_orientation[0]), wavelength
        transmitter = clusters.tx_array, float(clusters.tx_orientation[0]), wavelength
        arrivals, departures = _pairs(zoa, aoa), _pairs(zod, aod)
        line_of_sight = clusters.line_of_sight
        k_factor = line_of_sight.k_factor if line_of_sight is not None else 0.0
        powers = clusters.powers / self._num_rays
        amplitudes = np.sqrt(powers / (k_factor + 1.0)).reshape(-1, 1, 1, 1, 1)
        self._rx = self._table(amplitudes * array_response(*receiver, *arrivals))
        self._tx = self._table(array_response(*transmitter, *departures))
        rotations = 2.0 * np.pi / wavelength * unit_vectors(*arrivals)
        self._doppler = tf.constant(rotations.reshape(-1, 3), self.rdtype)
        cross = 1.0 / np.sqrt(clusters.cross_polarization)
        self._cross = tf.constant([[1.0, cross], [cross, 1.0]], self.cdtype)
        self._order = tf.constant(clusters.order, tf.int32)
        self._line_of_sight: tuple[tf.Tensor, tf.Tensor] | None = None
        if line_of_sight is not None:
            zoa, aoa, zod, aod = line_of_sight.angles
            ends = array_response(*receiver, zoa, aoa), array_response(*transmitter, zod, aod)
            specular = ends[0] @ np.diag([1.0, -1.0]) @ ends[1].T
            self._line_of_sight = (
                tf.constant(np.sqrt(k_factor / (k_factor + 1.0)) * specular, self.cdtype),
                tf.constant(2.0 * np.pi / wavelength * unit_vectors(zoa, aoa), self.rdtype),
            )

    def __call__(
        self, batch_size: int | tf.Tensor, num_time_steps: int, sampling_frequency: float
    ) -> tf.Tensor:
        """Draw path coefficients."""
        times = tf.range(num_time_steps, dtype=self.rdtype) / sampling_frequency
        velocity = self._velocity(batch_size)
        arrivals, departures = self._couple(batch_size)
        shape = [batch_size, 1, 1, self._num_clusters, self._num_rays, 4]
        phases = config.tf_rng.uniform(shape, -PI, PI, dtype=self.rdtype)
        phases = tf.gather(phases[:, 0, 0], self._order, axis=1)
        polarized = tf.reshape(_rotation(phases), [*_sizes(phases)[:3], 2, 2]) * self._cross
        rays = self._responses(arrivals, departures, polarized)
        turns = tf.einsum("bcrx,bx->bcr", tf.gather(self._doppler, arrivals), velocity)
        turning = _rotation(turns[..., tf.newaxis] * times)
        a = tf.matmul(rays, turning, transpose_a=True)
        if self._line_of_sight is not None:
            specular, direction = self._line_of_sight
            turning = _rotation(tf.linalg.matvec(velocity, direction)[:, tf.newaxis] * times)
            specular = tf.reshape(specular, [1, 1, -1, 1]) * turning[:, tf.newaxis, tf.newaxis]
            a = tf.concat([a[:, :1] + specular, a[:, 1:]], 1)
        antennas = self._rx.shape[1] // 2, self._tx.shape[1] // 2
        return tf.reshape(a, [batch_size, self._num_clusters, *antennas, num_time_steps])

    def impulse_responses(
        self, batch_size: int | tf.Tensor, num_time_steps: int, sampling_frequency: float
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Draw path coefficients and delays in the format of Sionna's channel models.

        Output
        ------
        a : [batch_size, 1, num_rx_ant, 1, num_tx_ant, num_paths, num_time_steps], `tf.complex`
            Path coefficients

        tau : [batch_size, 1, 1, num_paths], `tf.float`
            Path delays [s]
        """
        a = self(batch_size, num_time_steps, sampling_frequency)
        a = tf.transpose(a, [0, 2, 3, 1, 4])[:, tf.newaxis, :, tf.newaxis]
        delays = tf.constant(self.delays, self.rdtype)
        return a, tf.broadcast_to(delays, [batch_size, 1, 1, delays.shape[0]])

    def _velocity(self, batch_size: int | tf.Tensor) -> tf.Tensor:
        """Velocities [batch_size, 3] of the terminal."""
        low, high = self._speeds

        def draw(*limits: tf.Tensor | float) -> tf.Tensor:
            return config.tf_rng.uniform([batch_size, 1], *limits, dtype=self.rdtype)[:, 0]

        speed, azimuth, zenith = draw(low, high), draw(0.0, 2.0 * PI), draw(0.0, PI)
        level = speed * tf.sin(zenith)
        return tf.stack(
            [level * tf.cos(azimuth), level * tf.sin(azimuth), speed * tf.cos(zenith)], -1
        )

    def _couple(self, batch_size: int | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Table rows of the rays [batch_size, num_clusters, num_rays] at both ends."""
        shape = [batch_size, 1, 1, self._num_clusters, self._num_rays]
        scores = tf.stack([config.tf_rng.normal(shape)[:, 0, 0] for _ in range(4)])
        scores = tf.gather(scores, self._order, axis=2)
        azimuth_in, azimuth_out, zenith_in, zenith_out = tf.unstack(tf.argsort(scores))
        first = self._num_rays * tf.range(self._num_clusters)[:, tf.newaxis]

        def row(azimuth: tf.Tensor, zenith: tf.Tensor) -> tf.Tensor:
            return (first + azimuth) * self._num_rays + zenith

        return row(azimuth_in, zenith_in), row(azimuth_out, zenith_out)

    def _responses(
        self, arrivals: tf.Tensor, departures: tf.Tensor, polarized: tf.Tensor
    ) -> tf.Tensor:
        """Channel of each ray at time zero, [batch_size, num_clusters, num_rays, rx * tx]."""
        rx_zenith, rx_azimuth = tf.split(tf.gather(self._rx, arrivals), 2, -1)
        tx_zenith, tx_azimuth = tf.split(tf.gather(self._tx, departures), 2, -1)
        to_zenith = polarized[..., 0, :1] * tx_zenith + polarized[..., 0, 1:] * tx_azimuth
        to_azimuth = polarized[..., 1, :1] * tx_zenith + polarized[..., 1, 1:] * tx_azimuth
        rays = rx_zenith[..., tf.newaxis] * to_zenith[..., tf.newaxis, :]
        rays += rx_azimuth[..., tf.newaxis] * to_azimuth[..., tf.newaxis, :]
        pairs = rays.shape[-2] * rays.shape[-1]
        return tf.reshape(rays, [*_sizes(rays)[:3], pairs])

    def _table(self, response: np.ndarray) -> tf.Tensor:
        """Table rows: the zenith components of all antennas, then the azimuth components."""
        rows = np.swapaxes(response, -1, -2)
        return tf.constant(rows.reshape(-1, rows.shape[-1] * 2), self.cdtype)


def _pairs(zenith: np.ndarray, azimuth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of a zenith and an azimuth of a cluster, [num_clusters, azimuths, zeniths]."""
    zeniths, azimuths = np.broadcast_arrays(zenith[:, np.newaxis, :], azimuth[:, :, np.newaxis])
    return zeniths, azimuths


def _rotation(phases: tf.Tensor) -> tf.Tensor:
    return tf.complex(tf.cos(phases), tf.sin(phases))


def _sizes(tensor: tf.Tensor) -> list[int | tf.Tensor]:
    """Sizes of all axes, as integers if they are known."""
    sizes = tf.shape(tensor)
    return [sizes[axis] if size is None else size for axis, size in enumerate(tensor.shape)]
