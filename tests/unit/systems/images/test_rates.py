# SPDX-License-Identifier: Apache-2.0
import numpy as np
import tensorflow as tf

from sionna_semcom._seeding import set_seed
from sionna_semcom.link import AWGNLink, CodedTransmission
from sionna_semcom.systems.images.rates import best_rates, block_error_rate, scrambled, snr_grid


def test_the_grid_has_both_ends():
    np.testing.assert_array_equal(snr_grid((-5.0, 2.0)), np.arange(-5, 3))
    np.testing.assert_array_equal(snr_grid((-5.0, 20.0), 5.0), [-5, 0, 5, 10, 15, 20])
    np.testing.assert_array_equal(snr_grid((0.0, 1.0), 0.3), 0.3 * np.arange(4))
    np.testing.assert_array_equal(snr_grid((7.0, 7.0)), [7])
    np.testing.assert_array_equal(snr_grid((np.inf, np.inf)), [60])


def test_the_expected_error_decides():
    """Errors rise from high to low SNRs, and the choice is the minimum over all rates."""
    errors = np.array([[1.0, 1.0, 0.5, 0.0], [1.0, 0.9, 0.0, 0.0], [1.0, 0.2, 0.0, 0.0]])
    distortions, worst = np.array([0.1, 0.5, 0.6]), 1.0
    expected = (1 - errors) * distortions[:, None] + errors * worst
    asked = []

    def error_rate(rate, snr_db):
        asked.append((rate, snr_db))
        return errors[rate, int(snr_db)]

    found = best_rates(error_rate, [0, 1, 2, 3], distortions, worst)
    np.testing.assert_array_equal(found[1:], np.argmin(expected, 0)[1:])
    assert found[0] == 2  # no rate is received
    assert len(set(asked)) == len(asked) < errors.size


def test_block_errors_on_both_sides_of_capacity():
    """128 bits in 128 uses need log2(1 + SNR) = 1 bit per use, which is 0 dB."""
    set_seed(0)
    coded = CodedTransmission(AWGNLink(), 128, 0.5, 2)
    assert block_error_rate(coded, -2.0, 40) == 1
    assert block_error_rate(coded, 6.0, 40) == 0


def test_scrambling_is_undone():
    set_seed(0)
    coded = CodedTransmission(AWGNLink(), 24, 0.5, 2)
    bits = tf.constant(np.eye(3, 24), tf.float32)
    np.testing.assert_array_equal(scrambled(coded, bits, tf.constant(0.01)), bits)
