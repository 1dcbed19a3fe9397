# SPDX-License-Identifier: Apache-2.0
"""Eb/N0 of links that carry bits, compared with Sionna's ``ebnodb2no`` and a known error rate."""

import math

import numpy as np
import pytest
from scipy.special import erfc
from sionna.phy.mapping import BinarySource, Demapper, Mapper
from sionna.phy.nr import PUSCHConfig
from sionna.phy.utils import ebnodb2no

from sionna_semcom._seeding import reseed
from sionna_semcom.link import (
    AWGNLink,
    CodedTransmission,
    EffectiveAWGNLink,
    FlatFadingLink,
    OFDMLink,
    PUSCHLink,
)


def _noise_power(link, ebno_db, *coding):
    return 10 ** (-(ebno_db + link.ebno_offset_db(*coding)) / 10)


@pytest.mark.parametrize("ebno_db", [-2.0, 0.0, 7.5])
def test_noise_powers_are_those_of_sionna(ebno_db):
    """Links without a grid, and links with a grid of pilots, cyclic prefix and streams."""
    awgn, ofdm = AWGNLink(), OFDMLink(model="TDL-A", csi="perfect")
    assert _noise_power(awgn, ebno_db, 4, 0.5) == pytest.approx(float(ebnodb2no(ebno_db, 4, 0.5)))
    theirs = float(ebnodb2no(ebno_db, 2, 0.3, ofdm.resource_grid))
    assert _noise_power(ofdm, ebno_db, 2, 0.3) == pytest.approx(theirs)
    wrapped = EffectiveAWGNLink(ofdm)
    assert _noise_power(wrapped, ebno_db, 2, 0.3) == pytest.approx(theirs)
    # four streams share the power, so that a symbol has a fourth of the energy
    fading = FlatFadingLink(num_tx_ant=4, num_rx_ant=4)
    theirs = float(ebnodb2no(ebno_db, 2, 0.3)) / 4
    assert _noise_power(fading, ebno_db, 2, 0.3) == pytest.approx(theirs)


def test_coded_bits_have_the_rate_that_is_sent():
    """64 bits at rate 1/2 fill 32 16-QAM symbols; 65 bits are rounded up to 33 symbols."""
    for num_bits, rate in ((64, 0.5), (65, 65 / 132)):
        coded = CodedTransmission(AWGNLink(), num_bits, 0.5, 4)
        theirs = float(ebnodb2no(3.0, 4, rate))
        assert float(coded.noise_power(3.0)) == pytest.approx(theirs, rel=1e-5)


def test_uncoded_bit_errors_are_those_of_the_textbook():
    """QPSK over AWGN has a bit error rate of Q(sqrt(2 Eb/N0))."""
    reseed(1)
    ebno_db, link = 4.0, AWGNLink()
    bits = BinarySource()([200, 2000])
    symbols_hat, no_eff = link(Mapper("qam", 2)(bits), _noise_power(link, ebno_db, 2, 1.0))
    wrong = (Demapper("app", "qam", 2, hard_out=True)(symbols_hat, no_eff) != bits).numpy()
    expected = 0.5 * erfc(math.sqrt(10 ** (ebno_db / 10)))
    assert np.mean(wrong) == pytest.approx(expected, rel=0.05)  # 5,000 errors


def test_transport_blocks_have_an_ebno():
    """The offset uses the modulation and rate of the MCS table and the grid of the slot."""
    pusch = PUSCHLink(model="TDL-A", csi="perfect", num_rx_ant=2, transport_block={"mcs_index": 10})
    config = PUSCHConfig()
    config.tb.mcs_index = 10
    order, rate = config.tb.num_bits_per_symbol, config.tb.target_coderate
    theirs = float(ebnodb2no(6.0, order, rate, pusch.resource_grid))
    snr_db = 6.0 + pusch.snr_offset_db("ebno_db")
    assert 10 ** (-snr_db / 10) == pytest.approx(theirs, rel=1e-5)
    assert EffectiveAWGNLink(pusch).snr_offset_db("ebno_db") == pusch.snr_offset_db("ebno_db")


def test_links_say_along_what_they_can_be_measured():
    assert AWGNLink().snr_offset_db("snr_db") == 0.0
    with pytest.raises(ValueError, match="'ebno_db' needs a system or link that sends bits"):
        AWGNLink().snr_offset_db("ebno_db")
    with pytest.raises(ValueError, match=r"needs a `link_budget`.*AWGNLink"):
        AWGNLink().snr_offset_db("tx_power_dbm")


@pytest.mark.parametrize("wrong", [(0, 0.5), (2, 0.0), (2, math.nan), (2, 1.5), (math.inf, 0.5)])
def test_what_is_no_code_has_no_offset(wrong):
    with pytest.raises(ValueError, match=r"`coderate` lie in \(0, 1\]. Received: "):
        AWGNLink().ebno_offset_db(*wrong)
