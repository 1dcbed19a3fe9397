# SPDX-License-Identifier: Apache-2.0
"""Noise of unit power that is scaled afterwards, against Sionna's AWGN channel."""

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel import AWGN
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.channel.awgn import ScaledAWGN


@pytest.mark.parametrize("no", [0.0, 0.3, [0.5, 0.0, 2.0]])
@pytest.mark.parametrize("precision", ["single", "double"])
def test_the_output_is_that_of_sionna(no, precision):
    x = complex_normal([3, 4, 5], precision=precision)
    outputs = []
    for channel in (AWGN(precision=precision), ScaledAWGN(precision=precision)):
        reseed("noise")
        outputs.append(channel(x, tf.constant(no)))
    np.testing.assert_array_equal(*outputs)


def test_the_gradient_by_the_noise_power_is_that_of_sionna():
    x, no = complex_normal([3, 4]), tf.constant([0.3, 0.5, 2.0])
    found = []
    for channel in (AWGN(), ScaledAWGN()):
        reseed("noise")
        with tf.GradientTape() as tape:
            tape.watch(no)
            energy = tf.reduce_sum(tf.abs(channel(x, no)) ** 2)
        found.append(tape.gradient(energy, no))
    np.testing.assert_allclose(*found, rtol=1e-5)
