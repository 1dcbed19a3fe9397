# SPDX-License-Identifier: Apache-2.0
"""What a PUSCH link can be, and why some combinations cannot."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, model_validator
from sionna.phy.nr import PUSCHConfig

from ..._parts import validated
from ...channel.settings import MAX_SPEED
from ...channel.slots.link_budget import LinkBudget
from ...channel.slots.settings import AnyChannel, refuse_beside_channel, with_channel_read
from ..base import EBNO_AXIS
from ..estimation.settings import ReceiverSettings
from ..ofdm.settings import OFDMSettings
from .configuration import data_elements, pusch_config
from .slot_parts import DMRSSettings, TransportBlockSettings

_PREFIX = {"normal": 144, "extended": 512}  # samples of an FFT of 2,048
MAX_LMMSE = 2**25  # complex numbers in the matrix of a layer, 256 MiB


class PUSCHSettings(ReceiverSettings):
    """Settings of `PUSCHLink`; combinations that cannot work are refused with the reason."""

    kind: Literal["pusch"] = "pusch"
    """Selects this link in a study."""
    model: Literal[
        "TDL-A", "TDL-B", "TDL-C", "TDL-D", "TDL-E",
        "CDL-A", "CDL-B", "CDL-C", "CDL-D", "CDL-E",
        "UMi", "UMa", "RMa", "flat",
    ] = "CDL-C"  # fmt: skip
    """Channel model of TR 38.901, or Rayleigh fading that is the same on the whole slot."""
    channel: AnyChannel = None
    """Channel of your own in place of ``model``, such as ``{kind: cir, path: x.h5}``; a string is
    the name of a ``model``."""
    carrier_frequency: float = Field(default=3.5e9, ge=0.5e9, le=100e9)
    """Carrier frequency [Hz]."""
    delay_spread: float = Field(default=100e-9, ge=0.0)
    """RMS delay spread [s] of TDL and CDL. UMi, UMa and RMa draw their own."""
    speed: float = Field(default=3.0, ge=0.0, le=MAX_SPEED)
    """Speed of the user terminal [m/s]."""
    pool_size: int | None = Field(default=None, ge=1)
    """Slots drawn once and reused at random; none: a fresh draw for each slot, or 512 drops of
    UMi, UMa and RMa."""
    num_rx_ant: int = Field(default=4, ge=1, le=1024)
    """Receive antennas: one row of cross-polarized pairs, or of vertical elements if odd."""
    link_budget: LinkBudget | None = None
    """Powers of a channel with path loss and shadowing, as in `OFDMLink`."""
    domain: Literal["frequency", "time"] = "frequency"
    """Whether each resource element is multiplied by one matrix, or the samples of the slot go
    through taps that change all the time, as in `OFDMLink`."""
    oversampling: int = Field(default=2, ge=1, le=16)
    """Samples of the time domain for each subcarrier."""
    window_advance: int | None = Field(default=None, ge=0)
    """How long before the end of the cyclic prefix the receiver's window begins in the time domain
    [samples at one for each subcarrier], as in `OFDMLink`."""

    num_resource_blocks: int = Field(default=4, ge=1, le=275)
    """Resource blocks of twelve subcarriers."""
    subcarrier_spacing: float = 30e3
    """Subcarrier spacing [Hz]: 15, 30, 60, 120, 240, 480 or 960 kHz."""
    cyclic_prefix: Literal["normal", "extended"] = "normal"
    """Cyclic prefix; the extended one goes with 60 kHz."""
    num_layers: int = Field(default=1, ge=1, le=4)
    """Layers, which are the spatial streams."""
    num_antenna_ports: Literal[1, 2, 4] | None = None
    """Antenna ports of the terminal, each an antenna; none: one for each layer."""
    tpmi: int | None = Field(default=None, ge=0, le=27)
    """Precoding matrix of TS 38.211, 6.3.1.5; none: layers leave from ports of their own."""
    mapping_type: Literal["A", "B"] = "A"
    """Mapping type, which decides where reference signals are."""
    symbol_allocation: tuple[int, int] = (0, 14)
    """First OFDM symbol, and how many there are."""
    slot_number: int = Field(default=0, ge=0)
    """Slot in the frame, which the reference signals depend on."""
    n_cell_id: int = Field(default=1, ge=0, le=1007)
    """Identity of the cell."""
    n_rnti: int = Field(default=1, ge=0, le=65535)
    """Identity of the terminal."""
    dmrs: DMRSSettings = DMRSSettings()
    """Demodulation reference signals."""
    transport_block: TransportBlockSettings | None = None
    """Coded bits beside the latents; none: latents alone."""

    csi: Literal["perfect", "ls"] = "ls"
    """What the receiver knows: the channel, or its least-squares estimate."""
    interpolation: Literal["nn", "lin", "lin_time_avg", "lmmse"] = "lmmse"
    """From the reference signals to the grid, as in `OFDMLink`."""
    statistics: Literal["known", "none"] = "known"
    """Whether the receiver knows the covariance of the channel over time and frequency, and hence
    the error of its estimate. With `none` both are as in Sionna's `PUSCHLSChannelEstimator`."""
    equalizer: Literal["lmmse", "zf", "mf"] = "lmmse"
    """MIMO equalizer."""
    packing: bool = True
    """Whether latents share slots when they see the same noise power."""
    interleaver_seed: int = Field(0, ge=0)
    """Seed of the permutation that spreads each latent over its slot."""

    @model_validator(mode="before")
    @classmethod
    def _read_channel(cls, data: Any) -> Any:
        return with_channel_read(cls, data)

    @model_validator(mode="after")
    def _check_own_channel(self) -> PUSCHSettings:
        refuse_beside_channel(self, ("model", "delay_spread", "speed"))
        return self

    @model_validator(mode="after")
    def _check_layers(self) -> PUSCHSettings:
        if self.num_layers > self.num_tx_ant or self.num_layers > self.num_rx_ant:
            raise ValueError(
                "`num_layers` must not exceed the antennas of either side. Received: num_layers="
                f"{self.num_layers}, num_antenna_ports={self.num_tx_ant}, "
                f"num_rx_ant={self.num_rx_ant}"
            )
        if self.tpmi is None and self.num_layers != self.num_tx_ant:
            raise ValueError(
                "without `tpmi` each layer has a port of its own. Received: num_layers="
                f"{self.num_layers}, num_antenna_ports={self.num_tx_ant}"
            )
        block = self.transport_block
        if block is not None and (block.num_layers or 1) > self.num_layers:
            raise ValueError(
                "`transport_block.num_layers` must not exceed `num_layers`. "
                f"Received: {block.num_layers} of {self.num_layers}"
            )
        return self

    @model_validator(mode="after")
    def _check_slot(self) -> PUSCHSettings:
        if data_elements(self.config) == 0:
            raise ValueError(
                "the reference signals leave no element for data. Received: symbol_allocation="
                f"{list(self.symbol_allocation)}, dmrs of length {self.dmrs.length} with "
                f"additional_position={self.dmrs.additional_position} and "
                f"num_cdm_groups_without_data={self.dmrs.num_cdm_groups_without_data}"
            )
        entries = data_elements(self.config) * self.pilot_groups
        if self.interpolation == "lmmse" and self.knows_statistics and entries > MAX_LMMSE:
            raise ValueError(
                "`interpolation`='lmmse' needs a matrix of resource elements times reference "
                f"signals of at most 2^25 entries; use 'lin'. Received: {entries}"
            )
        _ = self.slots  # refuses what the channel cannot be
        if self.domain == "time" and self.learned is not None:
            raise ValueError(
                "`estimator` is for `domain`='frequency'. Received: domain='time' with estimator"
            )
        return self

    @cached_property
    def config(self) -> PUSCHConfig:
        """Sionna's configuration of these settings."""
        return pusch_config(self)

    @cached_property
    def slots(self) -> OFDMSettings:
        """The slots as an OFDM link has them."""
        # TS 38.211, section 5.3.1, without the longer prefix of one symbol every half millisecond
        prefix = -(-_PREFIX[self.cyclic_prefix] * self.num_subcarriers // 2048)
        return validated(
            OFDMSettings,
            {
                **self._propagation,
                "carrier_frequency": self.carrier_frequency,
                "pool_size": self.pool_size,
                "link_budget": self.link_budget,
                "domain": self.domain,
                "oversampling": self.oversampling,
                "window_advance": self.window_advance,
                "num_tx_ant": self.num_tx_ant,
                "num_rx_ant": self.num_rx_ant,
                "num_streams": self.streams,
                "num_ofdm_symbols": self.num_ofdm_symbols,
                "fft_size": self.num_subcarriers,
                "subcarrier_spacing": self.subcarrier_spacing,
                "cyclic_prefix_length": prefix,
                "pilot_ofdm_symbol_indices": self.pilot_symbols,
                "csi": self.csi,
                "interpolation": self.interpolation,
                "statistics": self.statistics,
                "equalizer": self.equalizer,
                "precision": self.precision,
            },
        )

    @property
    def _propagation(self) -> dict[str, Any]:
        """What an OFDM link calls the channel."""
        if self.channel is not None:
            return {"channel": self.channel}
        if self.model == "flat":
            return {"model": "TDL-A", "delay_spread": 0.0, "speed": self.speed}
        return {"model": self.model, "delay_spread": self.delay_spread, "speed": self.speed}

    @property
    def checksums(self) -> Mapping[str, str]:
        """SHA-256 of the files that a ``channel`` of your own comes from."""
        return self.slots.checksums

    @property
    def streams(self) -> int:
        """Spatial streams, which are the layers."""
        return self.num_layers

    @property
    def num_tx_ant(self) -> int:
        """Antennas of the terminal, given or one for each layer."""
        return self.num_antenna_ports or self.num_layers

    @property
    def num_ofdm_symbols(self) -> int:
        """OFDM symbols that are allocated."""
        return self.symbol_allocation[1]

    @property
    def num_subcarriers(self) -> int:
        """Subcarriers that are allocated."""
        return 12 * self.num_resource_blocks

    @property
    def pilot_symbols(self) -> tuple[int, ...]:
        """OFDM symbols with reference signals, counted from the first that is allocated."""
        first = self.symbol_allocation[0]
        return tuple(int(index) - first for index in self.config.dmrs_symbol_indices)

    @property
    def pilot_groups(self) -> int:
        """Groups of reference signals that separate the layers on the same elements."""
        per_block = 3 if self.dmrs.config_type == 1 else 2
        symbols = len(self.pilot_symbols) // self.dmrs.length
        return symbols * per_block * self.num_resource_blocks

    @property
    def knows_statistics(self) -> bool:
        """Whether the receiver knows the covariance of the channel."""
        return self.statistics == "known"

    @property
    def array_gain_db(self) -> float:
        """What coherent combining can gain at most [dB]: receive antennas, and those precoded."""
        precoded = 1 if self.tpmi is None else self.num_tx_ant
        return 10.0 * math.log10(self.num_rx_ant * precoded)

    @property
    def axes(self) -> tuple[str, ...]:
        """Axes along which systems can be measured: with a transport block also Eb/N0."""
        return self.slots.axes if self.transport_block is None else (*self.slots.axes, EBNO_AXIS)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """What is measured of the bits that are sent beside the latents."""
        bits = () if self.transport_block is None else ("bler", "ber", "crc_failure")
        return bits if self.link_budget is None else (*bits, "sinr_db")
