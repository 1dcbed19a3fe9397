# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.channel.slots.budgeted import Drops
from sionna_semcom.link.estimation.experience import MAX_FRESH, MIN_SLOTS
from sionna_semcom.link.estimation.observation import Arrived
from sionna_semcom.link.ofdm import OFDMSettings
from sionna_semcom.link.ofdm.slot_learning import drop_count, learn_slots

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


@pytest.mark.parametrize("off", [0.0, 0.3])
def test_errors_that_only_cancel_on_average_are_told(off):
    """``no_eff`` is too large at low and too small at high powers, and no correction is learned."""

    def send(no, drawn):
        ratio = tf.where(no > 1.0, 1.0 - off, 1.0 + off) * tf.ones([64])
        arrived = Arrived(tf.zeros([64, 1, 1, 1, 1], tf.complex64), drawn.h, no, None, None)
        return arrived._replace(no=no * tf.ones([64])), SimpleNamespace(error_over_no_eff=ratio)

    error = SimpleNamespace(
        rdtype=tf.float32,
        snrs_db=np.arange(-10.0, 11.0, 10.0),
        num_signs=3,
        keep=lambda coefficients: None,
        signs=lambda y, no, share: tf.zeros([64, 3]),
    )
    drops = [Drops(tf.zeros([64, 1]), tf.range(64), None)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        learn_slots(error, drops, np.array([-15.0, -5.0, 5.0, 15.0]), send)
    found = [str(one.message) for one in caught if "`no_eff`" in str(one.message)]
    assert len(found) == (1 if off else 0)
    assert not off or found[0].endswith("it differed by 30% in the calibration slots")
