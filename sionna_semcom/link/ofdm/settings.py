# SPDX-License-Identifier: Apache-2.0
"""Settings of OFDM links, with checks of their combinations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from ...channel.slots.checks import check_age, check_estimation
from ...channel.slots.delayed import DelayedCSI
from ...channel.slots.settings import SlotSettings
from ..estimation.settings import ReceiverSettings


class OFDMSettings(DelayedCSI, SlotSettings, ReceiverSettings):
    """Settings of `OFDMLink`; invalid combinations raise an error."""

    kind: Literal["ofdm"] = "ofdm"
    """Selects this link in a study."""
    num_streams: int | None = Field(default=None, ge=1)
    """Spatial streams; by default (null) the smaller number of antennas."""
    precoding: Literal["none", "rzf", "svd"] = "none"
    """Precoder: `none` maps each stream to one antenna, `rzf` inverts the channel (one stream per
    receive antenna), and `svd` uses the strongest eigenmodes with equal power. The transmitter
    knows the channel perfectly, or the old channel if `csi` is `delayed`."""
    precoding_granularity: Literal["element", "slot"] | None = None
    """One precoder per resource element, or one for the slot (`svd` only). By default (null), `svd`
    uses one for the slot if the receiver interpolates the precoded channel."""

    csi: Literal["perfect", "ls", "delayed"] = "ls"
    """Channel knowledge of the receiver: `perfect`, the least-squares estimate from pilots (`ls`),
    or the channel some OFDM symbols ago (`delayed`), from which precoders are also computed."""
    csi_delay: int | None = Field(default=None, ge=1, le=2**12)
    """Age of the delayed channel [OFDM symbols]."""
    equalizer: Literal["lmmse", "zf", "mf"] = "lmmse"
    """MIMO equalizer."""

    packing: bool = True
    """Whether latents share slots if they have the same noise power."""
    interleaver_seed: int = Field(0, ge=0)
    """Seed of the interleaver that spreads each latent over its slot."""

    @model_validator(mode="after")
    def _check_antennas(self) -> OFDMSettings:
        tx, rx, streams = self.num_tx_ant, self.num_rx_ant, self.streams
        if streams > min(tx, rx):
            raise ValueError(
                "`num_streams` must not exceed the number of antennas of either side. "
                f"Received: num_streams={streams}, num_tx_ant={tx}, num_rx_ant={rx}"
            )
        if self.precoding != "none" and tx == 1:
            raise ValueError(
                "`precoding` requires at least two transmit antennas. "
                f"Received: {self.precoding!r} with num_tx_ant=1"
            )
        if self.precoding == "rzf" and streams != rx:
            raise ValueError(
                "`precoding`='rzf' sends one stream to each receive antenna: `num_streams` must "
                f"equal `num_rx_ant`. Received: num_streams={streams}, num_rx_ant={rx}"
            )
        if self.precoding_granularity == "slot" and self.precoding != "svd":
            raise ValueError(
                "`precoding_granularity`='slot' requires `precoding`='svd'. "
                f"Received: precoding={self.precoding!r}"
            )
        self._check_pilots("num_streams")
        return self

    @model_validator(mode="after")
    def _check_domain_parts(self) -> OFDMSettings:
        for name, given in (("estimator", self.learned), ("link_budget", self.link_budget)):
            if self.domain == "time" and given is not None:
                raise ValueError(
                    f"`{name}` requires `domain`='frequency'. Received: domain='time' with {name}"
                )
        return self

    @model_validator(mode="after")
    def _check_receiver(self) -> OFDMSettings:
        if self.csi == "ls" and self.granularity == "element" and self.precoding == "svd":
            raise ValueError(
                "`precoding`='svd' with `precoding_granularity`='element' requires "
                "`csi`='perfect': eigenmodes of neighboring resource elements have unrelated "
                "phases and cannot be interpolated. Use `precoding_granularity`='slot'. "
                "Received: precoding_granularity='element', csi='ls'"
            )
        if self.csi == "ls" and self.precoding == "rzf":
            if self.interpolation == "lmmse":
                raise ValueError(
                    "`interpolation`='lmmse' requires the channel statistics, which "
                    "`precoding`='rzf' changes. Use 'nn', 'lin' or 'lin_time_avg'. "
                    "Received: interpolation='lmmse', precoding='rzf'"
                )
            if self.statistics == "known":
                raise ValueError(
                    "`statistics`='known' requires the channel statistics, which "
                    "`precoding`='rzf' changes. Use `statistics`='none'. "
                    "Received: statistics='known', precoding='rzf'"
                )
        if self.csi == "ls":
            check_estimation(self)
        check_age(self)
        if self.csi == "delayed" and self.num_interferers:
            raise ValueError(
                "`link_budget.interferers` requires `csi`='perfect' or 'ls'. "
                f"Received: csi='delayed' with num={self.num_interferers}"
            )
        return self

    @property
    def checksums(self) -> Mapping[str, str]:
        """SHA-256 of the files of your own ``channel`` and of the estimator's weights."""
        return {**super().checksums, **self.estimator_files}

    @property
    def streams(self) -> int:
        """Spatial streams, by default the smaller number of antennas."""
        return self.num_streams or min(self.num_tx_ant, self.num_rx_ant)

    @property
    def array_gain_db(self) -> float:
        """Largest gain of coherent combining [dB] over receive and precoded transmit antennas."""
        precoded = self.num_tx_ant if self.precoding != "none" else 1
        return super().array_gain_db + 10.0 * math.log10(precoded)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Metrics of each slot: the SINR, if the link has a budget."""
        return () if self.link_budget is None else ("sinr_db",)

    @property
    def knows_statistics(self) -> bool:
        """Whether the receiver knows the covariance of the effective channel."""
        if self.statistics is None:
            return self.precoding != "rzf"
        return super().knows_statistics

    @property
    def granularity(self) -> Literal["element", "slot"]:
        """Granularity of the precoder, given or by default."""
        if self.precoding_granularity is not None:
            return self.precoding_granularity
        return "slot" if self.precoding == "svd" and self.csi == "ls" else "element"
