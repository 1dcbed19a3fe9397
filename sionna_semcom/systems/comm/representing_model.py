# SPDX-License-Identifier: Apache-2.0
"""The base of systems whose receiver ends with a representation of all modalities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import keras
import tensorflow as tf

from ..base.contract import Batch
from ..base.linked_model import LinkedModel


class RepresentingModel(LinkedModel):
    """A model over a link that gives received representations [batch, representation_dim]."""

    @property
    def training_only(self) -> list[keras.Layer]:
        """What training needs and nothing that is deployed."""
        return []

    def representations(
        self,
        inputs: Batch,
        snr_db: tf.Tensor | float,
        present: Sequence[str] | None = None,
    ) -> dict[str, tf.Tensor]:
        """What probes may look at: what is ``received`` [batch, representation_dim]."""
        return {"received": self.call(inputs, snr_db, present)}

    def static_metrics(self, data: Iterable[Batch]) -> dict[str, float]:
        """As those of `LinkedModel`, ``parameters`` without those that only training needs."""
        figures = super().static_metrics(data)
        figures["parameters"] -= sum(layer.count_params() for layer in self.training_only)
        return figures
