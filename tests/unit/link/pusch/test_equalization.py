# SPDX-License-Identifier: Apache-2.0
"""The equalizer of single resource elements equals Sionna's equalizer for white noise."""

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.mimo import lmmse_equalizer

from sionna_semcom.link.pusch.equalization import lmmse_on_matrices


@pytest.mark.parametrize("num_streams", [1, 2, 4])
def test_it_is_sionnas_for_a_diagonal_covariance(num_streams):
    rng = np.random.default_rng(1)

    def draw(*shape):
        return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)

    y, h = draw(3, 5, 4), draw(3, 5, 4, num_streams)
    s = np.apply_along_axis(np.diag, -1, rng.uniform(0.1, 1.0, (3, 5, 4))).astype(complex)
    inputs = [tf.constant(one, tf.complex64) for one in (y, h, s)]
    ours = lmmse_on_matrices(inputs[0], inputs[1], inputs[2], (4, num_streams))
    theirs = lmmse_equalizer(*map(tf.constant, (y, h, s)), precision="double")
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=1e-5)
