# SPDX-License-Identifier: Apache-2.0
"""Settings of links of several users, with checks of their combinations."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from ...channel.settings import SourceSettings
from ...channel.slots.checks import check_estimation
from ...channel.slots.settings import SlotSettings
from ..base import LinkSettings


class MultiUserSettings(SlotSettings, LinkSettings):
    """Settings of OFDM links of several users."""

    transmitters: ClassVar[tuple[str, ...]] = ("joint", "separate")

    model: Literal[
        "TDL-A", "TDL-B", "TDL-C", "TDL-D", "TDL-E",
        "CDL-A", "CDL-B", "CDL-C", "CDL-D", "CDL-E",
        "UMi", "UMa", "RMa", "flat",
    ] = "CDL-C"  # type: ignore[assignment]  # fmt: skip
    """Channel of each user: a model of TR 38.901, or Rayleigh fading that is constant over the slot
    (`flat`). Users of UMi, UMa and RMa are dropped in one sector. With other models, their channels
    are independent."""
    num_users: int = Field(default=4, ge=1, le=1024)
    """Number of users."""
    user: int | None = Field(default=None, ge=0)
    """User that sends all rows of a system with a single transmitter, counted from zero. By default
    (null) the users alternate over rows."""
    access: Literal["shared", "orthogonal"] = "shared"
    """`shared`: all users send on the same resource elements, each with an equal share of the
    power. `orthogonal`: users alternate over slots, each with the full power."""
    power_control: bool = True
    """Whether the channels of all users have the same mean energy. Otherwise energies differ by
    path loss and shadowing (UMi, UMa, RMa) or by `shadowing_db`, with a mean of one over users."""
    shadowing_db: float = Field(default=8.0, ge=0.0)
    """Standard deviation [dB] of the log-normal energies of users without power control, for models
    without user positions."""

    csi: Literal["perfect", "ls"] = "ls"
    """Channel knowledge of the receiver: `perfect`, or the least-squares estimate from pilots
    (`ls`)."""
    packing: bool = True
    """Whether latents share slots if they have the same noise power."""
    interleaver_seed: int = Field(0, ge=0)
    """Seed of the interleaver that spreads each latent over its slot."""

    @model_validator(mode="after")
    def _check_users(self) -> MultiUserSettings:
        if self.user is not None and self.user >= self.num_users:
            raise ValueError(
                "`user` must be less than `num_users`. "
                f"Received: user={self.user}, num_users={self.num_users}"
            )
        if isinstance(self.channel, SourceSettings) and self.channel.normalize != "slot":
            raise ValueError(
                "`channel` of several users must have `normalize`='slot', because `power_control` "
                f"determines the energy of their channels. Received: {self.channel.normalize!r}"
            )
        if self.domain == "time" or self.link_budget is not None:
            what = "domain='time'" if self.domain == "time" else "a link budget"
            raise ValueError(
                "links of several users require `domain`='frequency' and no `link_budget`. "
                f"Received: {what}"
            )
        self._check_pilots("streams of all users")
        if self.csi == "ls":
            check_estimation(self)
            if not self.power_control and "known" in (self.statistics, self._needed_statistics):
                raise ValueError(
                    "`power_control`=False requires `statistics`='none' and an `interpolation` "
                    "other than 'lmmse', because receivers do not know the energy in advance. "
                    f"Received: statistics={self.statistics!r}, "
                    f"interpolation={self.interpolation!r}"
                )
        return self

    @property
    def _needed_statistics(self) -> str:
        return "known" if self.interpolation == "lmmse" else "none"

    @property
    def active_users(self) -> int:
        """Number of users on the same resource elements."""
        return self.num_users if self.access == "shared" else 1

    @property
    def num_terminals(self) -> int:
        """Number of terminals in a drop of a system-level model."""
        return self.num_users

    @property
    def path_loss(self) -> bool:
        """Whether drops have path loss and shadowing."""
        return not self.power_control

    @property
    def family(self) -> Literal["TDL", "CDL", "system", "own"]:
        """Family of the channel model; flat fading is treated as your own channel."""
        return "own" if self.model in ("flat", "awgn") else super().family

    @property
    def knows_statistics(self) -> bool:
        """Whether receivers know the covariance of the channel."""
        return self.power_control if self.statistics is None else super().knows_statistics


class UplinkSettings(MultiUserSettings):
    """Settings of `UplinkLink`; invalid combinations raise an error."""

    kind: Literal["uplink"] = "uplink"
    """Selects this link in a study."""
    direction: Literal["uplink"] = "uplink"
    """From terminals to the base station."""
    num_tx_ant: int = Field(default=1, ge=1, le=1024)
    """Antennas of each terminal: one row of cross-polarized pairs, or of vertical elements if
    odd."""
    num_rx_ant: int = Field(default=8, ge=1, le=1024)
    """Antennas of the base station, with the same arrangement as the terminals."""
    num_streams: int | None = Field(default=None, ge=1)
    """Spatial streams of each user; by default (null) the number of antennas of a terminal."""
    equalizer: Literal["lmmse", "zf", "mf"] = "lmmse"
    """Equalizer of the streams of all users."""

    @model_validator(mode="after")
    def _check_antennas(self) -> UplinkSettings:
        if self.user_streams > self.num_tx_ant or self.streams > self.num_rx_ant:
            raise ValueError(
                "`num_streams` must not exceed `num_tx_ant`, and the streams of all active users "
                "must not exceed `num_rx_ant`. Received: "
                f"num_streams={self.user_streams}, num_tx_ant={self.num_tx_ant}, "
                f"{self.active_users} active users, num_rx_ant={self.num_rx_ant}"
            )
        return self

    @property
    def precoding(self) -> Literal["none"]:
        """Streams are not precoded."""
        return "none"

    @property
    def user_streams(self) -> int:
        """Spatial streams of each user."""
        return self.num_streams or self.num_tx_ant

    @property
    def streams(self) -> int:
        """Spatial streams of all active users."""
        return self.active_users * self.user_streams


class DownlinkSettings(MultiUserSettings):
    """Settings of `DownlinkLink`; invalid combinations raise an error."""

    kind: Literal["downlink"] = "downlink"
    """Selects this link in a study."""
    direction: Literal["downlink"] = "downlink"
    """From the base station to terminals."""
    num_tx_ant: int = Field(default=8, ge=1, le=1024)
    """Antennas of the base station: one row of cross-polarized pairs, or of vertical elements if
    odd."""
    num_rx_ant: int = Field(default=1, ge=1, le=1024)
    """Antennas of each terminal, with the same arrangement as the base station. There is one stream
    per antenna."""
    precoding: Literal["rzf", "block_diagonal"] = "rzf"
    """`rzf`: regularized zero-forcing between all terminal antennas. `block_diagonal`: block
    diagonalization without interference between users, with orthonormal beams of equal power for
    each user."""
    transmitter_csi: Literal["perfect", "ls", "delayed"] = "perfect"
    """Channel knowledge of the base station: `perfect`, the least-squares estimate from pilots of
    all terminal antennas at the same SNR (`ls`), or the channel some OFDM symbols ago
    (`delayed`)."""
    transmitter_delay: int | None = Field(default=None, ge=1, le=2**12)
    """Age of the delayed channel [OFDM symbols]."""

    @model_validator(mode="after")
    def _check_antennas(self) -> DownlinkSettings:
        if self.streams > self.num_tx_ant:
            raise ValueError(
                "`num_tx_ant` must not be less than the terminal antennas of all active users. "
                f"Received: num_tx_ant={self.num_tx_ant}, {self.active_users} active users "
                f"with num_rx_ant={self.num_rx_ant}"
            )
        if (self.transmitter_csi == "delayed") != (self.transmitter_delay is not None):
            raise ValueError(
                "`transmitter_delay` must be given if and only if `transmitter_csi`='delayed'. "
                "Received: "
                f"transmitter_csi={self.transmitter_csi!r}, "
                f"transmitter_delay={self.transmitter_delay}"
            )
        if self.transmitter_csi == "ls" and not self.pilot_ofdm_symbol_indices:
            raise ValueError(
                "`transmitter_csi`='ls' requires pilots. Received: pilot_ofdm_symbol_indices=()"
            )
        if "ls" in (self.csi, self.transmitter_csi) and self.interpolation == "lmmse":
            raise ValueError(
                "`interpolation`='lmmse' requires the channel statistics, which `precoding` "
                "changes. Use 'nn', 'lin' or 'lin_time_avg'. "
                f"Received: csi={self.csi!r}, transmitter_csi={self.transmitter_csi!r}"
            )
        return self

    @property
    def drawn_ofdm_symbols(self) -> int:
        """OFDM symbols of a slot, and of the time before it to which delayed CSI belongs."""
        return self.num_ofdm_symbols + (self.transmitter_delay or 0)

    @property
    def equalizer(self) -> Literal["lmmse"]:
        """Equalizer of terminals, which suppresses the interference of other users' streams."""
        return "lmmse"

    @property
    def user_streams(self) -> int:
        """Spatial streams of each user."""
        return self.num_rx_ant

    @property
    def streams(self) -> int:
        """Spatial streams of all active users."""
        return self.active_users * self.user_streams
