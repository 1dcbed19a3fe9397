# SPDX-License-Identifier: Apache-2.0
"""Base class of systems with a multimodal representation at the receiver."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import tensorflow as tf

from ..base.contract import SNR, Batch, Present
from ..base.multimodal import MultimodalModel


class RepresentingModel(MultimodalModel):
    """Model with a link that returns received representations [batch, representation_dim]."""

    @property
    def training_only(self) -> list[keras.Layer]:
        """Parts that are used only in training."""
        return []

    def representations(
        self, inputs: Batch, snr_db: SNR, present: Present = None
    ) -> dict[str, tf.Tensor]:
        """Representations for probes: ``received`` [batch, representation_dim]."""
        return {"received": self.call(inputs, snr_db, present)}

    def static_metrics(self, data: Iterable[Batch]) -> dict[str, float]:
        """Metrics of `LinkedModel`, where ``parameters`` excludes parts used only in training."""
        figures = super().static_metrics(data)
        figures["parameters"] -= sum(layer.count_params() for layer in self.training_only)
        return figures
