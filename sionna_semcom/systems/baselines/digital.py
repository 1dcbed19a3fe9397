# SPDX-License-Identifier: Apache-2.0
"""Conventional digital chain: source coding, channel coding, and a decision at the receiver."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, ClassVar, Literal

import keras
import numpy as np
import tensorflow as tf
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator
from sionna.phy import config

from ..._networks import perceptron
from ...datasets import Data, MultimodalFeatures
from ...link import CodedTransmission, Link
from ...link.base import EBNO_AXIS
from ...link.figures import collecting
from ...mapping import num_symbols
from ...semantics import TransformCoder
from ..base.contract import Batch
from ..base.saving import packed, serialized, unpacked
from ..base.settings import SYSTEMS
from ..decision.settings import DecisionSettings
from ..decision.system import DecisionSystem
from ..decision.vectors import as_vectors

_FEWEST_BITS = 12  # of the 5G LDPC code


def information_bits(num_symbols: int, num_bits_per_symbol: int, coderate: float) -> int:
    """Information bits of a codeword of ``num_symbols`` symbols.

    Raises
    ------
    ValueError
        If there are fewer bits than the code supports
    """
    bits = int(coderate * num_symbols * num_bits_per_symbol + 1e-6)
    if bits < _FEWEST_BITS:
        raise ValueError(
            f"At least {_FEWEST_BITS} information bits must fit into the symbols. Received: {bits} "
            f"in {num_symbols} symbols of {num_bits_per_symbol} bits at `coderate` {coderate}"
        )
    return bits


class DigitalFeaturesSettings(DecisionSettings):
    """A :class:`DigitalFeatures` with source and channel coding of features."""

    asks_again = False
    sends_bits: ClassVar[bool] = True

    kind: Literal["digital_features"] = "digital_features"
    transmitted_dim: PositiveInt = 50
    """Twice the number of complex symbols per sample"""
    num_bits_per_symbol: Literal[2, 4, 6, 8] = 2
    """Bits per QAM symbol"""
    coderate: float = Field(0.5, ge=0.2, le=0.95)
    """Code rate of the 5G LDPC code"""
    num_components: PositiveInt | None = None
    """Number of components of the transform; minimizes the squared error if null"""
    share: float = Field(0.95, gt=0, le=1)
    """Fraction of the training samples that meet the bit budget without zeroed symbols"""
    width: NonNegativeInt = 0
    """Units of the hidden layer of the receiver's network; no hidden layer if zero"""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Dropout rate of coefficients and activations"""
    weight_decay: NonNegativeFloat = 1e-2
    """Weight of the L2 penalty of the receiver's network"""

    def metric_names(self, modalities: Iterable[str], recognizers: Iterable[str] = ()) -> list[str]:
        """Names of the metrics of the decision and of its bits."""
        return [*super().metric_names(modalities, recognizers), "bler", "ber"]

    @model_validator(mode="after")
    def _check_fits(self) -> DigitalFeaturesSettings:
        information_bits(num_symbols(self.transmitted_dim), self.num_bits_per_symbol, self.coderate)
        return self


