# SPDX-License-Identifier: Apache-2.0
"""Settings of what a PUSCH slot holds beside latents: reference signals and a transport block."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ..._parts import Settings


class DMRSSettings(Settings):
    """Demodulation reference signals, as in Sionna's `PUSCHDMRSConfig`."""

    config_type: Literal[1, 2] = 1
    """Configuration type: six or four subcarriers in a resource block for each port."""
    length: Literal[1, 2] = 1
    """OFDM symbols in a row that carry them."""
    additional_position: int = Field(default=0, ge=0, le=3)
    """Further places in the slot; a short allocation has fewer."""
    type_a_position: Literal[2, 3] = 2
    """First OFDM symbol that carries them, with mapping type A."""
    dmrs_port_set: tuple[int, ...] = ()
    """Port of each layer; none: from 0 on."""
    num_cdm_groups_without_data: Literal[1, 2, 3] = 2
    """CDM groups whose resource elements carry no data."""
    n_id: tuple[int, int] | None = None
    """Scrambling identities; none: that of the cell."""
    n_scid: Literal[0, 1] = 0
    """Which scrambling identity is used."""


class TransportBlockSettings(Settings):
    """Coded bits beside the latents in each slot."""

    mcs_index: int = Field(default=14, ge=0, le=28)
    """Modulation and coding scheme, a row of the table."""
    mcs_table: Literal[1, 2, 3, 4] = 1
    """Table of TS 38.214, 5.1.3.1."""
    share: float | None = Field(default=None, gt=0.0, le=1.0)
    """Share of the data elements of each layer that the bits take, spread evenly over the slot;
    one leaves no room for latents. A half unless `num_layers` is given."""
    num_layers: int | None = Field(default=None, ge=1, le=4)
    """Layers that the bits have for themselves, in place of a share of all."""
    n_id: int | None = Field(default=None, ge=0, le=1023)
    """Scrambling identity of the bits; none: that of the cell."""
    num_iter: int = Field(default=20, ge=1)
    """Decoding iterations."""

    @model_validator(mode="after")
    def _check_share(self) -> TransportBlockSettings:
        if self.share is not None and self.num_layers is not None:
            raise ValueError(
                "bits take a `share` of the elements or `num_layers`, not both. "
                f"Received: share={self.share:g}, num_layers={self.num_layers}"
            )
        return self
