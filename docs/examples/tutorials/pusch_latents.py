# SPDX-License-Identifier: Apache-2.0
"""Transport blocks of several terminals over 5G NR PUSCH and UMi."""

import tensorflow as tf
from sionna.phy import Block
from sionna.phy.channel import OFDMChannel, gen_single_sector_topology
from sionna.phy.channel.tr38901 import AntennaArray, UMi
from sionna.phy.nr import PUSCHConfig, PUSCHReceiver, PUSCHTransmitter
from sionna.phy.utils import ebnodb2no

from sionna_semcom.link import ChainLink, PUSCHSymbolReceiver, PUSCHSymbolTransmitter

TERMINALS, LAYERS, CARRIER = 2, 2, 3.5e9


def configuration(terminal):
    """A PUSCH with the reference signals of ``terminal``."""
    config = PUSCHConfig(num_antenna_ports=4, num_layers=LAYERS, precoding="codebook", tpmi=1)
    config.carrier.n_size_grid = 4
    config.carrier.subcarrier_spacing = 30
    config.dmrs.config_type, config.dmrs.length = 2, 2
    config.dmrs.additional_position = 1
    config.dmrs.num_cdm_groups_without_data = 3
    config.dmrs.dmrs_port_set = [LAYERS * terminal + layer for layer in range(LAYERS)]
    config.tb.mcs_index, config.tb.mcs_table = 10, 1
    return config


class Uplink(Block):
    """Two terminals with four antennas send two layers each to a station with eight."""

    def __init__(self, perfect_csi=False):
        super().__init__()
        self.csi = "perfect" if perfect_csi else None
        self.configs = [configuration(terminal) for terminal in range(TERMINALS)]
        tb = self.configs[0].tb
        self.modulation = int(tb.num_bits_per_symbol), float(tb.target_coderate)
        terminal = AntennaArray(1, 2, "dual", "cross", "omni", CARRIER)
        station = AntennaArray(1, 4, "dual", "cross", "38.901", CARRIER)
        power = {"enable_pathloss": False, "enable_shadow_fading": False}
        self.umi = UMi(CARRIER, "low", terminal, station, "uplink", **power)
        self.transmitter = PUSCHTransmitter(self.configs)
        self.grid = self.transmitter.resource_grid
        self.channel = OFDMChannel(self.umi, self.grid, normalize_channel=True, return_channel=True)
        self.receiver = PUSCHReceiver(self.transmitter, channel_estimator=self.csi)
        self.latents = PUSCHSymbolTransmitter(self.configs)
        self.equalizer = PUSCHSymbolReceiver(self.latents, channel_estimator=self.csi)
        self.link = ChainLink(self.send, self.grid)

    @tf.function
    def call(self, batch_size, ebno_db):
        """Transmitted and decided bits: [batch_size, TERMINALS, tb_size] each."""
        no = ebnodb2no(ebno_db, *self.modulation, self.grid)
        x, bits = self.transmitter(batch_size)
        self.umi.set_topology(*gen_single_sector_topology(batch_size, TERMINALS, "umi"))
        y, h = self.channel(x, no)
        return bits, self.receiver(y, no, h)

    def send(self, x, no):
        """Equalized symbols for ``x`` at noise power ``no``, and their noise power."""
        self.umi.set_topology(*gen_single_sector_topology(tf.shape(x)[0], TERMINALS, "umi"))
        y, h = self.channel(self.latents(x), no)
        return self.equalizer(y, no, h)
