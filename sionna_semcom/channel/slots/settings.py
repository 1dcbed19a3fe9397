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
DEFAULT_DROPS = 512  # user positions in the default pool of a system-level model
_OF_MODELS = ("model", "direction", "delay_spread", "speed")

ModelName = Literal[
    "TDL-A", "TDL-B", "TDL-C", "TDL-D", "TDL-E",
    "CDL-A", "CDL-B", "CDL-C", "CDL-D", "CDL-E",
    "UMi", "UMa", "RMa",
]  # fmt: skip


AnyChannel = Annotated[SourceSettings, SOURCES] | str | None
"""Settings of any source of channels, the name of a model, or `None`."""


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
    """Check that settings ``names`` have their default values if there is a ``channel``.

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
    """Your own channel, which replaces ``model``, such as ``{kind: cir, path: x.h5}``; or the name
    of a ``model``."""
    direction: Literal["uplink", "downlink"] = "uplink"
    """The uplink transmits from the user terminal (omnidirectional antennas) to the base station
    (TR 38.901 element pattern), and the downlink in the opposite direction."""
    carrier_frequency: float = Field(default=3.5e9, ge=0.5e9, le=100e9)
    """Carrier frequency [Hz], in the range of TR 38.901."""
    delay_spread: float = Field(default=100e-9, ge=0.0, allow_inf_nan=False)
    """RMS delay spread [s] of TDL and CDL. UMi, UMa and RMa draw their own."""
    speed: float = Field(default=3.0, ge=0.0, le=MAX_SPEED)
    """Speed of the user terminal [m/s], at most 1,000 km/h."""

    num_tx_ant: int = Field(default=2, ge=1, le=1024)
    """Transmit antennas: one row of cross-polarized pairs, or of vertical elements if odd."""
    num_rx_ant: int = Field(default=4, ge=1, le=1024)
    """Receive antennas, arranged as the transmit antennas."""

    num_ofdm_symbols: int = Field(default=14, ge=1, le=2**12)
    """OFDM symbols in a slot."""
    fft_size: int = Field(default=72, ge=2, le=2**14)
    """Subcarriers."""
    subcarrier_spacing: float = Field(default=30e3, gt=0.0, allow_inf_nan=False)
    """Subcarrier spacing [Hz]."""
    cyclic_prefix_length: int = Field(default=6, ge=0)
    """Cyclic prefix [samples of the FFT]."""
    pilot_ofdm_symbol_indices: tuple[int, ...] = (2, 11)
    """OFDM symbols that carry only pilots; streams alternate over the subcarriers."""
    num_guard_carriers: tuple[int, int] = (0, 0)
    """Empty subcarriers at the left and right edge."""
    dc_null: bool = False
    """Whether the DC subcarrier is empty."""

    domain: Literal["frequency", "time"] = "frequency"
    """Channel model: one matrix per resource element (frequency), or filtering of the samples of a
    slot with time-varying taps, which includes interference between subcarriers and OFDM symbols
    (time)."""
    oversampling: int = Field(default=2, ge=1, le=16)
    """Oversampling factor of the time domain: the FFT is larger by this factor, and its outer
    subcarriers are empty guard bands."""
    window_advance: int | None = Field(default=None, ge=0)
    """Start of the receiver's window in the time domain before the end of the cyclic prefix
    [samples of the FFT]; by default (null) one sample, or zero without a prefix."""

    interpolation: Literal["nn", "lin", "lin_time_avg", "lmmse"] = "lin"
    """Interpolation from pilots to the grid: nearest neighbor, linear, linear with averaging over
    time, or LMMSE."""
    statistics: Literal["known", "none"] | None = None
    """Whether the receiver knows the covariance of the channel over time and frequency, and thus
    the error variance of its estimate. With `none`, interpolation and error variance are those of
    Sionna's `LSChannelEstimator`. By default (null) the covariance is known, except for links with
    `rzf` precoding, which changes it."""
    pool_size: int | None = Field(default=None, ge=1)
    """Size of a pool of channel realizations, which are reused at random; by default (null) each
    slot draws a new realization. UMi, UMa and RMa always use a pool, with 512 drops by default."""
    link_budget: LinkBudget | None = None
    """Link budget of a channel with path loss and shadowing: UMi, UMa, RMa, or your own channel
    with `normalize: none`; by default (null) channels have unit mean energy, and the SNR is
    given."""

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
        """Check that the used subcarriers are a multiple of the number of streams, ``argument``."""
        used = self.num_subcarriers
        if self.pilot_ofdm_symbol_indices and used % self.streams:
            raise ValueError(
                f"The subcarriers in use must be a multiple of `{argument}`, which share the "
                f"pilots. Received: {used} subcarriers, {argument}={self.streams}"
            )

    @property
    def checksums(self) -> Mapping[str, str]:
        """SHA-256 of the files of your own ``channel``."""
        return self.channel.checksums if isinstance(self.channel, SourceSettings) else {}

    @property
    def family(self) -> Literal["TDL", "CDL", "system", "own"]:
        """Family of the channel: TDL or CDL profile, system-level model, or your own channel."""
        if self.channel is not None:
            return "own"
        if self.model in SYSTEM_LEVEL_MODELS:
            return "system"
        return "TDL" if self.model.startswith("TDL") else "CDL"

    @property
    def axes(self) -> tuple[str, ...]:
        """Axes that evaluations can use: SNR, and with a link budget also transmit power."""
        return ("snr_db",) if self.link_budget is None else ("snr_db", POWER_AXIS)

    @property
    def num_interferers(self) -> int:
        """Number of interfering terminals."""
        interferers = self.link_budget.interferers if self.link_budget is not None else None
        return 0 if interferers is None else interferers.num

    @property
    @abstractmethod
    def streams(self) -> int:
        """Number of streams that share the pilot symbols."""

    @property
    def drawn_ofdm_symbols(self) -> int:
        """OFDM symbols of a slot, and of the time before it to which delayed CSI belongs."""
        return self.num_ofdm_symbols

    @property
    def num_terminals(self) -> int:
        """Number of terminals in a drop of a system-level model."""
        return 1

    @property
    def path_loss(self) -> bool:
        """Whether path loss and shadowing of the terminals in a drop are included."""
        return False

    @property
    def knows_statistics(self) -> bool:
        """Whether the receiver knows the covariance of the channel."""
        return self.statistics != "none"

    @property
    def advance(self) -> int:
        """Start of the receiver's window before the end of the prefix [samples of the FFT]."""
        if self.window_advance is None:
            return min(1, self.cyclic_prefix_length)
        return self.window_advance

    @property
    def max_doppler(self) -> float:
        """Maximum Doppler shift [Hz]."""
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
        """Maximum gain of coherent combining over all receive antennas [dB]."""
        return 10.0 * math.log10(self.num_rx_ant)

    @property
    def num_subcarriers(self) -> int:
        """Subcarriers that carry data or pilots."""
        return self.fft_size - sum(self.num_guard_carriers) - self.dc_null

    @property
    def realizations(self) -> int | None:
        """Size of the pool of channels, or `None` if each slot draws its own."""
        if self.pool_size is None and self.family == "system":
            return DEFAULT_DROPS
        return self.pool_size
