# SPDX-License-Identifier: Apache-2.0
"""Base class of classifiers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from ..._parts import validated
from ...datasets import Data
from ..base.saving import SavedModel
from ..base.settings import SystemSettings


class ClassifierModel(SavedModel):
    """Classifier of one modality without a link.

    Parameters
    ----------
    shape : sequence of `int`
        Shape of one sample
    num_classes : `int`
        Number of classes
    name : `None` (the ``kind``) | `str`
        Name of the model
    """

    settings_class = SystemSettings

    def __init__(
        self,
        shape: Sequence[int],
        num_classes: int = 10,
        *,
        name: str | None = None,
        **settings: Any,
    ) -> None:
        chosen = validated(self.settings_class, settings)
        super().__init__(name=name or chosen.kind or None)
        self.settings = chosen
        self.shape = tuple(shape)
        self.num_classes = num_classes
        self.create_layers()
        self.built = True

    @abstractmethod
    def create_layers(self) -> None:
        """Create the layers with the sizes in ``settings``."""

    @abstractmethod
    def classification_loss(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Cross-entropy [] in nats of ``logits`` [batch, num_classes]."""

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tf.Tensor:
        """Cross-entropy in nats with the ``label`` of the samples."""
        return self.classification_loss(x["label"], y_pred)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {"shape": self.shape, "num_classes": self.num_classes, **super().get_config()}

    @classmethod
    def from_data(cls, settings: Any, data: Data, **crossed: Any) -> Any:
        """Build the classifier from ``settings`` for the shapes of ``data``."""
        (modality,) = settings.needs
        return cls(data.shapes[modality], data.num_classes, **settings.options)
