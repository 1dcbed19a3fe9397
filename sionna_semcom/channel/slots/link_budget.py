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
MAX_DBM = 200.0  # of any power, so that single precision holds all ratios


class InterfererSettings(Settings):
    """Terminals of adjacent cells that send at the same time on the same resource elements."""

    num: int = Field(default=3, ge=1, le=32)
    """Terminals, each dropped in one of the two cells next to the sector."""
    tx_power_dbm: float | None = Field(default=None, ge=-MAX_DBM, le=MAX_DBM)
    """Transmit power of each [dBm]; none: as much as the terminal of the link sends, so that
    interference grows with the power of all."""


class LinkBudget(Settings):
    """Powers of a link whose channel has path loss and shadowing."""

    tx_power_dbm: float = Field(default=23.0, ge=-MAX_DBM, le=MAX_DBM)
    """Total transmit power over the bandwidth [dBm], where no other is given."""
    noise_figure_db: float = Field(default=5.0, ge=0.0, le=100.0)
    """Noise figure of the receiver [dB]: about 5 of base stations, 7 to 9 of terminals."""
    temperature: float = Field(default=290.0, gt=0.0, le=1e4)
    """Noise temperature [K]; 290 K is -174 dBm/Hz."""
    interference_margin_db: float = Field(default=0.0, ge=0.0, le=100.0)
    """Rise of the noise [dB] that stands for interference which is not simulated."""
    shadowing: bool = True
    """Whether UMi, UMa and RMa draw shadow fading beside path loss."""
    normalize: Literal["none", "slot"] = "none"
    """What slots keep of path loss, shadowing and fading: all, or with `slot` nothing, so that each
    receives what the median drop does."""
    interferers: InterfererSettings | None = None
    """Interfering terminals; none: noise alone."""


@dataclass(frozen=True)
class Budget:
    r"""Powers of a link, from its `LinkBudget` and the median gain of its channel.

    .. math::

        N = k T B\,F\,M, \qquad \mathrm{SNR} = \frac{P\,g_{0.5}}{N}, \qquad
        N_0 = \frac{1}{\mathrm{SNR}}

    with transmit power :math:`P`, bandwidth :math:`B`, noise figure :math:`F`, interference margin
    :math:`M`, and the median :math:`g_{0.5}` over drops of the mean energy of a slot's
    coefficients. Power and noise are spread evenly over the subcarriers in use.

    Parameters
    ----------
    settings : `LinkBudget`
        Powers

    bandwidth : `float`
        Bandwidth of the subcarriers in use [Hz]

    median_gain_db : `float`
        Median gain of the channel [dB], with antenna elements, path loss, shadowing and fading
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
        """What a transmit power [dBm] differs from the SNR of the median drop [dB]."""
        return self.median_gain_db - self.noise_dbm

    def snr_db(self, tx_power_dbm: float | None = None) -> float:
        """SNR of the median drop [dB] at a transmit power [dBm], that of the settings if none."""
        power = self.settings.tx_power_dbm if tx_power_dbm is None else tx_power_dbm
        return power + self.snr_offset_db

    def noise_power(self, tx_power_dbm: float | None = None) -> float:
        """``no`` of the link at a transmit power [dBm], that of the settings if none."""
        return float(10.0 ** (-self.snr_db(tx_power_dbm) / 10.0))

    def summary(self) -> str:
        """One line: power, noise, and the SNR of the median drop."""
        return (
            f"{self.settings.tx_power_dbm:g} dBm over {self.bandwidth / 1e6:.4g} MHz, noise "
            f"{self.noise_dbm:.1f} dBm, median gain {self.median_gain_db:.1f} dB: median SNR "
            f"{self.snr_db():.1f} dB"
        )
