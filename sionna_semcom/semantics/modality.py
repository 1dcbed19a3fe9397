# SPDX-License-Identifier: Apache-2.0
"""Modality with its encoder, decoder, loss and metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from .. import metrics
from .networks import autoencoders

Metric = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
_register = keras.saving.register_keras_serializable("sionna_semcom")

for _function in (metrics.accuracy, metrics.mae, metrics.mse, metrics.psnr, metrics.ssim):
    _register(_function)


@_register
def word_cross_entropy(words: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Cross-entropy [batch] in nats of ``logits`` and one-hot ``words``, [batch, vocabulary]."""
    return ops.categorical_crossentropy(words, logits, from_logits=True)


@_register
@dataclass(frozen=True)
class Modality:
    """Modality of a multimodal system.

    To save a system, use functions of :mod:`sionna_semcom.metrics` or `keras.losses`, or register
    your own functions and classes of layers with `keras.saving.register_keras_serializable`.

    Parameters
    ----------
    name : `str`
        Key of the modality in a batch
    shape : `tuple` of `int`
        Shape of one sample
    encoder : `keras.Layer`
        Maps samples ``[batch, *shape]`` to latents ``[batch, latent_dim]``
    decoder : `keras.Layer`
        Maps features of the received latent ``[batch, features]`` to reconstructions
    loss : callable
        Maps (samples, reconstructions) to the reconstruction loss of each sample ``[batch]``
    metrics : `dict` of callables
        Map (samples, reconstructions) to the value of each sample ``[batch]``; the mean of `bool`
        values is a proportion
    """

    name: str
    shape: tuple[int, ...]
    encoder: keras.Layer
    decoder: keras.Layer
    loss: Metric
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, as plain values (JSON).

        Raises
        ------
        ValueError
            If the loss or a metric has no registered name
        """
        return {
            "name": self.name,
            "shape": list(self.shape),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "loss": _named(self.loss, f"loss of {self.name}"),
            "metrics": {key: _named(m, f"metric {key}") for key, m in self.metrics.items()},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Modality:
        """Build a modality from the output of :meth:`get_config`."""
        options = dict(config)
        for name in ("encoder", "decoder"):
            options[name] = keras.saving.deserialize_keras_object(options[name])
        options["loss"] = _found(options["loss"])
        options["metrics"] = {key: _found(name) for key, name in options["metrics"].items()}
        return cls(**options | {"shape": tuple(options["shape"])})

    @property
    def latent_dim(self) -> int:
        """Number of real numbers that the encoder returns per sample."""
        return int(self.encoder.compute_output_shape((None, *self.shape))[-1])


def _named(function: Any, what: str) -> Any:
    """Name of a function of Keras or a registered function, or configuration of an object."""
    if isinstance(function, metrics.MetricSettings):
        return {"metric": function.model_dump(mode="json")}
    if not isinstance(function, FunctionType):
        return {"object": keras.saving.serialize_keras_object(function)}
    name: str = keras.saving.get_registered_name(function)
    if keras.saving.get_registered_object(name) is function:
        return {"function": name}
    if function is vars(keras.losses).get(name):
        return {"loss": name}
    raise ValueError(
        f"The {what} must be registered with `keras.saving.register_keras_serializable` to be "
        f"saved. Received: {name}"
    )


def _found(config: Mapping[str, Any]) -> Metric:
    """Inverse of :func:`_named`.

    Raises
    ------
    ValueError
        If the name is unknown
    """
    ((kind, value),) = config.items()
    found: Any = None
    if kind == "metric":
        found = metrics.METRICS.settings(value)
    elif kind == "object":
        found = keras.saving.deserialize_keras_object(value)
    elif kind == "function":
        found = keras.saving.get_registered_object(value)
    elif kind == "loss":
        found = vars(keras.losses).get(value)
    if not callable(found):
        raise ValueError(f"A loss or metric must be registered with Keras. Received: {config}")
    return found


def modalities(
    shapes: Mapping[str, Sequence[int]], latent_dim: int | Mapping[str, int]
) -> list[Modality]:
    """Modalities of paired digits with the encoders and decoders of the centroid paper.

    Parameters
    ----------
    shapes : `dict`
        Shape of a sample of ``image``, ``audio`` (spectrogram) and ``text`` (one-hot word), such as
        ``Digits.shapes``; modalities may be omitted
    latent_dim : `int` | `dict`
        Latent dimension, for all modalities or for each modality

    Output
    ------
    : `list` of :class:`Modality`
        Modalities in the order of ``shapes``

    Raises
    ------
    ValueError
        If a modality is unknown or has no latent dimension
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
        metrics=metrics.default_metrics("image"),
    )


def _audio(shape: tuple[int, ...], latent_dim: int) -> Modality:
    return Modality(
        "audio",
        shape,
        autoencoders.spectrogram_encoder(shape, latent_dim),
        autoencoders.spectrogram_decoder(shape),
        loss=metrics.mae,
        metrics=metrics.default_metrics("audio"),
    )


def _text(shape: tuple[int, ...], latent_dim: int) -> Modality:
    return Modality(
        "text",
        shape,
        autoencoders.text_encoder(shape, latent_dim),
        autoencoders.text_decoder(shape),
        loss=word_cross_entropy,
        metrics=metrics.default_metrics("text"),
    )


_FACTORIES = {"image": _image, "audio": _audio, "text": _text}
