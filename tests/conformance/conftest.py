# SPDX-License-Identifier: Apache-2.0
"""Links that must fulfill the contract. Add a new link with one line.

Installed links of other packages are included automatically, with their default settings.
"""

from __future__ import annotations

import functools

import pytest

from sionna_semcom.channel import CHANNELS
from sionna_semcom.link import LINKS as KINDS
from sionna_semcom.link import (
    AWGNLink,
    BitsAndLatentsLink,
    EffectiveAWGNLink,
    FlatFadingLink,
    Link,
    OFDMLink,
    PUSCHLink,
    RetransmissionLink,
    UplinkLink,
)

from . import own_channels

GRID = {"num_tx_ant": 2, "num_rx_ant": 2, "fft_size": 24}
SLOT = {"num_layers": 2, "num_rx_ant": 2, "num_resource_blocks": 2}

LINKS = {
    "awgn": lambda: AWGNLink(),
    "rayleigh": lambda: FlatFadingLink(),
    "rician_csi_error": lambda: FlatFadingLink(
        num_tx_ant=2, num_rx_ant=4, rician_k=3.0, csi_error_variance=0.05
    ),
    "fast_zf": lambda: FlatFadingLink(num_tx_ant=2, num_rx_ant=3, fading="symbol", equalizer="zf"),
    "mf": lambda: FlatFadingLink(num_tx_ant=2, num_rx_ant=2, equalizer="mf"),
    "effective": lambda: EffectiveAWGNLink(FlatFadingLink(num_rx_ant=2)),
    "tdl_perfect": lambda: OFDMLink(model="TDL-A", csi="perfect", **GRID),
    "cdl_ls": lambda: OFDMLink(model="CDL-C", **GRID),
    "cdl_time": lambda: OFDMLink(model="CDL-C", domain="time", delay_spread=50e-9, **GRID),
    "cdl_svd": lambda: OFDMLink(
        model="CDL-A", direction="downlink", precoding="svd", csi="perfect", **GRID
    ),
    "umi_lmmse": lambda: OFDMLink(model="UMi", interpolation="lmmse", pool_size=64, **GRID),
    "umi_learned": lambda: OFDMLink(model="UMi", estimator="learned", pool_size=64, **GRID),
    "umi_budget": lambda: OFDMLink(
        model="UMi",
        interpolation="lmmse",
        pool_size=64,
        link_budget={"normalize": "slot"},
        **GRID,
    ),
    "own_cir": lambda: OFDMLink(channel=own_channels.cir(**GRID), **GRID),
    "own_responses": lambda: OFDMLink(channel=own_channels.responses(**GRID), **GRID),
    "own_model": lambda: OFDMLink(channel=own_channels.model(**GRID), **GRID),
    "pusch_perfect": lambda: PUSCHLink(model="TDL-A", csi="perfect", **SLOT),
    "pusch_ls": lambda: PUSCHLink(model="CDL-C", dmrs={"additional_position": 1}, **SLOT),
    "pusch_bits": lambda: PUSCHLink(
        model="TDL-A",
        dmrs={"config_type": 2, "length": 2},
        transport_block={"mcs_index": 5, "share": 0.3},
        **SLOT,
    ),
    "bits_beside": lambda: BitsAndLatentsLink(FlatFadingLink(num_rx_ant=2), num_info_bits=24),
    "sent_again": lambda: RetransmissionLink(FlatFadingLink(num_rx_ant=2), num_transmissions=3),
    "sent_in_parts": lambda: RetransmissionLink(FlatFadingLink(num_rx_ant=2), sends="parts"),
    "sent_again_later": lambda: RetransmissionLink(
        OFDMLink(model="CDL-C", csi="perfect", **GRID), gap=4, normalize="slot"
    ),
    "pusch_sent_again": lambda: RetransmissionLink(
        PUSCHLink(model="TDL-A", csi="perfect", **SLOT), gap=2, normalize="slot"
    ),
    "uplink_users": lambda: UplinkLink(num_users=3, num_rx_ant=4, fft_size=24),
    "uplink_orthogonal": lambda: UplinkLink(
        num_users=2, num_rx_ant=2, fft_size=24, access="orthogonal"
    ),
    "uplink_one_user": lambda: UplinkLink(
        model="flat", num_users=2, num_rx_ant=4, fft_size=24, user=1
    ),
}
# those of other packages that are installed, with their default settings
LINKS |= {
    kind: part
    for kind, part in KINDS.items()
    if part.__module__.split(".")[0] != "sionna_semcom" and kind not in CHANNELS
}


@functools.cache
def build(name: str) -> Link:
    return LINKS[name]()


@pytest.fixture(params=LINKS)
def link(request: pytest.FixtureRequest) -> Link:
    """Each link, built once."""
    return build(request.param)
