# SPDX-License-Identifier: Apache-2.0
"""Settings of MIMO channels on OFDM slots."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, model_validator

from .base import MIMOSettings
from .slots.checks import check_age, check_estimation
from .slots.delayed import DelayedCSI
from .slots.settings import SlotSettings


class OFDMMIMOSettings(DelayedCSI, SlotSettings, MIMOSettings):
    """Settings of `OFDMMIMOChannel`."""

    kind: Literal["ofdm_mimo"] = "ofdm_mimo"
    """Selects this channel in a study."""
    csi: Literal["perfect", "ls", "delayed"] = "ls"
    """CSI at both ends: the channel itself, its least-squares estimate from the pilots of each
    antenna, or the channel some OFDM symbols earlier."""
    csi_delay: int | None = Field(default=None, ge=1, le=2**12)
    """Delay of the CSI [OFDM symbols]."""

    @model_validator(mode="after")
    def _check_uses(self) -> OFDMMIMOSettings:
        if self.num_uses * self.coherence > self.num_data_elements:
            raise ValueError(
                "A slot must have a data resource element for each of the `num_uses` of its "
                f"`coherence` latents, here {self.num_data_elements} in all. Received: "
                f"num_uses={self.num_uses}, coherence={self.coherence}"
            )
        self._check_pilots("num_tx_ant")
        return self

    @model_validator(mode="after")
    def _check_csi(self) -> OFDMMIMOSettings:
        if self.num_interferers:
            raise ValueError(
                "`link_budget.interferers` are for links: a MIMO channel shows its matrices "
                f"alone. Received: num={self.num_interferers}"
            )
        if self.csi == "ls":
            check_estimation(self)
        if self.domain == "time":
            raise ValueError(
                "a MIMO channel hands out one matrix for each resource element; `domain`='time' is "
                "for OFDM links. Received: domain='time'"
            )
        check_age(self)
        return self

    @property
    def streams(self) -> int:
        """Antennas that share the pilots."""
        return self.num_tx_ant

    @property
    def array_gain_db(self) -> float:
        """Maximum gain of precoding and combining with the antennas of both ends [dB]."""
        return super().array_gain_db + 10.0 * math.log10(self.num_tx_ant)

    @property
    def num_data_elements(self) -> int:
        """Resource elements of a slot without pilots."""
        symbols = self.num_ofdm_symbols - len(self.pilot_ofdm_symbol_indices)
        return symbols * self.num_subcarriers
