# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.channel.noise import energy


@pytest.mark.parametrize("dtype", [np.float32, np.complex64, np.complex128])
def test_energy_is_the_squared_magnitude(dtype):
    draw = np.random.default_rng(1)
    x = draw.normal(size=(3, 4)).astype(dtype)
    if np.iscomplexobj(x):
        x += 1j * draw.normal(size=(3, 4))
    found = energy(tf.constant(x)).numpy()
    assert found.dtype == x.real.dtype
    np.testing.assert_allclose(found, np.abs(x) ** 2, rtol=1e-6)


def test_energy_of_zero_has_a_gradient():
    zero = tf.zeros([2], tf.complex64)
    with tf.GradientTape() as tape:
        tape.watch(zero)
        total = tf.reduce_sum(energy(zero))
    np.testing.assert_array_equal(tape.gradient(total, zero), [0.0, 0.0])
