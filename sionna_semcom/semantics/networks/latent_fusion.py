# SPDX-License-Identifier: Apache-2.0
"""Learned fusion of the encodings of several modalities to one latent."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from ..._networks import perceptron
from ...losses import centroid, unit_norm


@keras.saving.register_keras_serializable("sionna_semcom")
class LatentFusion(keras.layers.Layer):
    r"""Latent of unit norm: a centroid plus a learned correction.

    Each encoding consists of a unit-norm embedding :math:`\mathbf{m}_i`, which is aligned between
    modalities, and of :math:`\mathbf{u}_i`, which is unique to modality :math:`i`:

    .. math::
        \mathbf{z} =
        \frac{\mathbf{c} + \mathbf{W}\mathbf{h}}{\|\mathbf{c} + \mathbf{W}\mathbf{h}\|}, \qquad
        \mathbf{h} = \text{GELU}\left(\mathbf{b} + \sum_i p_i
        \mathbf{A}_i\left[\mathbf{m}_i, \mathbf{u}_i, 1\right]\right)

    with the centroid :math:`\mathbf{c}` of the present modalities, for which :math:`p_i = 1`. For
    missing modalities, :math:`p_i = 0`. :math:`\mathbf{W}` is zero at first, so that training
    starts at the centroid.

    Parameters
    ----------
    num_modalities : `int`
        Number of modalities
    latent_dim : `int`
        Dimension of an embedding, and of the output
    unique_dim : `int`
        Number of real numbers that are unique to a modality
    units : `int`
        Units of the hidden layer

    Input
    -----
    encodings : [num_modalities, batch, latent_dim + unique_dim], `float`
        Embeddings of unit norm, each followed by the numbers that are unique to its modality
    present : [num_modalities, batch], `float`
        One if a modality is present, zero if it is missing

    Output
    ------
    : [batch, latent_dim], `float`
        Latents of unit norm
    """

    def __init__(
        self, num_modalities: int, latent_dim: int, unique_dim: int, units: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._sizes = {
            "num_modalities": num_modalities,
            "latent_dim": latent_dim,
            "unique_dim": unique_dim,
            "units": units,
        }
        inputs = num_modalities * (latent_dim + unique_dim + 1)
        self.correction = perceptron(inputs, [units], latent_dim, last="zeros")
        self.built = True  # the perceptron has its weights

    def call(self, encodings: keras.KerasTensor, present: keras.KerasTensor) -> keras.KerasTensor:
        """Fuse ``encodings``."""
        flags = ops.expand_dims(present, -1)
        seen = ops.concatenate([encodings * flags, flags], -1)
        features = ops.concatenate(ops.unstack(seen, axis=0), -1)
        mean = centroid(encodings[..., : self._sizes["latent_dim"]], present)
        return unit_norm(mean + self.correction(features))

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), **self._sizes}
