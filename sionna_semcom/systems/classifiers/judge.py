# SPDX-License-Identifier: Apache-2.0
"""Independent classifier of reconstructions, trained on clean samples only."""

from __future__ import annotations

from typing import Literal

import tensorflow as tf
from keras import ops

from ...metrics import note_outputs
from ...semantics import image_encoder, spectrogram_encoder
from ..base.contract import Batch
from ..base.settings import SYSTEMS, SystemSettings
from .base import ClassifierModel

_ENCODERS = {"image": image_encoder, "audio": spectrogram_encoder}


class ClassifierSettings(SystemSettings):
    """A :class:`Classifier` of one modality, which evaluates reconstructions of other systems."""

    kind: Literal["classifier"] = "classifier"
    modality: Literal["image", "audio"] = "image"
    """Modality of the samples"""

    @property
    def judged(self) -> str:
        """Modality of the samples."""
        return self.modality

    @property
    def needs(self) -> tuple[str, ...]:
        """Required modalities of the data."""
        return (self.modality,)


@SYSTEMS.register(ClassifierSettings)
class Classifier(ClassifierModel):
    """Classifier for samples of one modality.

    It is trained on clean samples and measures whether the class is still recognizable in the
    reconstructions of another system. It is not involved in the training of that system.

    Parameters
    ----------
    shape : sequence of `int`
        Shape of one sample
    num_classes : `int`
        Number of classes

    Input
    -----
    inputs : `dict`
        Samples ``[batch, *shape]`` under the key of the modality; ``label`` ``[batch]`` in training

    Output
    ------
    : [batch, num_classes], `float`
        Logits
    """

    def create_layers(self) -> None:
        """Create the network."""
        self.modality: str = self.settings.modality
        self.network = _ENCODERS[self.modality](self.shape, self.num_classes)

    def call(self, inputs: Batch, training: bool = False) -> tf.Tensor:
        """Logits of the classes."""
        return self.network(inputs[self.modality], training=training)

    def classification_loss(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Cross-entropy in nats."""
        return ops.mean(ops.sparse_categorical_crossentropy(labels, logits, from_logits=True))

    def recognizes(self, samples: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Whether the class of each of ``samples`` is recognized; [batch], `bool`."""
        logits = self.network(samples)
        note_outputs(samples, logits)  # pooling may hide values that are not finite
        decided = ops.argmax(logits, axis=-1)
        return ops.equal(ops.cast(decided, labels.dtype), labels)
