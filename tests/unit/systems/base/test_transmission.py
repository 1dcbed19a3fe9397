# SPDX-License-Identifier: Apache-2.0
import numpy as np
import tensorflow as tf

from sionna_semcom.link import AWGNLink
from sionna_semcom.systems.base.transmission import transmit_latents


def test_latents_of_any_dimension_come_back_with_their_own_noise():
    class SecondIsNoisy(AWGNLink):
        """Noise of power 3 on all symbols after the third."""

        def transmit(self, symbols, no):
            no_eff = tf.concat([tf.zeros([2000, 3]), 3 * tf.ones([2000, 2])], -1)
            return self._awgn(symbols, no_eff), no_eff

    latents = [tf.random.normal([2000, dim]) for dim in (5, 4)]
    first, second = transmit_latents(SecondIsNoisy(), latents, tf.constant(1.0))
    assert [first.no_eff.shape, second.no_eff.shape] == [(2000, 3), (2000, 2)]
    scale = np.sqrt(3) / np.linalg.norm(latents[0], axis=-1, keepdims=True)
    np.testing.assert_allclose(first.latent, scale * latents[0], rtol=1e-5)
    sent = np.sqrt(2) * latents[1] / np.linalg.norm(latents[1], axis=-1, keepdims=True)
    # LMMSE: power 1/2 and noise 3/2 on each real number leave (1/2 * 3/2) / 2
    np.testing.assert_allclose(np.mean((second.latent - sent) ** 2), 0.375, rtol=0.03)
