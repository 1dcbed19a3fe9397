# SPDX-License-Identifier: Apache-2.0
"""Received latents and SNRs as features for decoders."""

from __future__ import annotations

import keras
from keras import ops

HIGHEST_SNR_DB = 40.0
"""SNR [dB] of noiseless symbols for decoders, and unit of their SNRs"""


@keras.saving.register_keras_serializable("sionna_semcom")
class ReceiverState(keras.layers.Layer):
    r"""Concatenate a received latent with the SNRs of its symbols.

    .. math:: \left[\; \hat{\mathbf{z}}, \quad
        \tfrac{1}{4}\log_{10}\frac{1}{\max(N_n, 10^{-4})} \;\right]

    The SNR of each received symbol is in units of 40 dB, so that it is one for a noiseless link
    (:math:`N_n=0`).

    Input
    -----
    latents : [batch, latent_dim], `float`
        Received latents
    no_eff : [batch, num_symbols], `float`
        Effective noise power of each received symbol, as returned by the link

    Output
    ------
    : [batch, latent_dim + num_symbols], `float`
        Features
    """

    def call(self, latents: keras.KerasTensor, no_eff: keras.KerasTensor) -> keras.KerasTensor:
        """Concatenate latents and SNRs."""
        lowest = 10.0 ** (-HIGHEST_SNR_DB / 10.0)
        snr = -10.0 / HIGHEST_SNR_DB * ops.log10(ops.maximum(no_eff, lowest))
        return ops.concatenate([latents, snr], -1)
