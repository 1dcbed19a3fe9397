# SPDX-License-Identifier: Apache-2.0
"""Relation between the estimates at reference signals and the channels of all layers.

Layers of one CDM group share resource elements. They are separated with orthogonal codes over two
subcarriers and, with double-symbol DMRS, two OFDM symbols. The estimate of a layer at such a group
of resource elements is an average over the group. It contains the mean of the layer's channel and,
if channels vary within the group, interference from other layers. The estimate is linear in the
channels of all layers, so that its statistics are known in closed form.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sionna.phy.ofdm import PilotPattern


class LayerStatistics(NamedTuple):
    r"""Second-order statistics of the effective channel of the layers.

    .. math:: \mathbb{E}[h_{i,t,f} h_{j,t',f'}^\star] = R_{i,j} R^{(t)}_{t,t'} R^{(f)}_{f,f'}
    """

    time: np.ndarray
    """Covariance :math:`R^{(t)}` over OFDM symbols, with unit diagonal."""
    frequency: np.ndarray
    """Covariance :math:`R^{(f)}` over subcarriers, with unit diagonal."""
    layers: np.ndarray
    """Covariance :math:`R` of the layers at a receive antenna."""


class PilotGroups:
    r"""Linear map from the channels of all layers to the estimate at each group of elements.

    .. math::

        z_{j,q,k} = \sum_i \sum_{t,f} T_{j,i,q,t} F_{j,i,k,f} h_{i,t,f} + n_{j,q,k}

    for layer :math:`j` and the group with the indices :math:`q` over time and :math:`k` over
    frequency. The code division multiplexing of reference signals is specified in 3GPP TS 38.211,
    section 6.4.1.1.

    Parameters
    ----------
    pilot_pattern : :class:`~sionna.phy.nr.PUSCHPilotPattern`
        Reference signals of one transmitter

    length : `int`
        Number of OFDM symbols of a group, one or two
    """

    def __init__(self, pilot_pattern: PilotPattern, length: int) -> None:
        mask = np.asarray(pilot_pattern.mask)[0].astype(bool)
        values = np.asarray(pilot_pattern.pilots)[0].astype(complex)
        self.pilots = np.zeros(mask.shape, complex)  # [num_layers, T, F]
        self.pilots[mask] = values.reshape(-1)
        self.num_layers, self.num_symbols, self.num_subcarriers = mask.shape
        symbols = np.flatnonzero(self.pilots[0].any(axis=1))
        self.times = symbols.reshape(-1, length)  # [num_times, length]
        own = [np.flatnonzero(layer[symbols[0]]) for layer in self.pilots]
        self.subcarriers = np.stack([row.reshape(-1, 2) for row in own])  # [layers, num_freqs, 2]
        self._positions = np.cumsum(mask.reshape(self.num_layers, -1), axis=1) - 1

    @property
    def members(self) -> np.ndarray:
        """Indices of the members of a group in the pilots of a layer.

        Shape: [num_layers, num_times, num_freqs, length, 2].
        """
        cells = self.times[:, np.newaxis, :, np.newaxis] * self.num_subcarriers
        cells = cells + self.subcarriers[:, np.newaxis, :, np.newaxis, :]
        rows = np.arange(self.num_layers).reshape(-1, *[1] * 4)
        return self._positions[rows, cells]

    def over_time(self, layer: int, other: int) -> np.ndarray:
        r""":math:`T` [num_times, T] of the contribution of ``other`` to ``layer``."""
        first = self.subcarriers[layer, 0, 0]
        codes = self._ratio(layer, other)[self.times, first]
        sign = np.divide(codes, codes[:, :1], out=np.zeros_like(codes), where=codes[:, :1] != 0)
        matrix = np.zeros([len(self.times), self.num_symbols], complex)
        matrix[np.arange(len(self.times))[:, np.newaxis], self.times] = sign / self.times.shape[1]
        return matrix

    def over_frequency(self, layer: int, other: int) -> np.ndarray:
        r""":math:`F` [num_freqs, F] of the contribution of ``other`` to ``layer``."""
        pairs = self.subcarriers[layer]
        matrix = np.zeros([len(pairs), self.num_subcarriers], complex)
        codes = self._ratio(layer, other)[self.times[0, 0], pairs]
        matrix[np.arange(len(pairs))[:, np.newaxis], pairs] = codes / 2
        return matrix

    def _ratio(self, layer: int, other: int) -> np.ndarray:
        """Pilots of ``other`` divided by pilots of ``layer``; zero where ``layer`` has none."""
        own = self.pilots[layer]
        return np.divide(self.pilots[other], own, out=np.zeros_like(own), where=own != 0)
