# SPDX-License-Identifier: Apache-2.0
"""Base class of task-oriented systems with a decision at the receiver."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ..._messages import check_choice
from ...datasets import Data
from ...link import AWGNLink
from ...mapping import num_symbols
from ...semantics import Task
from ...semantics.task import Aggregate
from ..base.contract import SNR, Batch, Present
from ..base.presence import check_batch, dropout_mask, present_names
from .calibration import best_maps
from .limit import at_limit, check_limit
from .modes import DecisionMode, check_mode
from .receiver import DecisionReceiver


class DecisionSystem(DecisionReceiver):
    r"""Task-oriented system: features of several modalities, and a decision at the receiver.

    .. code-block:: text

        features ─ encode ─ z ─ mapper ─ link ─ demapper ─ ẑ ─ decode ─ decision
                                          └── no_eff ──────────┘

    With ``mode = "decision"``, a trained system decides at the transmitter and repeats one
    antipodal bit in all symbols. No scheme with the same number of symbols is much better. This
    bound can be measured over any link.

    With ``mode = "limit"``, a trained system computes the score at the transmitter, and the score
    arrives with the distortion of a perfect code, over :class:`~sionna_semcom.link.AWGNLink`. No
    scheme with the same number of symbols and the same noiseless score has a lower mean squared
    error, if the score is Gaussian.

    Parameters
    ----------
    shapes : `dict`
        Shape of a sample of each modality: (dim,) or (num_frames, dim)
    num_classes : `int`
        Number of classes; zero for a score in [-3, 3]
    link : :class:`~sionna_semcom.link.Link`
        Link for the symbols; may be replaced at any time
    snr_db : `float` | (`float`, `float`)
        SNR [dB] of training, or the range of a uniform distribution in dB

    Input
    -----
    inputs : `dict`
        Features ``[batch, *shape]`` of each present modality, for sequences ``<name>_length``
        ``[batch]``; for losses and metrics ``label`` ``[batch]``
    snr_db : `None` (drawn as in training) | [], `float`
        SNR [dB]
    present : `None` (all) | sequence of `str`
        Modalities at the transmitter

    Output
    ------
    : [batch, num_outputs], `float`
        Score, logit, or logits; see :class:`~sionna_semcom.semantics.Task`

    Raises
    ------
    ValueError
        If there are no modalities, an argument is out of range, ``present`` contains an unknown
        modality, or a present modality is missing in ``inputs``
    """

    kept_attributes = ("mode", "confidence", "calibrated")

    def __init__(
        self,
        shapes: Mapping[str, Sequence[int]],
        num_classes: int,
        *,
        snr_db: float | tuple[float, float] = (-12.0, 21.0),
        **options: Any,
    ) -> None:
        super().__init__(snr_db=snr_db, **options)
        if not shapes:
            raise ValueError("`shapes` must name at least one modality. Received: none")
        self.shapes = {key: tuple(shape) for key, shape in shapes.items()}
        self.task = Task(num_classes)
        self._noiseless = AWGNLink()
        self.mode = "latent"
        self.confidence = None
        self._task_tracker = keras.metrics.Mean("task")
        self.create_layers()
        self.built = True

    @abstractmethod
    def create_layers(self) -> None:
        """Create the layers with the sizes in ``settings``."""

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, and attributes that were changed later."""
        sizes = {"shapes": self.shapes, "num_classes": self.task.num_classes}
        return {**sizes, **super().get_config()}

    @classmethod
    def from_data(cls, settings: Any, data: Data, **crossed: Any) -> Any:
        """Build the system from ``settings`` for the shapes of ``data``."""
        return cls(data.shapes, data.num_classes, **crossed, **settings.options)

    @property
    def transmitted_dim(self) -> int:
        """Number of transmitted real numbers per sample, two per complex symbol."""
        return int(self.settings.transmitted_dim)

    @property
    def mode(self) -> DecisionMode:
        """Whether the latent, the decision or the score at the limit is transmitted.

        Changes take effect immediately.
        """
        return self._mode

    @mode.setter
    def mode(self, mode: DecisionMode) -> None:
        check_choice("mode", mode, self.settings.modes)
        check_mode(mode, self.task.num_classes)
        self._mode: DecisionMode = mode
        self._forget_graphs()

    @property
    def num_symbols(self) -> int:
        """Number of complex symbols per sample."""
        return num_symbols(self.transmitted_dim)

    @property
    def aggregates(self) -> dict[str, Aggregate]:
        """Metrics that are functions of means over all samples."""
        return {**super().aggregates, **self.task.aggregates}

    @property
    def received_features(self) -> int:
        """Number of received real numbers per sample."""
        return self.transmitted_dim + self.receiver_knows_noise * self.num_symbols

    @abstractmethod
    def encode(self, inputs: Batch, presence: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Latents [batch, transmitted_dim]; ``presence`` [batch, num_modalities] is one or zero."""

    def encodings(self, batch: Batch, present: Present = None, training: bool = False) -> tf.Tensor:
        """Latents, which do not depend on the SNR."""
        return self.encode(*self.prepare(batch, present, training), training)

    def transmit(
        self, encodings: tf.Tensor, snr_db: SNR | None, training: bool = False
    ) -> tf.Tensor:
        """Transmit latents and decide at the receiver."""
        no = self.noise_power(snr_db)
        if self.mode == "decision" and not training:
            return self._repeat_decision(encodings, no)
        if self.mode == "limit" and not training:
            return self._score_at_limit(encodings, no)
        if self.confidence is not None and not training:
            return self._send_until_sure(encodings, no, self.confidence)
        return self.receiver_outputs(self.receive(encodings, no), training)

    def compare(self, batch: Batch, encodings: Any, outputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Metrics of each sample, see `Task`."""
        return self.task.measure(batch["label"], outputs)

    def prepare(
        self, inputs: Batch, present: Present = None, training: bool = False
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """Inputs of all modalities, zero if missing, and their presence [batch, num_modalities].

        Raises
        ------
        ValueError
            If ``present`` contains an unknown modality, or a present modality is missing in
            ``inputs``
        """
        names = present_names(present, self.shapes)
        check_batch(inputs, {name: self.shapes[name] for name in names})
        batch = tf.shape(inputs[names[0]])[0]
        filled = dict(inputs)
        for name in set(self.shapes) - set(names):
            filled[name] = tf.zeros([batch, *self.shapes[name]])
            filled[f"{name}_length"] = tf.zeros([batch], tf.int32)
        there = tf.ones([len(names), batch])
        dropout = self.settings.modality_dropout
        mask = dropout_mask(len(names), batch, dropout) if training else None
        rows = dict(zip(names, tf.unstack(there if mask is None else mask), strict=True))
        presence = [rows.get(name, tf.zeros([batch])) for name in self.shapes]
        return filled, tf.stack(presence, -1)

    def batch_loss(self, inputs: Batch, training: bool) -> tf.Tensor:
        """Loss of the task, averaged over the batch, and over transmissions if successive."""
        if not self.successive:
            return self._task_loss(inputs["label"], self.call(inputs, training=training))
        filled, presence = self.prepare(inputs, None, training)
        rounds = self.received_in_training(self.encode(filled, presence, training))
        outputs = [self.receiver_outputs(features, training) for features in rounds]
        return self._task_loss(inputs["label"], *outputs)

    def _task_loss(self, label: tf.Tensor, *outputs: tf.Tensor) -> tf.Tensor:
        """Loss of the task, averaged over the batch and over ``outputs`` of several decisions."""
        losses = [tf.reduce_mean(self.task.loss(label, one)) for one in outputs]
        loss = losses[0] if len(losses) == 1 else tf.add_n(losses) / len(losses)
        self._task_tracker.update_state(loss)
        return loss

    def calibrate_score(
        self, data: Iterable[Batch], passes: int = 4
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        r"""Scale and shift the scores of the trained system so that their mean loss is least.

        .. math::
            (a_q, b_q) = \arg\min_{a, b}
            \sum_n w_{q,n} \left| s_n - 3 \tanh\frac{a o_n + b}{3} \right|

        with the outputs :math:`o_n` of the network and the labels :math:`s_n` of samples that were
        not used for training. The quality of a reception is usually its SNR (:meth:`quality`), and
        noisy scores are scaled down more. Each knot :math:`q` of the quality has a map of its own.
        :math:`w_{q,n}` is its weight in the interpolation between knots at the quality of a sample.
        Samples are sent over the link of the system. An earlier calibration is replaced.

        Parameters
        ----------
        data : iterable of `dict`
            Batches of samples with their ``label``, usually ``data.validation()``
        passes : `int`
            Number of passes over ``data``, each at several SNRs of training

        Output
        ------
        scale, shift : [num_knots], `float`
            :math:`a_q` and :math:`b_q`, which are not unique for equal outputs (lost codewords)

        Raises
        ------
        ValueError
            For classes, other modes, no samples, or outputs that are not finite
        """
        self.settings.check_calibration(self.task.num_classes)
        if self.mode != "latent" or self.confidence is not None:
            raise ValueError(
                "`calibrate_score` needs mode='latent' and no `confidence`. "
                f"Received: mode={self.mode!r}, confidence={self.confidence}"
            )
        scale, shift = best_maps(self, data, passes).T
        self.calibrated = True
        score_map: Any = self._score_map
        score_map.set_weights([scale, shift])
        return scale, shift

    def _noiseless_outputs(self, latents: tf.Tensor) -> tf.Tensor:
        """Outputs at the transmitter."""
        return self.receiver_outputs(self.receive(latents, tf.constant(0.0), self._noiseless))

    def _score_at_limit(self, latents: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Outputs for scores that arrive with the distortion of a perfect code."""
        check_limit(self.link, latents.shape[0])
        scores = self.task.score(self._noiseless_outputs(latents))
        return self.task.outputs_of(at_limit(scores, no, self.num_symbols))

    def _repeat_decision(self, latents: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Decide on noiseless ``latents``, send the bit, and combine the received symbols."""
        outputs = self._noiseless_outputs(latents)
        bit = tf.where(outputs >= 0, 1.0, -1.0)
        symbols = tf.tile(tf.cast(bit, tf.complex64), [1, self.num_symbols])
        symbols_hat, no_eff = self.link(symbols, no)
        combined = tf.reduce_sum(
            tf.math.real(symbols_hat) / tf.maximum(no_eff, 1e-9), -1, keepdims=True
        )
        return tf.where(tf.math.is_finite(outputs), combined, math.nan)

    def representations(
        self, inputs: Batch, snr_db: SNR, present: Present = None
    ) -> dict[str, tf.Tensor]:
        """Representations for probes: ``received`` [batch, received_features]."""
        latents = self.encodings(inputs, present)
        return {"received": self.receive(latents, self.noise_power(snr_db))}

    def static_metrics(self, data: Iterable[Batch]) -> dict[str, float]:
        """Metrics of `LinkedModel`, and ``transmitted_dim``."""
        return super().static_metrics(data) | {"transmitted_dim": self.transmitted_dim}
