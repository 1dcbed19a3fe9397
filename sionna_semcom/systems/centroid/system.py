# SPDX-License-Identifier: Apache-2.0
"""Centroid transmission: one centroid is sent instead of one embedding per modality."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

import keras
import tensorflow as tf
from keras import ops

from ..._messages import check_choice
from ...losses import unit_norm
from ...mapping import num_symbols
from ...mapping.running_power import RunningPower
from ...semantics import LatentFusion, Modality, ReceiverState
from ...semantics import modalities as digit_modalities
from ...semantics.layers.augmentations import make_augmentations
from ..base.contract import SNR, Batch, Present
from ..base.devices import Transmitters, uses_of_devices
from ..base.multimodal import MultimodalModel
from ..base.presence import check_keys, check_shapes, present_names
from ..base.reconstruction import reconstruction_metrics
from ..base.saving import serialized
from ..base.settings import SYSTEMS
from ..base.transmission import Received
from ..classifiers.judge import Classifier
from .contrast import contrastive_loss
from .evaluation import bandwidth_and_recall
from .sending import send
from .settings import CentroidSettings, Mode, check_contrast, check_fusion, check_mode, sent_dims

MOMENTUM = 0.99  # of the running correlation between the embeddings of devices


@SYSTEMS.register(CentroidSettings)
class CentroidSystem(MultimodalModel):
    r"""Multimodal transmission by centroids of contrastively aligned embeddings.

    .. code-block:: text

        image ─ E_1 ─ m_1 ┐                                     ┌ D_1 ─ image
        audio ─ E_2 ─ m_2 ┼ centroid c ─ mapper ─ link ─ demapper ┼ D_2 ─ audio
        text  ─ E_3 ─ m_3 ┘                                     └ D_3 ─ text

    The loss is :math:`\mathcal{L} = w\mathcal{L}_\text{CL} + \lambda\mathcal{L}_R` with the
    contrastive loss of :func:`~sionna_semcom.losses.centroid_contrastive_loss` and the sum of the
    reconstruction losses. With ``contrast="comm"``, the contrastive loss is the sum of
    :func:`~sionna_semcom.losses.comm_terms` between two augmentations of the transmitted latent
    and the embeddings. There are three modes:

    - ``"end_to_end"``: the centroid is sent, and decoders are trained on the received centroid.
    - ``"paper"``: decoders are trained on the received embedding of their own modality, as in the
      paper, and receive the centroid only in evaluation.
    - ``"conventional"``: the embedding of each modality is sent, in training and evaluation.

    With ``fusion="learned"``, a perceptron adds a correction to the centroid, which may use
    ``unique_dim`` further numbers from each encoder that are not aligned
    (:class:`~sionna_semcom.semantics.LatentFusion`). It needs mode ``"end_to_end"``.

    With ``transmitters="separate"``, each modality is at its own device, and the link has several
    devices (:func:`~sionna_semcom.systems.centroid.separate.send_centroid`).

    Inputs of decoders are the received latent and the SNR of its symbols (:class:`ReceiverState`).
    Samples of a batch with the same ``label`` are not used as negatives of each other.

    Source: Grassucci et al., "Contrastive Learning Enables Low-Bandwidth Semantic Communication",
    2025. The link, the end-to-end mode and missing modalities are additions.

    Parameters
    ----------
    modalities : sequence of :class:`~sionna_semcom.semantics.Modality` | `dict`
        Encoder, decoder, loss and metrics of each modality; or shapes of image, audio and text
        samples, for the networks of the paper with ``latent_dim``
    link : :class:`~sionna_semcom.link.Link`
        Link for the symbols; may be replaced at any time
    snr_db : `float` | (`float`, `float`)
        SNR [dB] of training, or the range of a uniform distribution in dB;
        infinity is the noiseless link

    Input
    -----
    inputs : `dict`
        Samples ``[batch, *shape]`` of each present modality, in training of all modalities, and
        optionally ``label`` ``[batch]``
    snr_db : `None` (drawn as in training) | [], `float`
        SNR [dB]
    present : `None` (all) | sequence of `str`
        Modalities at the transmitter

    Output
    ------
    : `dict`
        Reconstructions ``[batch, *shape]`` of all modalities

    Raises
    ------
    ValueError
        If there are no modalities, the mode is unknown or incompatible with their latent dimensions
        or ``modality_dropout``, ``snr_db`` is neither an SNR nor a range, ``present`` contains an
        unknown modality, or a present modality is missing in ``inputs`` or has another shape
    """

    kept_attributes = ("mode", "recognizers", "transmitters")

    def __init__(
        self,
        modalities: Sequence[Modality] | Mapping[str, Sequence[int]],
        *,
        snr_db: float | tuple[float, float] = (0.0, 25.0),
        **options: Any,
    ) -> None:
        super().__init__(snr_db=snr_db, **options)
        chosen = self.settings
        self._shapes: dict[str, tuple[int, ...]] = {}
        if isinstance(modalities, Mapping):
            self._shapes = {key: tuple(shape) for key, shape in modalities.items()}
            modalities = digit_modalities(modalities, chosen.encoder_dim)
        if not modalities:
            raise ValueError("`modalities` must name at least one modality. Received: none")
        self.modalities = tuple(modalities)
        self.latent_dims = sent_dims(modalities, chosen.unique_dim)
        self.loss_weights = {m.name: 1.0 for m in modalities} | chosen.loss_weights
        if len(self.loss_weights) > len(modalities):
            raise ValueError(
                f"`loss_weights` may name {', '.join(m.name for m in modalities)}. "
                f"Received: {chosen.loss_weights}"
            )
        self.mode = chosen.mode
        self.transmitters = chosen.transmitters
        separate = chosen.transmitters == "separate"
        self.agreement = RunningPower(MOMENTUM) if separate else None
        self.encoders = {m.name: m.encoder for m in modalities}
        self.decoders = {m.name: m.decoder for m in modalities}
        self.receiver_state = ReceiverState()
        self.recognizers: dict[str, Classifier] = {}
        for modality, dim in zip(modalities, self.latent_dims, strict=True):
            if not modality.decoder.built:
                modality.decoder.build((None, dim + num_symbols(dim)))
        self.latent_fusion = self._fusion() if chosen.fusion == "learned" else None
        self.augmentations: dict[str, keras.Layer] = {}
        if chosen.contrast == "comm":
            self.augmentations = make_augmentations(self.shapes, chosen.augmentations)
        self._trackers = {
            key: keras.metrics.Mean(key) for key in ("contrastive", *(m.name for m in modalities))
        }
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, and attributes that were changed later."""
        own = [serialized(modality, modality.name) for modality in self.modalities]
        return {"modalities": self._shapes or own, **super().get_config()}

    def _fusion(self) -> LatentFusion:
        """Learned fusion of the encodings."""
        sizes = self.settings.unique_dim, self.settings.fusion_units
        return LatentFusion(len(self.modalities), self.latent_dims[0], *sizes)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of a sample of each modality."""
        return {modality.name: modality.shape for modality in self.modalities}

    @property
    def contrastive_weight(self) -> float:
        """Weight of the contrastive loss; zero if embeddings are not aligned."""
        return float(self.settings.contrastive_weight)

    @property
    def mode(self) -> Mode:
        """Mode of transmission. A new mode takes effect immediately, also after training."""
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        check_mode(mode, self.latent_dims, self.contrastive_weight)
        check_fusion(self.settings.fusion, mode, self.settings.transmitters)
        check_contrast(self.settings.contrast, mode)
        self._mode = mode
        self._forget_graphs()

    def fit(self, x: Any, **kwargs: Any) -> Any:
        """Train like :meth:`keras.Model.fit`, and stop if the loss is not finite."""
        check_mode(
            self.mode, self.latent_dims, self.contrastive_weight, self.settings.modality_dropout
        )
        return super().fit(x, **kwargs)

    @property
    def transmitters(self) -> Transmitters:
        """Where modalities are. A new value takes effect at once, also after training."""
        return self._transmitters

    @transmitters.setter
    def transmitters(self, transmitters: Transmitters) -> None:
        check_choice("transmitters", transmitters, get_args(Transmitters))
        check_fusion(self.settings.fusion, self.mode, transmitters)
        self._transmitters = transmitters
        self._forget_graphs()

    @property
    def num_latents_sent(self) -> int:
        """Number of transmitted embeddings or centroids per sample."""
        return len(self.modalities) if self.mode == "conventional" else 1

    @property
    def num_symbols(self) -> int:
        """Number of complex symbols per sample."""
        return sum(num_symbols(dim) for dim in self.latent_dims[: self.num_latents_sent])

    def channel_uses(self, batch: int) -> int:
        """Channel uses of a batch, with pilots and padding."""
        if self.transmitters == "joint":
            return super().channel_uses(batch)
        symbols = max(num_symbols(dim) for dim in self.latent_dims)
        return uses_of_devices(self.link, symbols, batch, len(self.modalities))

    def embed(
        self, inputs: Batch, present: Present = None, training: bool = False
    ) -> dict[str, tf.Tensor]:
        """Unit-norm embeddings ``[batch, latent_dim]`` of all or of the present modalities."""
        return self.aligned(self.encodings(inputs, present, training))

    def aligned(self, encodings: Batch) -> dict[str, tf.Tensor]:
        """Embeddings in ``encodings``, without the numbers that are unique to a modality."""
        dims = dict(zip(self.encoders, self.latent_dims, strict=True))
        return {name: encoding[:, : dims[name]] for name, encoding in encodings.items()}

    def encodings(self, batch: Batch, present: Present = None, training: bool = False) -> Any:
        """Unit-norm embeddings, each followed by ``unique_dim`` numbers that are not aligned."""
        names = present_names(present, self.encoders)
        check_keys(batch, names)
        check_shapes(batch, {name: self.shapes[name] for name in names})
        unique = self.settings.unique_dim
        encoded = {name: self.encoders[name](batch[name], training=training) for name in names}
        if not unique:
            return {name: unit_norm(encoding) for name, encoding in encoded.items()}
        return {
            name: tf.concat([unit_norm(encoding[:, :-unique]), encoding[:, -unique:]], -1)
            for name, encoding in encoded.items()
        }

    def transmit(
        self, encodings: Batch, snr_db: SNR | None, training: bool = False
    ) -> dict[str, tf.Tensor]:
        """Transmit encodings and reconstruct all modalities."""
        return self.decode(send(self, encodings, self.noise_power(snr_db), training), training)

    def decode(self, received: Sequence[Received], training: bool = False) -> dict[str, tf.Tensor]:
        """Reconstruct all modalities from the centroid, or from the embedding of each modality."""
        features = [self.receiver_state(*parts) for parts in received]
        if len(features) == 1:
            features = features * len(self.decoders)
        return {
            name: decoder(seen, training=training)
            for (name, decoder), seen in zip(self.decoders.items(), features, strict=True)
        }

    def batch_loss(self, inputs: Batch, training: bool) -> tf.Tensor:
        """Weighted sum of contrastive and reconstruction losses, equation (9)."""
        encodings = self.encodings(inputs, training=training)
        outputs = self.transmit(encodings, None, training)
        loss = tf.constant(0.0)
        if self.contrastive_weight > 0:
            contrastive = contrastive_loss(self, inputs, encodings, training)
            self._trackers["contrastive"].update_state(contrastive)
            loss += self.contrastive_weight * contrastive
        for modality in self.modalities:
            term = ops.mean(modality.loss(inputs[modality.name], outputs[modality.name]))
            self._trackers[modality.name].update_state(term)
            loss += self.settings.reconstruction_weight * self.loss_weights[modality.name] * term
        return loss

    def compare(self, batch: Batch, encodings: Batch, outputs: Batch) -> dict[str, tf.Tensor]:
        """Metrics ``[batch]`` of the reconstruction of each sample."""
        metrics = {modality.name: modality.metrics for modality in self.modalities}
        return reconstruction_metrics(
            batch, outputs, metrics, self.further_metrics, self.recognizers
        )

    def static_metrics(self, data: Iterable[Batch]) -> dict[str, float]:
        """Metrics that do not depend on the SNR, see `bandwidth_and_recall`."""
        return bandwidth_and_recall(self, data)
