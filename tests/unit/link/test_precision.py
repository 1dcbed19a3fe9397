# SPDX-License-Identifier: Apache-2.0
"""Links and MIMO channels, with all inner blocks, compute in the precision of their settings."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy import config
from sionna.phy.block import Object

from sionna_semcom.channel.settings import CHANNELS
from sionna_semcom.link import LINKS, AWGNLink, CodedTransmission, Link, from_settings
from sionna_semcom.systems.base.transmission import transmit_latents

SMALL = {"fft_size": 12, "num_tx_ant": 2, "num_rx_ant": 2}
FADING = {"kind": "flat_fading", "num_tx_ant": 2, "num_rx_ant": 2}
OFDM = {"kind": "ofdm", **SMALL}
USERS = {"fft_size": 12, "model": "TDL-A", "num_users": 2}
MIMO = {"kind": "ofdm_mimo", **SMALL}
EFFECTIVE = {"kind": "effective_awgn", "link": FADING}
LINK_KINDS = {
    "awgn": {"kind": "awgn"},
    "lmmse": {**FADING, "rician_k": 2.0, "csi_error_variance": 0.1},
    "zf": {**FADING, "equalizer": "zf"},
    "mf": {**FADING, "equalizer": "mf"},
    "effective": {"kind": "effective_awgn", "link": {**FADING, "precision": "double"}},
    "effective of a single one": {"kind": "effective_awgn", "link": {"kind": "awgn"}},
    "retransmission": {"kind": "retransmission", "link": {**FADING, "precision": "double"}},
    "retransmission over a single one": {
        "kind": "retransmission",
        "link": FADING,
        "sends": "parts",
    },
    "bits": {"kind": "bits_and_latents", "link": {**FADING, "precision": "double"}},
    "uplink": {**USERS, "kind": "uplink"},
    "downlink": {**USERS, "kind": "downlink"},
    "over the air": {**USERS, "kind": "over_the_air"},
    "ofdm": {**OFDM, "model": "TDL-A"},
    "ofdm, svd": {**OFDM, "precoding": "svd", "interpolation": "lmmse", "model": "TDL-A"},
    "ofdm, rzf": {**OFDM, "precoding": "rzf", "csi": "perfect", "equalizer": "zf"},
    "ofdm, mf": {**OFDM, "csi": "perfect", "equalizer": "mf"},
    "UMi": {**OFDM, "model": "UMi", "pool_size": 2, "csi": "perfect"},
    "pusch": {"kind": "pusch", "model": "TDL-A", "csi": "perfect", "num_resource_blocks": 2},
}
CHANNEL_KINDS = {
    "flat": {"kind": "flat_mimo"},
    "rician": {"kind": "flat_mimo", "rician_k": 1.0, "realizations": 3},
    "pool": {"kind": "flat_mimo", "realizations": 2, "realization_seed": 1, "csi": "ls"},
    "delayed": {"kind": "flat_mimo", "csi": "delayed", "delay_correlation": 0.9},
    "ofdm": {**MIMO, "pool_size": 4, "model": "TDL-A"},
    "ofdm, perfect": {**MIMO, "csi": "perfect"},
}

pytestmark = pytest.mark.filterwarnings("ignore:`no_eff` may differ")


def parts(block: Any) -> Iterator[Object]:
    """Blocks and objects of Sionna inside ``block``."""
    for value in vars(block).values():
        if isinstance(value, Object):
            yield value
            if type(value).__module__.startswith("sionna_semcom"):
                yield from parts(value)


def test_every_kind_is_here():
    tested = {one["kind"] for one in (*LINK_KINDS.values(), *CHANNEL_KINDS.values())}
    own = [kind for kind, part in LINKS.items() if part.__module__.startswith("sionna_semcom")]
    assert tested >= set(own) >= set(CHANNELS)


@pytest.mark.parametrize(("name", "settings"), LINK_KINDS.items(), ids=LINK_KINDS)
def test_links_in_double_precision(name, settings):
    link = from_settings({**settings, "precision": "double"})
    symbols = tf.complex(tf.ones([3, 5] if 2 in link.input_shapes else [3, 2, 5]), 0.0)
    for call in (link, link.graph()):
        for no in (0.1, tf.constant([0.1, 0.2, 0.3])):
            symbols_hat, no_eff = call(symbols, no)
            assert (symbols_hat.dtype, no_eff.dtype) == (tf.complex128, tf.float64)
    if "a single one" not in name:
        assert {part.precision for part in parts(link)} == {"double"}


@pytest.mark.parametrize("settings", CHANNEL_KINDS.values(), ids=CHANNEL_KINDS)
def test_channels_in_double_precision(settings):
    channel = from_settings({**settings, "precision": "double"})
    state = channel.draw(2, 0.1)
    assert [part.dtype for part in state] == [tf.complex128] * 3 + [tf.float64]
    draw = np.random.default_rng(0)
    x = draw.normal(size=(2, 1, 2)) + 1j * draw.normal(size=(2, 1, 2))
    y = channel(x, state.h, 0.0)
    assert y.dtype == tf.complex128
    np.testing.assert_allclose(y, np.einsum("burt,but->bur", state.h, x), rtol=1e-13)
    assert {part.precision for part in parts(channel)} == {"double"}


@pytest.mark.parametrize("settings", [{"kind": "awgn"}, FADING, EFFECTIVE, {"kind": "flat_mimo"}])
@pytest.mark.parametrize("precision", [None, "single", "double"])
def test_configurations_keep_the_precision(settings, precision):
    part = from_settings({**settings, "precision": precision})
    config = part.get_config()
    assert config["precision"] == precision
    again = type(part).from_config(config)
    assert again.precision == part.precision == (precision or "single")


def test_double_precision_has_the_digits_of_one():
    symbols = tf.complex(
        config.tf_rng.normal([2, 7], dtype=tf.float64), tf.ones([2, 7], tf.float64)
    )
    received, _ = AWGNLink(precision="double")(symbols, 0.0)
    np.testing.assert_array_equal(received, symbols)


def test_an_unknown_precision_is_refused():
    with pytest.raises(ValueError, match=r"precision: .*'single' or 'double'.*Received: 'half'"):
        AWGNLink(precision="half")


def test_coded_bits_in_double_precision():
    coded = CodedTransmission(AWGNLink(precision="double"), 12, 0.5, 2, precision="double")
    bits = tf.ones([2, 12])
    assert coded(bits, 0.01).dtype == tf.float64
    assert {part.precision for part in parts(coded)} == {"double"}


def test_latents_keep_their_precision_over_a_link_in_double_precision():
    link: Link = from_settings({**FADING, "precision": "double"})
    (received,) = transmit_latents(link, [tf.ones([3, 4])], tf.constant(0.1))
    assert (received.latent.dtype, received.no_eff.dtype) == (tf.float32, tf.float32)


PRECISE = {
    "flat_fading": (FADING, 1e-11),
    "ofdm": ({**OFDM, "model": "TDL-A", "csi": "perfect"}, 1e-10),
}


@pytest.mark.parametrize("name", PRECISE)
def test_noise_below_the_rounding_error_of_single_precision_is_reported(name):
    settings, no = PRECISE[name]
    link = from_settings({**settings, "precision": "double"})
    symbols = tf.complex(*np.random.default_rng(0).normal(0, 0.5**0.5, [2, 200, 40]))
    symbols_hat, no_eff = link(symbols, tf.constant(no, tf.float64))
    ratio = np.mean(np.abs(symbols_hat - symbols) ** 2 / no_eff)
    assert ratio == pytest.approx(1.0, abs=0.15)
