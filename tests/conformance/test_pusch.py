# SPDX-License-Identifier: Apache-2.0
"""PUSCH links: reported noise, and coded bits against Sionna's chain."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel import ApplyOFDMChannel, GenerateOFDMChannel
from sionna.phy.channel.tr38901 import CDL, AntennaArray
from sionna.phy.nr import PUSCHReceiver, PUSCHTransmitter
from sionna.phy.utils import complex_normal

from sionna_semcom.link import PUSCHLink

SLOTS = {
    "one layer": {},
    "two layers": {"num_layers": 2, "dmrs": {"additional_position": 1}},
    "type 2, double": {
        "num_layers": 2,
        "dmrs": {
            "config_type": 2, "length": 2, "additional_position": 1,
            "num_cdm_groups_without_data": 3,
        },
    },
    "precoded": {"num_layers": 2, "num_antenna_ports": 4, "tpmi": 14, "num_rx_ant": 4},
    "data on symbols of reference signals": {
        "num_antenna_ports": 2,
        "tpmi": 2,
        "dmrs": {"additional_position": 2, "num_cdm_groups_without_data": 1},
    },
    "four layers": {"num_layers": 4, "dmrs": {"length": 2, "additional_position": 1}},
}  # fmt: skip
FEW = [("two layers", "perfect"), ("one layer", "lmmse"), ("two layers", "lin")]
ALL = [(slot, kind) for slot in SLOTS for kind in ("perfect", "lmmse", "lin")]


def check_reported_noise(model, slot, kind):
    receiver = {"csi": "perfect"} if kind == "perfect" else {"interpolation": kind}
    link = PUSCHLink(model=model, **SLOTS[slot], **receiver)
    symbols = complex_normal([512, link._capacity])  # a slot each
    if link.channel.pool is not None:  # every drop once, as drops differ a lot
        link.channel = lambda num_slots, pool=link.channel.pool: pool[:num_slots]
    run = tf.function(link, autograph=False)
    for snr_db, tolerance in ((0.0, 0.05), (10.0, 0.05), (20.0, 0.05), (30.0, 0.10)):
        symbols_hat, no_eff = run(symbols, tf.constant(10 ** (-snr_db / 10)))
        ratio = np.mean(np.abs(symbols_hat - symbols) ** 2 / no_eff)
        assert ratio == pytest.approx(1.0, abs=tolerance), f"at {snr_db} dB"


@pytest.mark.parametrize(("slot", "kind"), FEW)
def test_reported_noise_is_the_error(slot, kind):
    check_reported_noise("CDL-C", slot, kind)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["CDL-C", "CDL-A", "UMi"])
@pytest.mark.parametrize(("slot", "kind"), ALL)
def test_reported_noise_is_the_error_for_all_reference_signals(model, slot, kind):
    check_reported_noise(model, slot, kind)


LAYERS, CARRIER, BATCH = 2, 3.5e9, 100


def sionnas_chain(config, csi):
    """Transmitter and receiver of Sionna over CDL-C."""
    terminal = AntennaArray(1, 1, "dual", "cross", "omni", CARRIER)
    station = AntennaArray(1, 2, "dual", "cross", "38.901", CARRIER)
    model = CDL("C", 100e-9, CARRIER, terminal, station, "uplink", min_speed=3.0)
    transmitter = PUSCHTransmitter(config)
    receiver = PUSCHReceiver(transmitter, "perfect" if csi == "perfect" else None)
    generate = GenerateOFDMChannel(model, transmitter.resource_grid, normalize_channel=True)
    apply, amplitude = ApplyOFDMChannel(), LAYERS**-0.5  # the layers share a total power of one

    @tf.function
    def wrong_blocks(no):
        x, bits = transmitter(BATCH)
        h = amplitude * generate(BATCH)
        y = apply(x, h, no)
        bits_hat = receiver(y, no, h) if csi == "perfect" else receiver(y, no)
        return tf.reduce_any(bits != bits_hat, axis=[1, 2])

    return wrong_blocks


def check_bler(csi, snrs_db, batches):
    receiver = {"perfect": {"csi": "perfect"}, "ls": {"statistics": "none"}}[csi]
    interpolation = {} if csi == "perfect" else {"interpolation": "lin"}
    link = PUSCHLink(
        model="CDL-C", num_layers=LAYERS, num_resource_blocks=1, dmrs={"additional_position": 1},
        transport_block={"mcs_index": 10, "share": 1.0}, **receiver, **interpolation,
    )  # fmt: skip

    @tf.function
    def wrong_blocks(no):
        bits = link.transport_block.draw(BATCH)
        return tf.reduce_any(link.send_bits(bits, no)[0] != bits, axis=1)

    theirs = sionnas_chain(link.settings.config, csi)
    informative = 0
    for snr_db in snrs_db:
        no = tf.constant(10 ** (-snr_db / 10), tf.float32)
        rates = [np.mean([chain(no) for _ in range(batches)]) for chain in (wrong_blocks, theirs)]
        mean = np.mean(rates)
        deviation = np.sqrt(max(mean * (1 - mean), 1e-3) * 2 / (BATCH * batches))
        assert abs(rates[0] - rates[1]) < 3.3 * deviation, f"at {snr_db} dB: {rates}"
        informative += 0.02 < mean < 0.98
    assert informative >= min(3, len(snrs_db))


@pytest.mark.filterwarnings("ignore:`no_eff` may differ from the error")
def test_bits_alone_have_sionnas_block_error_rate():
    check_bler("ls", [6.0], batches=4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`no_eff` may differ from the error")
@pytest.mark.parametrize("csi", ["perfect", "ls"])
def test_bits_alone_have_sionnas_block_error_rate_at_five_snrs(csi):
    check_bler(csi, [2.0, 4.0, 6.0, 8.0, 10.0], batches=20)
