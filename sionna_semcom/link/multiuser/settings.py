# SPDX-License-Identifier: Apache-2.0
"""What links of several users can be, and why some combinations cannot."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from ...channel.settings import SourceSettings
from ...channel.slots.checks import check_estimation
from ...channel.slots.settings import SlotSettings
from ..base import LinkSettings


class MultiUserSettings(SlotSettings, LinkSettings):
    """Settings of links of several users on OFDM slots."""

    transmitters: ClassVar[tuple[str, ...]] = ("joint", "separate")

    model: Literal[
        "TDL-A", "TDL-B", "TDL-C", "TDL-D", "TDL-E",
        "CDL-A", "CDL-B", "CDL-C", "CDL-D", "CDL-E",
        "UMi", "UMa", "RMa", "flat",
    ] = "CDL-C"  # type: ignore[assignment]  # fmt: skip
    """Channel of each user: a model of TR 38.901, or Rayleigh fading that is the same on the whole
    slot. Users of UMi, UMa and RMa are dropped in one sector; of other models each draws alone."""
    num_users: int = Field(default=4, ge=1, le=1024)
    """Users."""
    user: int | None = Field(default=None, ge=0)
    """Whose rows those of one user are, counted from zero; none: rows take turns."""
    access: Literal["shared", "orthogonal"] = "shared"
    """Whether users send on the same resource elements at the same time, with an equal share of the
    power each, or have the slots in turn, with all of the power."""
    power_control: bool = True
    """Whether all users arrive with the same mean energy. Otherwise they differ by path loss and
    shadowing (UMi, UMa, RMa) or by ``shadowing_db``, with a mean of one over users."""
    shadowing_db: float = Field(default=8.0, ge=0.0)
    """Standard deviation [dB] of the log-normal energies of users without power control, where the
    model has no positions."""

    csi: Literal["perfect", "ls"] = "ls"
    """What a receiver knows: the channel itself, or its least-squares estimate from pilots."""
    packing: bool = True
    """Whether latents share slots when they all see the same noise power."""
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
                "`channel` of several users must have `normalize`='slot', as `power_control` "
                f"decides with which energy they arrive. Received: {self.channel.normalize!r}"
            )
        if self.domain == "time" or self.link_budget is not None:
            what = "domain='time'" if self.domain == "time" else "a link budget"
            raise ValueError(
                "links of several users have the frequency domain and an SNR, and no link budget. "
                f"Received: {what}"
            )
        self._check_pilots("streams of all users")
        if self.csi == "ls":
            check_estimation(self)
            if not self.power_control and "known" in (self.statistics, self._needed_statistics):
                raise ValueError(
                    "`power_control`=False leaves a power that a receiver does not know in "
                    "advance. Use `statistics`='none' and no `interpolation`='lmmse'. Received: "
                    f"statistics={self.statistics!r}, interpolation={self.interpolation!r}"
                )
        return self

    @property
    def _needed_statistics(self) -> str:
        return "known" if self.interpolation == "lmmse" else "none"

    @property
    def active_users(self) -> int:
        """Users who send on the same resource elements."""
        return self.num_users if self.access == "shared" else 1

    @property
    def num_terminals(self) -> int:
        """Terminals in a drop of a system-level model."""
        return self.num_users

    @property
    def path_loss(self) -> bool:
        """Whether path loss and shadowing of terminals in a drop are drawn."""
        return not self.power_control

    @property
    def family(self) -> Literal["TDL", "CDL", "system", "own"]:
        """Kind of channel; flat fading counts as the user's own."""
        return "own" if self.model in ("flat", "awgn") else super().family

    @property
    def knows_statistics(self) -> bool:
        """Whether a receiver knows the covariance of the channel."""
        return self.power_control if self.statistics is None else super().knows_statistics