@SYSTEMS.register(DigitalFeaturesSettings)
class DigitalFeatures(DecisionSystem):
    r"""Digital transmission of features with source and channel coding, and a decision.

    .. code-block:: text

        features ─ transform coder ─ bits ─ scrambler ─ LDPC ─ QAM ─ link ─┐
        ŷ ─ head ─ coefficients, or zeros if a bit is wrong ─ decoders ────┘

    The bits of a sample are one codeword over exactly ``num_symbols`` QAM symbols:

    .. math:: k = \lfloor r m N \rfloor

    information bits at code rate :math:`r`, with :math:`m` bits in each of :math:`N` symbols. Error
    detection is assumed to be ideal and to require no bits. If a bit is wrong, the receiver decides
    on the mean features. Its network is trained on features without transmission errors, so it is
    trained once for all links and SNRs. Source and channel coding do not depend on the task. A
    sequence is sent as the mean of its frames.

    Range coding runs outside the graph, so XLA does not compile :meth:`measure`.

    See :class:`~sionna_semcom.systems.DecisionSystem` for ``shapes``, ``num_classes``, ``link``,
    ``snr_db``, input and output.

    Parameters
    ----------
    features : `dict` | :class:`~sionna_semcom.semantics.TransformCoder`
        Training features [num_samples, \*shape] for the fit of the source coder, for sequences also
        ``<name>_length``; or a fitted coder

    Raises
    ------
    ValueError
        If fewer than 12 information bits fit into the symbols, or a parameter is out of range
    """

    receiver_knows_noise = False
    """The demapper uses the noise power, but the decision network does not"""

    def __init__(
        self,
        shapes: Mapping[str, Sequence[int]],
        num_classes: int,
        features: Mapping[str, np.ndarray] | TransformCoder,
        **options: Any,
    ) -> None:
        super().__init__(shapes, num_classes, **options)
        chosen = self.settings
        modulation = chosen.num_bits_per_symbol
        self.num_info_bits = information_bits(self.num_symbols, modulation, chosen.coderate)
        rate = self.num_info_bits / (self.num_symbols * modulation)
        self._coded = CodedTransmission(self.link, self.num_info_bits, rate, modulation)
        self.coder = features if isinstance(features, TransformCoder) else self._fitted(features)
        self.num_components = len(self.coder.code_.scales)
        sizes = (self.num_components, self.task.num_outputs, chosen.width)
        self.head = decision_network(*sizes, chosen.dropout, chosen.weight_decay)

    def create_layers(self) -> None:
        """Create no layers. Their sizes depend on the source coder, which is fitted later."""

    def _fitted(self, features: Mapping[str, np.ndarray]) -> TransformCoder:
        vectors = as_vectors(features, self.shapes).numpy()
        chosen = self.settings
        return TransformCoder(self.num_info_bits, chosen.num_components, chosen.share).fit(vectors)

    @property
    def _scale(self) -> float:
        """Common scale of all coefficients, which preserves the effect of the L2 penalty."""
        return float(1.0 / (np.sqrt(2.0) * self.coder.code_.scales.max()))

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, and attributes that were changed later."""
        return {**super().get_config(), "features": serialized(self.coder, "features")}

    def saved_arrays(self) -> dict[str, np.ndarray]:
        """Arrays of the fitted source coder."""
        return packed(self.coder.arrays)

    def load_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Restore the output of :meth:`saved_arrays`."""
        self.coder.arrays = unpacked(arrays)

    @classmethod
    def from_data(cls, settings: Any, data: Data, **crossed: Any) -> Any:
        """Fit the source coder to the training samples of ``data`` and build the system.

        Raises
        ------
        ValueError
            If ``data`` are not features
        """
        if not isinstance(data, MultimodalFeatures):
            raise ValueError("digital_features needs features as data (kind: features, ...)")
        return super().from_data(settings, data, features=data.arrays("train"), **crossed)

    @property
    def received_features(self) -> int:
        """Number of received real numbers per sample."""
        return self.num_components

    def snr_offset_db(self, axis: str) -> float:
        """SNR [dB] minus the value along ``axis``; Eb/N0 counts information bits of the code."""
        if axis != EBNO_AXIS:
            return super().snr_offset_db(axis)
        self._coded.link = self.link
        return self._coded.ebno_offset_db

    def encode(self, inputs: Batch, presence: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Features of all modalities as vectors, zero for missing modalities: [batch, dim]."""
        return as_vectors(inputs, self.shapes, presence)

    def receive(self, latents: tf.Tensor, no: tf.Tensor, link: Link | None = None) -> tf.Tensor:
        """Coefficients [batch, num_components] of vectors, or zeros if a bit is wrong."""
        finite = tf.reduce_all(tf.math.is_finite(latents), -1, keepdims=True)
        bits, _ = self._source_encode(tf.where(finite, latents, 0.0))  # NaN has no bits
        self._coded.link = link or self.link
        # over another link than its own, as to decide at the transmitter, no bits are counted
        counted = nullcontext() if link is None else collecting()
        # Without scrambling, padding with zeros would map to equal points without unit power
        scrambling = tf.round(config.tf_rng.uniform(tf.shape(bits)))
        with counted:
            bits_hat = _xor(self._coded(_xor(bits, scrambling), no), scrambling)
        intact = tf.reduce_all(tf.equal(bits, bits_hat), -1)
        symbols = tf.numpy_function(self._decode_intact, [bits_hat, intact], tf.float32)
        return tf.where(finite, self._coefficients(symbols), math.nan)

    @property
    def quality_knots(self) -> Sequence[float]:
        """Zero for lost codewords, one for others."""
        return [0.0, 1.0]

    def quality(self, features: tf.Tensor) -> tf.Tensor:
        """One if a codeword arrived, zero if it was lost: [batch].

        The SNR has no other effect on the coefficients. A codeword of zeros alone counts as
        lost, because it says nothing more.
        """
        return tf.cast(tf.reduce_any(features != 0, -1), features.dtype)

    def decode(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Outputs for coefficients."""
        return self.head(features, training=training)

    def batch_loss(self, inputs: Batch, training: bool) -> tf.Tensor:
        """Loss of the task on features without transmission errors."""
        filled, presence = self.prepare(inputs, None, training)
        _, symbols = self._source_encode(self.encode(filled, presence))
        outputs = self.receiver_outputs(self._coefficients(symbols), training)
        return self._task_loss(inputs["label"], outputs)

    def _source_encode(self, vectors: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Bits [batch, num_info_bits] of ``vectors``, and the corresponding symbols."""
        bits, symbols = tf.numpy_function(self._encode, [vectors], [tf.float32, tf.float32])
        return tf.ensure_shape(bits, [vectors.shape[0], self.num_info_bits]), symbols

    def _encode(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        coded = self.coder.encode(vectors)
        return coded.bits.astype(np.float32), coded.symbols.astype(np.float32)

    def _decode_intact(self, bits: np.ndarray, intact: np.ndarray) -> np.ndarray:
        symbols = np.zeros([len(bits), self.num_components], np.float32)
        symbols[intact] = self.coder.decode(bits[intact])
        return symbols

    def _coefficients(self, symbols: tf.Tensor) -> tf.Tensor:
        return tf.ensure_shape(symbols, [None, self.num_components]) * self._scale

    def static_metrics(self, data: Iterable[Batch]) -> dict[str, float]:
        """Metrics of `DecisionSystem`, and of the source coder on ``data``.

        ``information_bits`` per codeword; ``mean_bits`` that are used; ``cut``, the fraction of
        samples with zeroed symbols; number of ``components`` of the transform.
        """
        figures = super().static_metrics(data)
        coded = [self.coder.encode(self.encodings(batch).numpy()) for batch in data]
        bits = [self.coder.code_.length(row) for one in coded for row in one.symbols]
        cut = [flag for one in coded for flag in one.cut.tolist()]
        return figures | {
            "information_bits": self.num_info_bits,
            "mean_bits": float(np.mean(bits)),
            "cut": float(np.mean(cut)),
            "components": self.num_components,
        }


def _xor(bits: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
    return tf.abs(bits - others)


def decision_network(
    inputs: int, outputs: int, width: int, dropout: float, weight_decay: float
) -> keras.Sequential:
    """Affine map of ``inputs``, or a perceptron, with an L2 penalty in the loss."""
    decay = keras.regularizers.L2(weight_decay) if weight_decay else None
    return perceptron(
        inputs,
        (width,) if width else (),
        outputs,
        dropout=dropout,
        first=[keras.layers.Dropout(dropout)],
        last="zeros",  # important weights grow first, also in a short training
        kernel_regularizer=decay,
    )
