# SPDX-License-Identifier: Apache-2.0
"""Settings of PUSCH links, with checks of their combinations."""

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

_PREFIX = {"normal": 144, "extended": 512}  # in samples of an FFT of 2,048
MAX_LMMSE = 2**25  # complex entries of the matrix of a layer, 256 MiB


class PUSCHSettings(ReceiverSettings):
    """Settings of `PUSCHLink`; invalid combinations raise an error.

    They follow 3GPP TS 38.211 and TS 38.214.
    """

    kind: Literal["pusch"] = "pusch"
    """Selects this link in a study."""
    model: Literal[
        "TDL-A", "TDL-B", "TDL-C", "TDL-D", "TDL-E",
        "CDL-A", "CDL-B", "CDL-C", "CDL-D", "CDL-E",
        "UMi", "UMa", "RMa", "flat",
    ] = "CDL-C"  # fmt: skip
    """Channel model of TR 38.901, or Rayleigh fading that is constant over the slot (`flat`)."""
    channel: AnyChannel = None
    """Your own channel, which replaces ``model``, such as ``{kind: cir, path: x.h5}``; or the name
    of a ``model``."""
    carrier_frequency: float = Field(default=3.5e9, ge=0.5e9, le=100e9)
    """Carrier frequency [Hz]."""
    delay_spread: float = Field(default=100e-9, ge=0.0)
    """RMS delay spread [s] of TDL and CDL. UMi, UMa and RMa draw their own."""
    speed: float = Field(default=3.0, ge=0.0, le=MAX_SPEED)
    """Speed of the user terminal [m/s]."""
    pool_size: int | None = Field(default=None, ge=1)
    """Size of a pool of channel realizations, which are reused at random; by default (null) each
    slot draws a new realization, and UMi, UMa and RMa use a pool of 512 drops."""
    num_rx_ant: int = Field(default=4, ge=1, le=1024)
    """Receive antennas: one row of cross-polarized pairs, or of vertical elements if odd."""
    link_budget: LinkBudget | None = None
    """Link budget of a channel with path loss and shadowing, as in `OFDMLink`."""
    domain: Literal["frequency", "time"] = "frequency"
    """Channel model: one matrix per resource element (frequency), or filtering of the samples of a
    slot with time-varying taps (time), as in `OFDMLink`."""
    oversampling: int = Field(default=2, ge=1, le=16)
    """Oversampling factor of the time domain, as in `OFDMLink`."""
    window_advance: int | None = Field(default=None, ge=0)
    """Start of the receiver's window in the time domain before the end of the cyclic prefix
    [samples of the FFT], as in `OFDMLink`."""

    num_resource_blocks: int = Field(default=4, ge=1, le=275)
    """Number of resource blocks of twelve subcarriers."""
    subcarrier_spacing: float = 30e3
    """Subcarrier spacing [Hz]: 15, 30, 60, 120, 240, 480 or 960 kHz."""
    cyclic_prefix: Literal["normal", "extended"] = "normal"
    """Cyclic prefix; `extended` requires a subcarrier spacing of 60 kHz."""
    num_layers: int = Field(default=1, ge=1, le=4)
    """Number of layers, which are the spatial streams."""
    num_antenna_ports: Literal[1, 2, 4] | None = None
    """Number of antenna ports of the terminal, each with one antenna; by default (null) one per
    layer."""
    tpmi: int | None = Field(default=None, ge=0, le=27)
    """Index of the precoding matrix of TS 38.211, section 6.3.1.5; by default (null) each layer has
    its own port."""
    mapping_type: Literal["A", "B"] = "A"
    """Mapping type, which determines the positions of the reference signals."""
    symbol_allocation: tuple[int, int] = (0, 14)
    """First allocated OFDM symbol and number of allocated OFDM symbols."""
    slot_number: int = Field(default=0, ge=0)
    """Number of the slot in the frame, on which the reference signals depend."""
    n_cell_id: int = Field(default=1, ge=0, le=1007)
    """Cell identity."""
    n_rnti: int = Field(default=1, ge=0, le=65535)
    """Radio network temporary identifier (RNTI) of the terminal."""
    dmrs: DMRSSettings = DMRSSettings()
    """Demodulation reference signals."""
    transport_block: TransportBlockSettings | None = None
    """Coded bits in addition to the latents; by default (null) a slot only carries latents."""

    csi: Literal["perfect", "ls"] = "ls"
    """Channel knowledge of the receiver: `perfect`, or the least-squares estimate from the
    reference signals (`ls`)."""
    interpolation: Literal["nn", "lin", "lin_time_avg", "lmmse"] = "lmmse"
    """Interpolation from the reference signals to the grid, as in `OFDMLink`."""
    statistics: Literal["known", "none"] = "known"
    """Whether the receiver knows the covariance of the channel over time and frequency, and thus
    the error variance of its estimate. With `none`, interpolation and error variance are those of
    Sionna's `PUSCHLSChannelEstimator`."""
    equalizer: Literal["lmmse", "zf", "mf"] = "lmmse"
    """MIMO equalizer."""
    packing: bool = True
    """Whether latents share slots if they have the same noise power."""
    interleaver_seed: int = Field(0, ge=0)
    """Seed of the interleaver that spreads each latent over its slot."""

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
                "`num_layers` must not exceed the number of antennas of either side. Received: "
                f"num_layers={self.num_layers}, num_antenna_ports={self.num_tx_ant}, "
                f"num_rx_ant={self.num_rx_ant}"
            )
        if self.tpmi is None and self.num_layers != self.num_tx_ant:
            raise ValueError(
                "without `tpmi`, `num_antenna_ports` must equal `num_layers`. Received: "
                f"num_layers={self.num_layers}, num_antenna_ports={self.num_tx_ant}"
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
                "the reference signals leave no resource element for data. Received: "
                f"symbol_allocation={list(self.symbol_allocation)}, "
                f"dmrs of length {self.dmrs.length} with "
                f"additional_position={self.dmrs.additional_position} and "
                f"num_cdm_groups_without_data={self.dmrs.num_cdm_groups_without_data}"
            )
        entries = data_elements(self.config) * self.pilot_groups
        if self.interpolation == "lmmse" and self.knows_statistics and entries > MAX_LMMSE:
            raise ValueError(
                "`interpolation`='lmmse' needs a matrix of resource elements times reference "
                f"signals of at most 2^25 entries; use 'lin'. Received: {entries}"
            )
        _ = self.slots  # checks the settings of the channel
        if self.domain == "time" and self.learned is not None:
            raise ValueError(
                "`estimator` requires `domain`='frequency'. Received: domain='time' with estimator"
            )
        return self

    @cached_property
    def config(self) -> PUSCHConfig:
        """Sionna's configuration of these settings."""
        return pusch_config(self)

    @cached_property
    def slots(self) -> OFDMSettings:
        """Settings of the slots as in an OFDM link."""
        # TS 38.211, section 5.3.1, without the longer prefix once per half millisecond
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
        """Settings of the channel as in an OFDM link."""
        if self.channel is not None:
            return {"channel": self.channel}
        if self.model == "flat":
            return {"model": "TDL-A", "delay_spread": 0.0, "speed": self.speed}
        return {"model": self.model, "delay_spread": self.delay_spread, "speed": self.speed}

    @property
    def checksums(self) -> Mapping[str, str]:
        """SHA-256 of the files of your own ``channel`` and of the estimator's weights."""
        return {**self.slots.checksums, **self.estimator_files}

    @property
    def streams(self) -> int:
        """Spatial streams, which are the layers."""
        return self.num_layers

    @property
    def num_tx_ant(self) -> int:
        """Antennas of the terminal, given or one per layer."""
        return self.num_antenna_ports or self.num_layers

    @property
    def num_ofdm_symbols(self) -> int:
        """Number of allocated OFDM symbols."""
        return self.symbol_allocation[1]

    @property
    def num_subcarriers(self) -> int:
        """Number of allocated subcarriers."""
        return 12 * self.num_resource_blocks

    @property
    def pilot_symbols(self) -> tuple[int, ...]:
        """OFDM symbols with reference signals, counted from the first allocated OFDM symbol."""
        first = self.symbol_allocation[0]
        return tuple(int(index) - first for index in self.config.dmrs_symbol_indices)

    @property
    def pilot_groups(self) -> int:
        """Number of groups of reference signals that separate layers on the same elements."""
        per_block = 3 if self.dmrs.config_type == 1 else 2
        symbols = len(self.pilot_symbols) // self.dmrs.length
        return symbols * per_block * self.num_resource_blocks

    @property
    def knows_statistics(self) -> bool:
        """Whether the receiver knows the covariance of the channel."""
        return self.statistics == "known"

    @property
    def array_gain_db(self) -> float:
        """Largest gain of coherent combining [dB] over receive and precoded transmit antennas."""
        precoded = 1 if self.tpmi is None else self.num_tx_ant
        return 10.0 * math.log10(self.num_rx_ant * precoded)

    @property
    def axes(self) -> tuple[str, ...]:
        """Evaluation axes; with a transport block also Eb/N0."""
        return self.slots.axes if self.transport_block is None else (*self.slots.axes, EBNO_AXIS)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Metrics of the transport block and of the link budget."""
        bits = () if self.transport_block is None else ("bler", "ber", "crc_failure")
        return bits if self.link_budget is None else (*bits, "sinr_db")
