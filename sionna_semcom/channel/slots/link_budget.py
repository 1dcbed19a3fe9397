# SPDX-License-Identifier: Apache-2.0
"""Link budgets: transmit power, noise and interference in physical units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from pydantic import Field
from sionna.phy.constants import BOLTZMANN_CONSTANT

from ..._parts import Settings

POWER_AXIS = "tx_power_dbm"
MAX_DBM = 200.0  # limit of powers, so that single precision can represent all ratios


class InterfererSettings(Settings):
    """Terminals of adjacent cells that transmit on the same resource elements."""

    num: int = Field(default=3, ge=1, le=32)
    """Number of terminals, each dropped in one of the two cells next to the sector."""
    tx_power_dbm: float | None = Field(default=None, ge=-MAX_DBM, le=MAX_DBM)
    """Transmit power of each terminal [dBm]; by default (null) that of the terminal of the link, so
    that the interference grows with its power."""


class LinkBudget(Settings):
    """Link budget of a link whose channel has path loss and shadowing."""

    tx_power_dbm: float = Field(default=23.0, ge=-MAX_DBM, le=MAX_DBM)
    """Total transmit power over the bandwidth [dBm], unless an evaluation sets another power."""
    noise_figure_db: float = Field(default=5.0, ge=0.0, le=100.0)
    """Noise figure of the receiver [dB]: about 5 of base stations, 7 to 9 of terminals."""
    temperature: float = Field(default=290.0, ge=1e-3, le=1e4)
    """Noise temperature [K]; 290 K is -174 dBm/Hz."""
    interference_margin_db: float = Field(default=0.0, ge=0.0, le=100.0)
    """Increase of the noise power [dB] due to interference that is not simulated."""
    shadowing: bool = True
    """Whether UMi, UMa and RMa have shadow fading in addition to path loss."""
    normalize: Literal["none", "slot"] = "none"
    """Normalization of the energy: `none` keeps path loss, shadowing and fading; `slot` removes
    them, so that each slot has the energy of the median drop."""
    interferers: InterfererSettings | None = None
    """Interfering terminals; by default (null) only noise."""


@dataclass(frozen=True)
class Budget:
    r"""Powers of a link, computed from its `LinkBudget` and the median gain of its channel.

    .. math::

        N = k T B\,F\,M, \qquad \mathrm{SNR} = \frac{P\,g_{0.5}}{N}, \qquad
        N_0 = \frac{1}{\mathrm{SNR}}

    with transmit power :math:`P`, bandwidth :math:`B`, noise figure :math:`F`, interference margin
    :math:`M`, and the median :math:`g_{0.5}` over drops of the mean energy of a slot's
    coefficients. Power and noise are spread evenly over the used subcarriers.

    Parameters
    ----------
    settings : `LinkBudget`
        Powers

    bandwidth : `float`
        Bandwidth of the used subcarriers [Hz]

    median_gain_db : `float`
        Median gain of the channel [dB], including antenna elements, path loss, shadowing and fading
    """

    settings: LinkBudget
    bandwidth: float
    median_gain_db: float

    @property
    def noise_dbm(self) -> float:
        """Noise power at a receive antenna over the bandwidth [dBm]."""
        chosen = self.settings
        thermal = BOLTZMANN_CONSTANT * chosen.temperature * self.bandwidth
        return 10.0 * math.log10(1e3 * thermal) + chosen.noise_figure_db + self._margin_db

    @property
    def _margin_db(self) -> float:
        return self.settings.interference_margin_db

    @property
    def snr_offset_db(self) -> float:
        """SNR of the median drop [dB] minus the transmit power [dBm]."""
        return self.median_gain_db - self.noise_dbm

    def snr_db(self, tx_power_dbm: float | None = None) -> float:
        """SNR of the median drop [dB] for a transmit power [dBm], or that of the settings."""
        power = self.settings.tx_power_dbm if tx_power_dbm is None else tx_power_dbm
        return power + self.snr_offset_db

    def noise_power(self, tx_power_dbm: float | None = None) -> float:
        """``no`` of the link at a transmit power [dBm], by default that of the settings."""
        return float(10.0 ** (-self.snr_db(tx_power_dbm) / 10.0))

    def summary(self) -> str:
        """Summary of power, noise and SNR of the median drop in one line."""
        return (
            f"{self.settings.tx_power_dbm:g} dBm over {self.bandwidth / 1e6:.4g} MHz, noise "
            f"{self.noise_dbm:.1f} dBm, median gain {self.median_gain_db:.1f} dB: median SNR "
            f"{self.snr_db():.1f} dB"
        )
