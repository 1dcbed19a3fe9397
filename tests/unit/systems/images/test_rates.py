# SPDX-License-Identifier: Apache-2.0
import numpy as np
import tensorflow as tf

from sionna_semcom._seeding import set_seed
from sionna_semcom.link import AWGNLink, CodedTransmission
from sionna_semcom.systems.images.rates import best_rates, block_error_rates, scrambled, snr_grid


def test_the_grid_has_both_ends():
    np.testing.assert_array_equal(snr_grid((-5.0, 2.0)), np.arange(-5, 3))
    np.testing.assert_array_equal(snr_grid((-5.0, 20.0), 5.0), [-5, 0, 5, 10, 15, 20])
    np.testing.assert_array_equal(snr_grid((0.0, 1.0), 0.3), 0.3 * np.arange(4))
    np.testing.assert_array_equal(snr_grid((7.0, 7.0)), [7])
    np.testing.assert_array_equal(snr_grid((np.inf, np.inf)), [60])


def test_the_expected_error_decides():
    """0.5 * 0.1 + 0.5 * 1 = 0.55 against 0.5, then 0.1 against 0.5, then both fail."""
    errors = np.array([[0.5, 0.0, 1.0], [0.0, 0.0, 1.0]])
    found = best_rates(errors, np.array([0.1, 0.5]), 1.0)
    np.testing.assert_array_equal(found, [1, 0, 0])


def test_block_errors_on_both_sides_of_capacity():
    """128 bits in 128 uses need log2(1 + SNR) = 1 bit a use, which is 0 dB."""
    set_seed(0)
    coded = [CodedTransmission(AWGNLink(), 128, 0.5, 2)]
    rates = block_error_rates(coded, [-8.0, -5.0, -2.0, 3.0, 6.0], 40)
    assert rates.shape == (1, 5)
    np.testing.assert_array_equal(rates[0, :3], 1)
    np.testing.assert_array_equal(rates[0, 4:], 0)


def test_scrambling_is_undone():
    set_seed(0)
    coded = CodedTransmission(AWGNLink(), 24, 0.5, 2)
    bits = tf.constant(np.eye(3, 24), tf.float32)
    np.testing.assert_array_equal(scrambled(coded, bits, tf.constant(0.01)), bits)
