"""Eigenmodes against NumPy's singular value decomposition."""

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.alignment import channel_modes

from ..problems import channels


@pytest.mark.parametrize(("num_rx_ant", "num_tx_ant"), [(1, 1), (2, 2), (4, 2), (2, 4), (8, 8)])
@pytest.mark.parametrize("compiled", [False, True])
def test_modes_are_singular_vectors(num_rx_ant, num_tx_ant, compiled):
    h = channels(5, 3, num_rx_ant, num_tx_ant)
    modes = tf.function(channel_modes, jit_compile=compiled)(h)
    accuracy = 1e-6 if compiled else 1e-9  # XLA stops its Jacobi sweeps earlier
    values = np.linalg.svd(h.numpy(), compute_uv=False)
    np.testing.assert_allclose(modes.gains, values**2, atol=accuracy)
    gram = tf.matmul(modes.transmit, modes.transmit, adjoint_a=True)
    np.testing.assert_allclose(gram, np.eye(gram.shape[-1]) + 0 * gram.numpy(), atol=accuracy)
    through = tf.matmul(modes.receive, modes.receive, adjoint_a=True).numpy()
    np.testing.assert_allclose(
        through, np.eye(gram.shape[-1]) * (values**2)[..., None], atol=accuracy
    )


def test_a_zero_channel_has_no_gain():
    for shape in ((1, 2, 3), (1, 3, 2)):
        modes = channel_modes(tf.zeros(shape, tf.complex64))
        assert np.all(modes.gains.numpy() == 0)
        assert all(np.isfinite(part.numpy()).all() for part in modes)


def test_weak_modes_of_wide_channels_keep_their_norm():
    left, right = channels(50, 1, 2, 1), channels(50, 1, 1, 4, seed=1)
    modes = channel_modes(tf.cast(left @ right, tf.complex64))  # rank one
    norms = np.linalg.norm(modes.transmit, axis=-2)
    np.testing.assert_allclose(norms, np.ones_like(norms), rtol=1e-6)


def test_gradients_are_finite_and_right():
    h = channels(1, 3, 2)

    def strongest(real, imag):
        return channel_modes(tf.complex(real, imag)).gains[0, 0]

    parts = [tf.math.real(h), tf.math.imag(h)]
    for theory, numeric in zip(*tf.test.compute_gradient(strongest, parts), strict=True):
        np.testing.assert_allclose(theory, numeric, atol=1e-5)
