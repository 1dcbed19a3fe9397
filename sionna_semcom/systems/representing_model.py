# SPDX-License-Identifier: Apache-2.0
"""The base of systems whose receiver ends with a representation of all modalities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from .linked_model import LinkedModel
from .summary import transmission_figures


class RepresentingModel(LinkedModel):
    """A model over a link that gives received representations [batch, representation_dim]."""

    @property
    def training_only(self) -> list[keras.Layer]:
        """What training needs and nothing that is deployed."""
        return []

    def representations(
        self,
        inputs: Mapping[str, tf.Tensor],
        snr_db: tf.Tensor | float,
        present: Sequence[str] | None = None,
    ) -> dict[str, tf.Tensor]:
        """What probes may look at: what is ``received`` [batch, representation_dim]."""
        return {"received": self.call(inputs, snr_db, present)}

    def summary(
        self, data: Iterable[Mapping[str, tf.Tensor]] | None = None, **kwargs: Any
    ) -> dict[str, float] | None:
        """Figures that do not depend on the SNR; without ``data``, Keras's own summary.

        ``channel_uses`` a sample with pilots and padding; ``bandwidth_ratio``; ``parameters``
        without those that only training needs.
        """
        if data is None:
            return super().summary(**kwargs)
        figures = transmission_figures(self, data)
        figures["parameters"] -= sum(layer.count_params() for layer in self.training_only)
        return figures
