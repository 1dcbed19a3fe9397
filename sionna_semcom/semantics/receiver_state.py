# SPDX-License-Identifier: Apache-2.0
"""What a receiver knows about the noise, as features for its decoders."""

from __future__ import annotations

import keras
from keras import ops


class ReceiverState(keras.layers.Layer):
    r"""Give a decoder the received latent and how much to trust each of its entries.

    .. math:: \left[\; \frac{\hat{z}_n}{1 + N_n}, \quad
        \tfrac{1}{4}\log_{10}\frac{1}{\max(N_n, 10^{-4})} \;\right]

    The first part is the linear MMSE estimate of a unit-variance entry from
    :math:`\hat z_n = z_n + w_n`, the second the SNR of each received symbol in units of 40 dB, so
    that a noiseless link (:math:`N=0`) reads as one.

    Input
    -----
    latents : [batch, latent_dim], `float`
        Received latents of unit average power, without bias
    no_eff : [batch, num_symbols], `float`
        Noise power on each received symbol, as the link reports it; entries :math:`n` and
        :math:`n + \mathrm{num\_symbols}` of a latent share symbol :math:`n`

    Output
    ------
    : [batch, latent_dim + num_symbols], `float`
        Features
    """

    def call(
        self, latents: keras.KerasTensor, no_eff: keras.KerasTensor
    ) -> keras.KerasTensor:
        """Compute the features."""
        per_entry = ops.concatenate([no_eff, no_eff], -1)[:, : latents.shape[-1]]
        snr = -0.25 * ops.log10(ops.maximum(no_eff, 1e-4))
        return ops.concatenate([latents / (1.0 + per_entry), snr], -1)
