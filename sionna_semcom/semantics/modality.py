# SPDX-License-Identifier: Apache-2.0
"""A modality: how it is encoded, decoded, trained and judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import keras
import tensorflow as tf
from keras import ops

from .. import metrics
from .networks import autoencoders

Metric = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


@dataclass(frozen=True)
class Modality:
    """One modality of a multimodal system.

    Parameters
    ----------
    name : `str`
        Key of the modality in a batch
    shape : `tuple` of `int`
        Shape of one sample
    encoder : `keras.Layer`
        From samples ``[batch, *shape]`` to latents ``[batch, latent_dim]``
    decoder : `keras.Layer`
        From features of the received latent ``[batch, features]`` to reconstructions
    loss : callable
        From (samples, reconstructions) to the reconstruction loss of each sample ``[batch]``
    metrics : `dict` of callables
        From (samples, reconstructions) to a figure of each sample ``[batch]``; `bool` figures are
        proportions
    """

    name: str
    shape: tuple[int, ...]
    encoder: keras.Layer
    decoder: keras.Layer
    loss: Metric
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    @property
    def latent_dim(self) -> int:
        """Real numbers that the encoder gives for a sample."""
        return int(self.encoder.compute_output_shape((None, *self.shape))[-1])


def modalities(
    shapes: Mapping[str, Sequence[int]], latent_dim: int | Mapping[str, int]
) -> list[Modality]:
    """Modalities of paired digits with the encoders and decoders of the centroid paper.

    Parameters
    ----------
    shapes : `dict`
        Shape of one sample of ``image``, ``audio`` (spectrogram) and ``text`` (one-hot word), as
        ``Digits.shapes`` gives it; any of them may be left out
    latent_dim : `int` | `dict`
        Latent dimensions, the same for all or one for each modality

    Raises
    ------
    ValueError
        If a modality is none of the three, or has no latent dimension
    """
    unknown = set(shapes) - set(_FACTORIES)
    if unknown:
        raise ValueError(
            f"`shapes` may name {', '.join(_FACTORIES)}. Received: {', '.join(sorted(unknown))}"
        )
    if not isinstance(latent_dim, Mapping):
        latent_dim = dict.fromkeys(shapes, latent_dim)
    elif set(latent_dim) != set(shapes):
        raise ValueError(
            f"`latent_dim` must name the modalities {sorted(shapes)}. "
            f"Received: {sorted(latent_dim)}"
        )
    return [_FACTORIES[name](tuple(shape), latent_dim[name]) for name, shape in shapes.items()]


def _image(shape: tuple[int, ...], latent_dim: int) -> Modality:
    return Modality(
        "image",
        shape,
        autoencoders.image_encoder(shape, latent_dim),
        autoencoders.image_decoder(shape),
        loss=metrics.mse,
        metrics=metrics.usual_metrics("image"),
    )


def _audio(shape: tuple[int, ...], latent_dim: int) -> Modality:
    return Modality(
        "audio",
        shape,
        autoencoders.spectrogram_encoder(shape, latent_dim),
        autoencoders.spectrogram_decoder(shape),
        loss=metrics.mae,
        metrics=metrics.usual_metrics("audio"),
    )


def _text(shape: tuple[int, ...], latent_dim: int) -> Modality:
    return Modality(
        "text",
        shape,
        autoencoders.text_encoder(shape, latent_dim),
        autoencoders.text_decoder(shape),
        loss=lambda words, logits: ops.categorical_crossentropy(words, logits, from_logits=True),
        metrics=metrics.usual_metrics("text"),
    )


_FACTORIES = {"image": _image, "audio": _audio, "text": _text}