class UplinkSettings(MultiUserSettings):
    """Settings of `UplinkLink`; combinations that cannot work are refused with the reason."""

    kind: Literal["uplink"] = "uplink"
    """Selects this link in a study."""
    direction: Literal["uplink"] = "uplink"
    """From terminals to the base station."""
    num_tx_ant: int = Field(default=1, ge=1, le=1024)
    """Antennas of each terminal: one row of cross-polarized pairs, or of vertical elements if
    odd."""
    num_rx_ant: int = Field(default=8, ge=1, le=1024)
    """Antennas of the base station, arranged as those of terminals."""
    num_streams: int | None = Field(default=None, ge=1)
    """Spatial streams of each user; as many as a terminal has antennas if none are given."""
    equalizer: Literal["lmmse", "zf", "mf"] = "lmmse"
    """Equalizer of the streams of all users."""

    @model_validator(mode="after")
    def _check_antennas(self) -> UplinkSettings:
        if self.user_streams > self.num_tx_ant or self.streams > self.num_rx_ant:
            raise ValueError(
                "`num_streams` must not exceed the antennas of a terminal, nor those of all users "
                "the antennas of the base station. Received: "
                f"num_streams={self.user_streams}, num_tx_ant={self.num_tx_ant}, "
                f"{self.active_users} users at a time, num_rx_ant={self.num_rx_ant}"
            )
        return self

    @property
    def precoding(self) -> Literal["none"]:
        """Streams leave from antennas of their own."""
        return "none"

    @property
    def user_streams(self) -> int:
        """Spatial streams of each user."""
        return self.num_streams or self.num_tx_ant

    @property
    def streams(self) -> int:
        """Spatial streams of all users who send at a time."""
        return self.active_users * self.user_streams


class DownlinkSettings(MultiUserSettings):
    """Settings of `DownlinkLink`; combinations that cannot work are refused with the reason."""

    kind: Literal["downlink"] = "downlink"
    """Selects this link in a study."""
    direction: Literal["downlink"] = "downlink"
    """From the base station to terminals."""
    num_tx_ant: int = Field(default=8, ge=1, le=1024)
    """Antennas of the base station: one row of cross-polarized pairs, or of vertical elements if
    odd."""
    num_rx_ant: int = Field(default=1, ge=1, le=1024)
    """Antennas of each terminal, arranged as those of the base station; each gets a stream."""
    precoding: Literal["rzf", "block_diagonal"] = "rzf"
    """Regularized zero-forcing between all terminal antennas, or block diagonalization: zeros at
    the antennas of other users, and orthonormal beams with equal power for each user."""
    transmitter_csi: Literal["perfect", "ls", "delayed"] = "perfect"
    """What the base station knows: the channel itself, its least-squares estimate from pilots of
    all terminal antennas at the same SNR, or the channel as it was some OFDM symbols ago."""
    transmitter_delay: int | None = Field(default=None, ge=1, le=2**12)
    """Age of the delayed channel [OFDM symbols]."""

    @model_validator(mode="after")
    def _check_antennas(self) -> DownlinkSettings:
        if self.streams > self.num_tx_ant:
            raise ValueError(
                "`precoding` needs an antenna of the base station for each terminal antenna. "
                f"Received: num_tx_ant={self.num_tx_ant}, {self.active_users} users at a time "
                f"with num_rx_ant={self.num_rx_ant}"
            )
        if (self.transmitter_csi == "delayed") != (self.transmitter_delay is not None):
            raise ValueError(
                "`transmitter_delay` goes with `transmitter_csi`='delayed'. Received: "
                f"transmitter_csi={self.transmitter_csi!r}, "
                f"transmitter_delay={self.transmitter_delay}"
            )
        if self.transmitter_csi == "ls" and not self.pilot_ofdm_symbol_indices:
            raise ValueError(
                "`transmitter_csi`='ls' needs pilots. Received: pilot_ofdm_symbol_indices=()"
            )
        if "ls" in (self.csi, self.transmitter_csi) and self.interpolation == "lmmse":
            raise ValueError(
                "`interpolation`='lmmse' assumes the statistics of the channel, which `precoding` "
                "changes. Use 'nn', 'lin' or 'lin_time_avg'"
            )
        return self

    @property
    def equalizer(self) -> Literal["lmmse"]:
        """Terminals know the interference of other users' streams, and suppress it."""
        return "lmmse"

    @property
    def user_streams(self) -> int:
        """Spatial streams of each user."""
        return self.num_rx_ant

    @property
    def streams(self) -> int:
        """Spatial streams of all users who are served at a time."""
        return self.active_users * self.user_streams
