# SPDX-License-Identifier: Apache-2.0
"""Properties that links take over from the wrapped link."""

from __future__ import annotations

import hashlib

import pytest

from sionna_semcom.link import LINKS, OFDMLink, from_settings

WRAPPERS = ("effective_awgn", "retransmission", "bits_and_latents")
OFDM = {"kind": "ofdm", "num_tx_ant": 1, "num_rx_ant": 1, "fft_size": 12}
LEARNED = {**OFDM, "estimator": {"kind": "learned", "weights": "x"}}


def settings_of(kind, link):
    return LINKS.settings({"kind": kind, "link": link})


@pytest.mark.parametrize("kind", WRAPPERS)
def test_what_the_other_link_learns_is_found(kind):
    settings = settings_of(kind, LEARNED)
    assert settings.learned.weights == "x"
    assert settings.follows_training
    assert settings.of_training(7).learned.seed == 7
    assert settings.learned.seed == 0
    plain = settings_of(kind, OFDM)
    assert plain.learned is None
    assert not plain.follows_training


@pytest.mark.parametrize("kind", WRAPPERS)
def test_files_of_the_other_link_are_known(kind, tmp_path):
    path = tmp_path / "h.h5"
    path.write_bytes(b"channels")
    channel = {"kind": "frequency_response", "path": str(path)}
    settings = settings_of(kind, {**OFDM, "channel": channel})
    assert list(settings.checksums.values()) == [hashlib.sha256(b"channels").hexdigest()]


@pytest.mark.parametrize("kind", WRAPPERS)
def test_energies_are_those_of_a_transmission_over_the_other_link(kind):
    inner = OFDMLink(**{k: v for k, v in OFDM.items() if k != "kind"}, csi="perfect")
    link = LINKS[kind](inner)
    assert link.ebno_offset_db(4, 0.5) == inner.ebno_offset_db(4, 0.5)
    assert link.snr_offset_db("snr_db") == 0.0
    calls = []
    inner.calibrate = lambda: calls.append(1)
    link.calibrate()
    assert calls == [1]


@pytest.mark.parametrize("kind", WRAPPERS)
def test_axes_are_those_of_the_other_link(kind):
    assert settings_of(kind, OFDM).axes == ("snr_db",)
    bits = settings_of("effective_awgn", {"kind": "pusch", "transport_block": {}})
    assert bits.axes == ("snr_db", "ebno_db")


@pytest.mark.parametrize("kind", WRAPPERS)
def test_sums_of_several_transmitters_are_refused(kind):
    with pytest.raises(ValueError, match=r"`link` must accept the symbols of one.*'over_the_air'"):
        from_settings({"kind": kind, "link": {"kind": "over_the_air"}})
