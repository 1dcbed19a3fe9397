# SPDX-License-Identifier: Apache-2.0
"""Settings of reference signals and transport block of a PUSCH slot."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ..._parts import Settings


class DMRSSettings(Settings):
    """Demodulation reference signals (3GPP TS 38.211, section 6.4.1.1).

    The settings are those of Sionna's `PUSCHDMRSConfig`.
    """

    config_type: Literal[1, 2] = 1
    """Configuration type: six (1) or four (2) subcarriers per resource block and port."""
    length: Literal[1, 2] = 1
    """Number of consecutive OFDM symbols with reference signals."""
    additional_position: int = Field(default=0, ge=0, le=3)
    """Number of additional positions in the slot; short allocations can have fewer."""
    type_a_position: Literal[2, 3] = 2
    """First OFDM symbol with reference signals for mapping type A."""
    dmrs_port_set: tuple[int, ...] = ()
    """Port of each layer; by default (empty) 0, 1, ..."""
    num_cdm_groups_without_data: Literal[1, 2, 3] = 2
    """Number of CDM groups whose resource elements carry no data."""
    n_id: tuple[int, int] | None = None
    """Scrambling identities; by default (null) the cell identity."""
    n_scid: Literal[0, 1] = 0
    """Index of the scrambling identity."""


class TransportBlockSettings(Settings):
    """Coded bits in addition to the latents in each slot (3GPP TS 38.212, section 6.2)."""

    mcs_index: int = Field(default=14, ge=0, le=28)
    """Modulation and coding scheme (MCS), a row of the table."""
    mcs_table: Literal[1, 2, 3, 4] = 1
    """MCS table of TS 38.214, section 5.1.3.1."""
    share: float | None = Field(default=None, gt=0.0, le=1.0)
    """Share of the data elements of each layer that carry bits, spread evenly over the slot. With a
    share of one, there are no elements for latents. By default (null) 0.5, unless `num_layers` is
    given."""
    num_layers: int | None = Field(default=None, ge=1, le=4)
    """Number of layers that only carry bits, instead of a share of all layers."""
    n_id: int | None = Field(default=None, ge=0, le=1023)
    """Scrambling identity of the bits; by default (null) the cell identity."""
    num_iter: int = Field(default=20, ge=1)
    """Number of decoding iterations."""

    @model_validator(mode="after")
    def _check_share(self) -> TransportBlockSettings:
        if self.share is not None and self.num_layers is not None:
            raise ValueError(
                "`share` and `num_layers` must not both be given. "
                f"Received: share={self.share:g}, num_layers={self.num_layers}"
            )
        return self
