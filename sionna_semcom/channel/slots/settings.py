# SPDX-License-Identifier: Apache-2.0
"""Settings of OFDM slots over the 3GPP TR 38.901 channel models."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator
from sionna.phy import SPEED_OF_LIGHT

from ..._messages import shortened
from ..._parts import Settings
from ..settings import MAX_SPEED, SOURCES, PrecisionSettings, SourceSettings
from .checks import check_budget, check_grid
from .link_budget import POWER_AXIS, LinkBudget

CLUSTERED_MODELS = tuple(f"{kind}-{profile}" for kind in ("TDL", "CDL") for profile in "ABCDE")
SYSTEM_LEVEL_MODELS = ("UMi", "UMa", "RMa")
DEFAULT_DROPS = 512  # different user positions in the pool of a system-level model
_OF_MODELS = ("model", "direction", "delay_spread", "speed")

ModelName = Literal[
    "TDL-A", "TDL-B", "TDL-C", "TDL-D", "TDL-E",
    "CDL-A", "CDL-B", "CDL-C", "CDL-D", "CDL-E",
    "UMi", "UMa", "RMa",
]  # fmt: skip


AnyChannel = Annotated[SourceSettings, SOURCES] | str | None
"""Settings of any source of channels, the name of a model, or nothing."""


def with_channel_read(cls: type[Settings], data: Any) -> Any:
    """Make settings of ``channel`` of ``data``, or ``model`` of a name that ``cls`` has for it.

    Raises
    ------
    ValueError
        If it is neither, or another name than ``model``
    """
    channel = data.get("channel") if isinstance(data, Mapping) else None
    if isinstance(channel, str):
        names = get_args(cls.model_fields["model"].annotation)
        if channel not in names:
            raise ValueError(
                f"`channel` must be settings or one of {', '.join(names)}. "
                f"Received: {shortened(channel, 60)}"
            )
        named = {key: value for key, value in data.items() if key != "channel"}
        if named.setdefault("model", channel) != channel:
            raise ValueError(
                "`channel` and `model` must not name different models. "
                f"Received: channel={channel!r}, model={named['model']!r}"
            )
        return named
    if channel is None or isinstance(channel, SourceSettings):
        return data
    try:
        return {**data, "channel": SOURCES.settings(channel)}
    except ValueError as error:
        raise ValueError(f"`channel`: {error}") from error


def refuse_beside_channel(settings: Any, names: Iterable[str]) -> None:
    """Refuse other values than the default of settings ``names`` beside a ``channel``.

    Raises
    ------
    ValueError
        Naming the first
    """
    for name in names if settings.channel is not None else ():
        if (value := getattr(settings, name)) != type(settings).model_fields[name].default:
            raise ValueError(
                f"`{name}` is for the models of TR 38.901: a `channel` of your own has all "
                f"that it needs. Received: {name}={value!r}"
            )


class SlotSettings(PrecisionSettings):
    """Settings of the slots of any OFDM channel: propagation, resource grid, estimation."""

    model: ModelName = "CDL-C"
    """Channel model of TR 38.901. TDL has uncorrelated antennas."""
    channel: AnyChannel = None
    """Channel of your own in place of ``model``, such as ``{kind: cir, path: x.h5}``; a string is
    the name of a ``model``."""
    direction: Literal["uplink", "downlink"] = "uplink"
    """The uplink transmits from the user terminal (omnidirectional antennas) to the base station
    (TR 38.901 element pattern), the downlink the other way round."""
    carrier_frequency: float = Field(default=3.5e9, ge=0.5e9, le=100e9)
    """Carrier frequency [Hz], in the range of TR 38.901."""
    delay_spread: float = Field(default=100e-9, ge=0.0, allow_inf_nan=False)
    """RMS delay spread [s] of TDL and CDL. UMi, UMa and RMa draw their own."""
    speed: float = Field(default=3.0, ge=0.0, le=MAX_SPEED)
    """Speed of the user terminal [m/s], at most 1,000 km/h."""

    num_tx_ant: int = Field(default=2, ge=1)
    """Transmit antennas: one row of cross-polarized pairs, or of vertical elements if odd."""
    num_rx_ant: int = Field(default=4, ge=1)
    """Receive antennas, arranged as the transmit antennas."""

    num_ofdm_symbols: int = Field(default=14, ge=1)
    """OFDM symbols in a slot."""
    fft_size: int = Field(default=72, ge=2)
    """Subcarriers."""
    subcarrier_spacing: float = Field(default=30e3, gt=0.0, allow_inf_nan=False)
    """Subcarrier spacing [Hz]."""
    cyclic_prefix_length: int = Field(default=6, ge=0)
    """Cyclic prefix [samples of the FFT]."""
    pilot_ofdm_symbol_indices: tuple[int, ...] = (2, 11)
    """OFDM symbols that carry pilots and nothing else; streams alternate over the subcarriers."""
    num_guard_carriers: tuple[int, int] = (0, 0)
    """Empty subcarriers at the left and right edge."""
    dc_null: bool = False
    """Whether the carrier in the middle stays empty."""

    domain: Literal["frequency", "time"] = "frequency"
    """Whether each resource element is multiplied by one matrix, or the samples of the slot go
    through taps that change all the time, which interferes between subcarriers and OFDM symbols."""
    oversampling: int = Field(default=2, ge=1, le=16)
    """Samples of the time domain for each subcarrier: the FFT is so many times as large, and its
    outer subcarriers stay empty, as guard bands do."""
    window_advance: int | None = Field(default=None, ge=0)
    """How long before the end of the cyclic prefix the receiver's window begins in the time domain
    [samples of the FFT]; one by default, if the prefix has one."""

    interpolation: Literal["nn", "lin", "lin_time_avg", "lmmse"] = "lin"
    """From the pilots to the grid: nearest neighbor, linear, linear with the average over time,
    or LMMSE."""
    statistics: Literal["known", "none"] | None = None
    """Whether the receiver knows the covariance of the channel over time and frequency, and hence
    the error of its estimate. With `none` both are as in Sionna's `LSChannelEstimator`. By default
    they are known, except with the `rzf` precoding of a link, which changes them."""
    pool_size: int | None = Field(default=None, ge=1)
    """Channel realizations drawn once and reused at random; none: a fresh draw for each slot.
    UMi, UMa and RMa always use a pool, of 512 drops if none is given."""
    link_budget: LinkBudget | None = None
    """Powers of a channel with path loss and shadowing: UMi, UMa, RMa, or a channel of your own
    with `normalize: none`; none: channels of unit mean energy, and the SNR is given."""

    @model_validator(mode="before")
    @classmethod
    def _read_channel(cls, data: Any) -> Any:
        return with_channel_read(cls, data)

    @model_validator(mode="after")
    def _check_own_channel(self) -> SlotSettings:
        refuse_beside_channel(self, _OF_MODELS)
        return self

    @model_validator(mode="after")
    def _check_grid(self) -> SlotSettings:
        check_grid(self)
        return self

    @model_validator(mode="after")
    def _check_domain(self) -> SlotSettings:
        if self.domain == "frequency":
            for name in ("oversampling", "window_advance"):
                if (value := getattr(self, name)) != type(self).model_fields[name].default:
                    raise ValueError(f"`{name}` is for `domain`='time'. Received: {name}={value}")
        elif self.advance > self.cyclic_prefix_length:
            raise ValueError(
                "`window_advance` must not exceed `cyclic_prefix_length`. "
                f"Received: {self.advance} > {self.cyclic_prefix_length}"
            )
        return self

    @model_validator(mode="after")
    def _check_channel(self) -> SlotSettings:
        if self.channel is not None:
            return self
        clustered = self.model in CLUSTERED_MODELS and self.domain == "frequency"
        if clustered and self.delay_spread > self.cyclic_prefix:
            raise ValueError(
                "`delay_spread` must not exceed the cyclic prefix, because the interference "
                "between OFDM symbols that follows is not part of `domain`='frequency'. Received: "
                f"delay_spread={self.delay_spread:.3g} s, cyclic prefix={self.cyclic_prefix:.3g} s"
            )
        if self.model == "RMa" and self.carrier_frequency > 30e9:
            raise ValueError(
                "`model`='RMa' is defined up to 30 GHz. "
                f"Received: carrier_frequency={self.carrier_frequency:.3g} Hz"
            )
        return self

    @model_validator(mode="after")
    def _check_budget(self) -> SlotSettings:
        check_budget(self)
        return self

    def _check_pilots(self, argument: str) -> None:
        """Refuse subcarriers that ``argument``, the number of streams, does not divide equally."""
        used = self.num_subcarriers
        if self.pilot_ofdm_symbol_indices and used % self.streams:
            raise ValueError(
                f"The subcarriers in use must be a multiple of `{argument}`, which share the "
                f"pilots. Received: {used} subcarriers, {argument}={self.streams}"
            )

    @property
    def checksums(self) -> Mapping[str, str]:
        """SHA-256 of the files that a ``channel`` of your own comes from."""
        return self.channel.checksums if isinstance(self.channel, SourceSettings) else {}

    @property
    def family(self) -> Literal["TDL", "CDL", "system", "own"]:
        """Kind of channel: a profile of TR 38.901, a system-level model, or the user's own."""
        if self.channel is not None:
            return "own"
        if self.model in SYSTEM_LEVEL_MODELS:
            return "system"
        return "TDL" if self.model.startswith("TDL") else "CDL"

    @property
    def axes(self) -> tuple[str, ...]:
        """Axes along which systems can be measured: the SNR, with a link budget also the power."""
        return ("snr_db",) if self.link_budget is None else ("snr_db", POWER_AXIS)

    @property
    def num_interferers(self) -> int:
        """Terminals that interfere."""
        interferers = self.link_budget.interferers if self.link_budget is not None else None
        return 0 if interferers is None else interferers.num

    @property
    @abstractmethod
    def streams(self) -> int:
        """Signals that share the pilots."""

    @property
    def num_terminals(self) -> int:
        """Terminals in a drop of a system-level model."""
        return 1

    @property
    def path_loss(self) -> bool:
        """Whether path loss and shadowing of terminals in a drop are drawn."""
        return False

    @property
    def knows_statistics(self) -> bool:
        """Whether the receiver knows the covariance of the channel."""
        return self.statistics != "none"

    @property
    def advance(self) -> int:
        """Samples of the FFT before the end of the prefix at which the receiver's window begins."""
        if self.window_advance is None:
            return min(1, self.cyclic_prefix_length)
        return self.window_advance

    @property
    def max_doppler(self) -> float:
        """Largest Doppler shift [Hz]."""
        return self.speed * self.carrier_frequency / float(SPEED_OF_LIGHT)

    @property
    def symbol_duration(self) -> float:
        """Duration of an OFDM symbol without its cyclic prefix [s]."""
        return 1.0 / self.subcarrier_spacing

    @property
    def cyclic_prefix(self) -> float:
        """Duration of the cyclic prefix [s]."""
        return self.cyclic_prefix_length / (self.fft_size * self.subcarrier_spacing)

    @property
    def array_gain_db(self) -> float:
        """What coherent combining can gain at most [dB]: all receive antennas."""
        return 10.0 * math.log10(self.num_rx_ant)

    @property
    def num_subcarriers(self) -> int:
        """Subcarriers that carry data or pilots."""
        return self.fft_size - sum(self.num_guard_carriers) - self.dc_null

    @property
    def realizations(self) -> int | None:
        """Size of the pool of channels, or none if each slot draws its own."""
        if self.pool_size is None and self.family == "system":
            return DEFAULT_DROPS
        return self.pool_size
