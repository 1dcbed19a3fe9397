# SPDX-License-Identifier: Apache-2.0
"""Clusters of Sionna's CDL models.

Sionna makes delays public, but not the rays, their powers, the antenna arrays and their
orientation. This module and ``channel.sources.realizations`` read these private attributes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sionna.phy.channel.tr38901 import CDL, AntennaArray


class Angles(NamedTuple):
    """Angles of arrival and departure [rad]."""

    zoa: np.ndarray
    aoa: np.ndarray
    zod: np.ndarray
    aod: np.ndarray


class LineOfSight(NamedTuple):
    """Line-of-sight path: power over that of all clusters, and its angles []."""

    k_factor: float
    angles: Angles


class Clusters(NamedTuple):
    """Clusters of a CDL model, with delays in ascending order.

    ``order`` [num_clusters] are their indices in the model, ``delays`` [s] and ``powers`` have
    shape [num_clusters], ``angles`` [num_clusters, num_rays]. Orientations are bearing, downtilt
    and slant [rad], ``speeds`` the range of the terminal's speed [m/s].
    """

    carrier_frequency: float
    speeds: tuple[Any, Any]
    order: np.ndarray
    delays: np.ndarray
    powers: np.ndarray
    angles: Angles
    cross_polarization: float
    line_of_sight: LineOfSight | None
    rx_array: AntennaArray
    tx_array: AntennaArray
    rx_orientation: np.ndarray
    tx_orientation: np.ndarray


def clusters_of(model: CDL) -> Clusters:
    """Read the clusters of ``model``."""
    delays = np.asarray(model.delays, float)
    order = np.argsort(delays, kind="stable")
    rays = (model._zoa, model._aoa, model._zod, model._aod)
    line_of_sight = None
    if model._los:
        angles = (model._los_zoa, model._los_aoa, model._los_zod, model._los_aod)
        line_of_sight = LineOfSight(
            float(model._k_factor[0, 0, 0]),
            Angles(*(np.asarray(angle, float).reshape(()) for angle in angles)),
        )
    return Clusters(
        carrier_frequency=float(model._carrier_frequency),
        speeds=(model._min_speed, model._max_speed),
        order=order,
        delays=delays[order],
        powers=np.asarray(model._powers, float)[0, 0, 0][order],
        angles=Angles(*(np.asarray(angles, float)[0, 0, 0][order] for angles in rays)),
        cross_polarization=float(model._xpr[0, 0, 0, 0, 0]),  # the same for all rays
        line_of_sight=line_of_sight,
        rx_array=model._rx_array,
        tx_array=model._tx_array,
        rx_orientation=np.asarray(model._rx_orientation, float),
        tx_orientation=np.asarray(model._tx_orientation, float),
    )
