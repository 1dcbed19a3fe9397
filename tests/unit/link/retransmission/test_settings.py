# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from sionna_semcom.link import RetransmissionLink

OFDM = {"kind": "ofdm"}
CIR = {"kind": "cir", "path": "x.h5"}
BITS = {"kind": "pusch", "transport_block": {}}


@pytest.mark.parametrize(
    ("link", "settings", "message"),
    [
        ({"kind": "flat_mimo", "num_tx_ant": 2}, {}, "`link` must be a link with.*'flat_mimo'"),
        (BITS, {}, "`link` must have no metrics.*'pusch'"),
        ({"kind": "retransmission", "link": OFDM}, {}, "`link` must have no metrics.*'retransm"),
        (OFDM, {"num_transmissions": 0}, "num_transmissions: .*greater than or equal to 1"),
        (OFDM, {"gap": 0}, "gap: .*greater than or equal to 1"),
        (OFDM, {"gap": 2000}, "at most 4096 OFDM symbols.*gap=2000, which needs 28014"),
        (OFDM, {"normalize": "slot"}, "`normalize` requires `gap`.*'slot', gap=None"),
        ({**OFDM, "domain": "time"}, {"gap": 1}, "`gap` requires `domain`='frequency'.*'time'"),
        ({"kind": "awgn"}, {"gap": 1}, "`gap` requires a link with OFDM slots.*'awgn'"),
        ({**OFDM, "channel": CIR}, {"gap": 1}, "a channel model that evolves.*kind 'cir'"),
        ({"kind": "pusch", "model": "flat"}, {"gap": 1}, "model that evolves.*model='flat'"),
    ],
)
def test_what_cannot_work_is_refused(link, settings, message):
    with pytest.raises(ValueError, match=message):
        RetransmissionLink(link, **settings)
