# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from sionna_semcom.link.estimation.experience import MAX_FRESH, MIN_SLOTS
from sionna_semcom.link.ofdm import OFDMSettings
from sionna_semcom.link.ofdm.slot_learning import drop_count

WIDE = {"model": "UMi", "fft_size": 1200, "link_budget": {}}
OTHERS = {"link_budget": {"interferers": {"num": 3}}}


@pytest.mark.parametrize(
    ("settings", "coefficients"),
    [
        ({}, 2 * 4 * 14 * 72),
        (WIDE, 2 * 4 * 14 * 1200),
        (WIDE | OTHERS, 4 * 2 * 4 * 14 * 1200),
        (WIDE | {"num_rx_ant": 128}, 2 * 128 * 14 * 1200),
    ],
)
def test_drops_in_which_errors_are_learned_take_bounded_memory(settings, coefficients):
    count = drop_count(OFDMSettings(**settings))
    assert MIN_SLOTS <= count <= 1024
    if MIN_SLOTS < count < 1024:  # 256 MiB in single precision
        assert count * coefficients * 8 <= 2**28 < (count + 1) * coefficients * 8
    else:
        assert (count == 1024) == (1024 * coefficients <= MAX_FRESH)
