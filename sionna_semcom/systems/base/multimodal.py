# SPDX-License-Identifier: Apache-2.0
"""Base classes of systems with several modalities at the transmitter."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from ...metrics import note_outputs
from .contract import SNR, Batch, Present
from .linked_model import LinkedModel
from .presence import present_names


class MultimodalModel(LinkedModel):
    """Model with modalities that may be missing at the transmitter.

    .. code-block:: text

        inputs ─ encodings ─ transmit ─ outputs ─ compare ─ metrics

    Encodings do not depend on the SNR, so a measurement at several SNRs computes them once.

    Input
    -----
    inputs : `dict`
        Samples ``[batch, *shape]`` of each present modality
    snr_db : `None` (drawn as in training) | [], `float`
        SNR [dB]
    present : `None` (all) | sequence of `str`
        Modalities at the transmitter

    Output
    ------
    : tensor | `dict` of tensors
        Output of the receiver
    """

    shapes: Any
    """Shape of a sample of each modality"""

    @abstractmethod
    def encodings(self, batch: Batch, present: Present = None, training: bool = False) -> Any:
        """Output of the transmitter, which does not depend on the SNR."""

    @abstractmethod
    def transmit(self, encodings: Any, snr_db: SNR | None, training: bool = False) -> Any:
        """Transmit ``encodings`` and return the output of the receiver."""

    @abstractmethod
    def compare(self, batch: Batch, encodings: Any, outputs: Any) -> dict[str, tf.Tensor]:
        """Metrics ``[batch]`` of each sample, from the output of the receiver."""

    def call(
        self,
        inputs: Batch,
        snr_db: SNR | None = None,
        present: Present = None,
        training: bool = False,
    ) -> Any:
        """Transmit ``inputs`` and return the output of the receiver."""
        return self.transmit(self.encodings(inputs, present, training), snr_db, training)

    def measure(
        self, batch: Batch, snr_db: SNR, present: Present = None, encodings: Any = None
    ) -> dict[str, tf.Tensor]:
        """Metrics ``[batch]`` of each sample for the Monte Carlo loop; `bool` for proportions.

        Input
        -----
        batch, snr_db, present
            As of the system
        encodings : `None` | output of :meth:`encodings`
            Output of the transmitter, if it is known
        """
        if encodings is None:
            encodings = self.encodings(batch, present)
        outputs = self.transmit(encodings, snr_db)
        note_outputs(*(batch[name] for name in present_names(present, self.shapes)))
        return self.compare(batch, encodings, outputs)


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
