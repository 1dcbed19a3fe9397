# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from sionna_semcom.link import AWGNLink, FlatFadingLink, FlatFadingSettings, from_settings


def test_settings_name_the_link():
    assert isinstance(from_settings({"kind": "awgn"}), AWGNLink)
    link = from_settings({"kind": "flat_fading", "num_rx_ant": 4})
    assert isinstance(link, FlatFadingLink)
    assert link.settings == FlatFadingSettings(num_rx_ant=4)
    assert isinstance(from_settings(link.settings), FlatFadingLink)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"kind": "fiber"},
            "kind must be one of awgn, bits_and_latents, effective_awgn, .* Received: 'fiber'",
        ),
        ({}, "must have kind, one of awgn, "),
        ({"kind": "awgn", "snr": 3}, "unknown key snr; known are kind"),
        ({"kind": "effective_awgn"}, "link is missing"),
        ({"kind": "ofdm", "model": "CDL-Z"}, "model: .*'CDL-C'.*Received: 'CDL-Z'"),
    ],
)
def test_wrong_settings_are_refused_with_what_would_be_accepted(settings, message):
    with pytest.raises(ValueError, match=message):
        from_settings(settings)
