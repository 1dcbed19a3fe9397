# SPDX-License-Identifier: Apache-2.0
"""One centroid crosses the link instead of an embedding for each modality."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

import keras
import tensorflow as tf
from keras import ops
from sionna.phy import config

from ..link import Link
from ..losses import centroid, centroid_contrastive_loss, unit_norm
from ..mapping import LatentDemapper, LatentMapper, num_symbols
from ..semantics import Modality, ReceiverState
from .classifier import Classifier
from .non_finite import StopOnNonFiniteLoss
from .summary import summarise

Mode = Literal["end_to_end", "paper", "conventional"]


class CentroidSystem(keras.Model):
    r"""Multimodal transmission by centroids of contrastively aligned embeddings.

    .. code-block:: text

        image ─ E_1 ─ m_1 ┐                                     ┌ D_1 ─ image
        audio ─ E_2 ─ m_2 ┼ centroid c ─ mapper ─ link ─ demapper ┼ D_2 ─ audio
        text  ─ E_3 ─ m_3 ┘                                     └ D_3 ─ text

    Trained on :math:`\mathcal{L} = w\mathcal{L}_\text{CL} + \lambda\mathcal{L}_R` with the
    contrastive loss of :func:`~sionna_semcom.losses.centroid_contrastive_loss` and the sum of the
    modalities' reconstruction losses. Three modes:

    - ``"end_to_end"``: the centroid is sent, and decoders are trained on the received centroid;
    - ``"paper"``: decoders are trained on the received embedding of their own modality, as the
      paper does, and get the centroid only afterwards;
    - ``"conventional"``: each modality's own embedding is sent, in training and afterwards.

    Decoders see the received latent and the noise left on it (:class:`ReceiverState`). Samples of
    a batch that share ``label`` mean the same and are no negatives of each other.

    Source: Grassucci et al., "Contrastive Learning Enables Low-Bandwidth Semantic Communication",
    2025; the link, the end-to-end mode and missing modalities are additions.

    Parameters
    ----------
    modalities : sequence of :class:`~sionna_semcom.semantics.Modality`
        Encoder, decoder, loss and metrics of each modality
    link : :class:`~sionna_semcom.link.Link`
        What the symbols cross; may be replaced at any time
    mode : "end_to_end" (default) | "paper" | "conventional"
        What is sent, and what decoders are trained on
    snr_db : `float` | (`float`, `float`)
        SNR [dB] of training, or the range from which each batch draws it uniformly;
        infinity is the noiseless link
    temperature : `float`
        Temperature of the contrastive loss
    contrastive_weight : `float`
        Weight :math:`w` of the contrastive loss
    reconstruction_weight : `float`
        Weight :math:`\lambda` of the reconstruction losses
    loss_weights : `dict` of `float`
        Weights of the modalities' reconstruction losses within their sum (default: one each)
    modality_dropout : `float`
        Probability with which each modality is missing at the transmitter in training (one always
        stays); the centroid of those present is sent and all are reconstructed

    Input
    -----
    inputs : `dict`
        Samples ``[batch, *shape]`` of every modality, and optionally ``label`` ``[batch]``
    snr_db : `None` (drawn as in training) | [], `float`
        SNR [dB]
    present : `None` (all) | sequence of `str`
        Modalities that the transmitter has

    Output
    ------
    : `dict`
        Reconstructions ``[batch, *shape]`` of every modality

    Raises
    ------
    ValueError
        If there are no modalities, their latent dimensions do not fit the mode, the mode is
        unknown, or ``present`` names no known modality
    """

    def __init__(
        self,
        modalities: Sequence[Modality],
        link: Link,
        *,
        mode: Mode = "end_to_end",
        snr_db: float | tuple[float, float] = (0.0, 25.0),
        temperature: float = 0.1,
        contrastive_weight: float = 1.0,
        reconstruction_weight: float = 10.0,
        loss_weights: Mapping[str, float] | None = None,
        modality_dropout: float = 0.0,
        name: str = "centroid_system",
    ) -> None:
        super().__init__(name=name)
        dims = [modality.latent_dim for modality in modalities]
        if mode not in get_args(Mode):
            raise ValueError(
                f"`mode` must be one of {', '.join(get_args(Mode))}. Received: {mode!r}"
            )
        if not dims:
            raise ValueError("`modalities` must name at least one modality. Received none")
        if len(set(dims)) > 1 and (mode != "conventional" or contrastive_weight > 0):
            raise ValueError(
                "Latent dimensions that differ between modalities need mode 'conventional' and "
                f"`contrastive_weight` 0. Received: latent dimensions {dims}, mode={mode!r}"
            )
        self.link = link
        self.mode = mode
        self.modalities = tuple(modalities)
        self.temperature = temperature
        self.contrastive_weight = contrastive_weight
        self.reconstruction_weight = reconstruction_weight
        self.loss_weights = {m.name: 1.0 for m in modalities} | dict(loss_weights or {})
        if len(self.loss_weights) > len(dims):
            raise ValueError(
                f"`loss_weights` may name {', '.join(m.name for m in modalities)}. "
                f"Received: {dict(loss_weights or {})}"
            )
        self.modality_dropout = modality_dropout
        self._snr_range = tuple(snr_db) if isinstance(snr_db, Sequence) else (snr_db, snr_db)
        self.last_snr_db = tf.Variable(0.0, trainable=False)
        self._mapper = LatentMapper()
        self._demappers = {dim: LatentDemapper(dim, "lmmse") for dim in set(dims)}
        self.encoders = {m.name: m.encoder for m in modalities}
        self.decoders = {m.name: m.decoder for m in modalities}
        self.receiver_state = ReceiverState()
        self.judges: dict[str, Classifier] = {}
        for modality in modalities:
            width = modality.latent_dim + num_symbols(modality.latent_dim)
            if not modality.decoder.built:
                modality.decoder.build((None, width))
        self._trackers = {
            key: keras.metrics.Mean(key) for key in ("contrastive", *(m.name for m in modalities))
        }
        self.built = True

    def fit(self, x: Any, *, callbacks: Iterable[Any] | None = None, **kwargs: Any) -> Any:
        """Train as :meth:`keras.Model.fit` does; a loss that is not finite stops it."""
        kwargs.setdefault("shuffle", not isinstance(x, tf.data.Dataset))
        return super().fit(x, callbacks=[*(callbacks or ()), StopOnNonFiniteLoss()], **kwargs)

    def compile(self, *args: Any, jit_compile: bool | str = False, **kwargs: Any) -> None:
        """Compile as :meth:`keras.Model.compile` does, in graph mode unless told otherwise.

        XLA slows whole training steps down on CPUs, and not every link compiles.
        """
        super().compile(*args, jit_compile=jit_compile, **kwargs)

    @property
    def num_latents_sent(self) -> int:
        """Embeddings or centroids that cross the link for a sample."""
        return len(self.modalities) if self.mode == "conventional" else 1

    @property
    def transmitted_reals(self) -> int:
        """Real numbers that cross the link for a sample (TTI)."""
        return sum(m.latent_dim for m in self.modalities[: self.num_latents_sent])

    @property
    def num_symbols(self) -> int:
        """Complex symbols that cross the link for a sample."""
        return sum(num_symbols(m.latent_dim) for m in self.modalities[: self.num_latents_sent])

    def embed(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Unit-norm embeddings ``[batch, latent_dim]`` of every modality."""
        return {m.name: unit_norm(m.encoder(inputs[m.name])) for m in self.modalities}

    def call(
        self,
        inputs: Mapping[str, tf.Tensor],
        snr_db: tf.Tensor | float | None = None,
        present: Sequence[str] | None = None,
        training: bool = False,
    ) -> dict[str, tf.Tensor]:
        """Send ``inputs`` and reconstruct them."""
        return self._send(self.embed(inputs), snr_db, present, training)

    def _send(
        self,
        embeddings: Mapping[str, tf.Tensor],
        snr_db: tf.Tensor | float | None,
        present: Sequence[str] | None,
        training: bool,
    ) -> dict[str, tf.Tensor]:
        """From embeddings at the transmitter to reconstructions at the receiver."""
        no = self._noise_power(snr_db)
        names = list(embeddings)
        if self.mode == "end_to_end" or (self.mode == "paper" and not training):
            mask = self._presence(present, embeddings[names[0]], training)
            sent = [centroid(tf.stack([embeddings[name] for name in names]), mask)]
        elif present is not None and set(present) != set(names):
            raise ValueError(
                "A modality that is missing can only be reconstructed where the centroid is sent. "
                f"Received: mode={self.mode!r}, present={list(present)}"
            )
        else:
            sent = [embeddings[name] for name in names]
        received = self._transmit(sent, no)
        if len(sent) == 1:
            received = received * len(names)
        pairs = zip(names, received, strict=True)
        return {name: self.decoders[name](features) for name, features in pairs}

    def _transmit(self, latents: Sequence[tf.Tensor], no: tf.Tensor) -> list[tf.Tensor]:
        """Send latents one behind the other; return the features that decoders see."""
        dims = [latent.shape[-1] for latent in latents]
        sizes = [num_symbols(dim) for dim in dims]
        symbols = tf.concat([self._mapper(latent) for latent in latents], -1)
        symbols_hat, no_eff = self.link(symbols, no)
        parts = zip(
            dims, tf.split(symbols_hat, sizes, -1), tf.split(no_eff, sizes, -1), strict=True
        )
        return [
            self.receiver_state(self._demappers[dim](part, noise), noise)
            for dim, part, noise in parts
        ]

    def _noise_power(self, snr_db: tf.Tensor | float | None) -> tf.Tensor:
        """Noise power at ``snr_db``, or at an SNR drawn from the training range."""
        low, high = self._snr_range
        if snr_db is None and low < high:
            snr_db = config.tf_rng.uniform([], low, high)
        elif snr_db is None:
            snr_db = low
        snr_db = tf.cast(snr_db, tf.float32)
        self.last_snr_db.assign(snr_db)
        return tf.pow(10.0, -snr_db / 10.0)

    def _presence(
        self, present: Sequence[str] | None, like: tf.Tensor, training: bool
    ) -> tf.Tensor | None:
        """Mask ``[num_modalities, batch]`` of the modalities at the transmitter; `None`: all."""
        names = [m.name for m in self.modalities]
        batch = tf.shape(like)[0]
        if present is not None:
            if not present or not set(present) <= set(names):
                raise ValueError(
                    f"`present` must name some of {', '.join(names)}. Received: {list(present)}"
                )
            column = tf.constant([[float(name in present)] for name in names])
            return tf.repeat(column, batch, axis=1)
        if not training or self.modality_dropout == 0:
            return None
        draws = config.tf_rng.uniform([len(names), batch])
        best = tf.reduce_max(draws, axis=0, keepdims=True)
        return tf.cast((draws >= self.modality_dropout) | (draws == best), tf.float32)

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One step of gradient descent on a batch."""
        inputs = keras.utils.unpack_x_y_sample_weight(data)[0]
        with tf.GradientTape() as tape:
            loss = self.total_loss(inputs, training=True)
            scaled = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        return self.get_metrics_result()

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Losses on a batch, at SNRs drawn as in training."""
        self.total_loss(keras.utils.unpack_x_y_sample_weight(data)[0], training=False)
        return self.get_metrics_result()

    def total_loss(self, inputs: Mapping[str, tf.Tensor], training: bool) -> tf.Tensor:
        """Contrastive and reconstruction losses, weighted and summed; equation (9)."""
        embeddings = self.embed(inputs)
        outputs = self._send(embeddings, None, None, training)
        loss = tf.constant(0.0)
        if self.contrastive_weight > 0:
            stacked = tf.stack(list(embeddings.values()))
            labels = inputs.get("label")
            same = None if labels is None else ops.equal(labels[:, None], labels[None, :])
            contrastive = centroid_contrastive_loss(
                stacked, centroid(stacked), self.temperature, same
            )
            self._trackers["contrastive"].update_state(contrastive)
            loss += self.contrastive_weight * contrastive
        for modality in self.modalities:
            term = ops.mean(modality.loss(inputs[modality.name], outputs[modality.name]))
            self._trackers[modality.name].update_state(term)
            loss += self.reconstruction_weight * self.loss_weights[modality.name] * term
        self._loss_tracker.update_state(loss)
        return loss

    def measure(
        self,
        batch: Mapping[str, tf.Tensor],
        snr_db: tf.Tensor | float,
        present: Sequence[str] | None = None,
    ) -> dict[str, tf.Tensor]:
        """Figures ``[batch]`` of every sample, for the Monte Carlo loop; `bool`: a proportion."""
        outputs = self.call(batch, snr_db, present)
        figures = {
            f"{modality.name}_{key}": metric(batch[modality.name], outputs[modality.name])
            for modality in self.modalities
            for key, metric in modality.metrics.items()
        }
        for name, judge in self.judges.items():
            figures[f"{name}_recognised"] = judge.recognises(outputs[name], batch["label"])
        return figures

    def summary(self, data: Iterable[Mapping[str, tf.Tensor]]) -> dict[str, float]:
        """Figures that do not depend on the SNR, on the batches of ``data``; see `summarise`."""
        return summarise(self, data)
