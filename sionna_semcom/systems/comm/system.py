# SPDX-License-Identifier: Apache-2.0
"""CoMM: multimodal representation with redundant, unique and synergistic information."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from ..._networks import built, perceptron
from ...datasets import Data
from ...losses import unit_norm
from ...mapping import num_symbols
from ...metrics import note_outputs
from ...semantics import MultimodalFusion, Task
from ...semantics.encoders import make_encoders
from ...semantics.layers.augmentations import make_augmentations
from ...semantics.task import Aggregate
from ..base.contract import SNR, Batch, Present
from ..base.multimodal import RepresentingModel
from ..base.presence import check_batch, present_names
from ..base.saving import serialized
from ..base.settings import SYSTEMS
from ..base.transmission import transmit_latents
from .objectives import check_objective, objective_terms, term_names
from .settings import CoMMSettings

_FUSION = {"width", "token_width", "num_heads", "num_blocks", "expansion", "dropout"}


@SYSTEMS.register(CoMMSettings)
class CoMM(RepresentingModel):
    r"""Contrastive multimodal learning without labels, as a semantic encoder.

    .. code-block:: text

        sample_1 ─ encoder_1 ─ tokens ─┐
        sample_2 ─ encoder_2 ─ tokens ─┼─ fusion ─ representation ─┬─ link ─ probes
                                       ┘                           └─ projection ─ Z (losses)

    Objectives:

    - ``"comm"``: :math:`\mathcal{L} + \sum_i\mathcal{L}_i` of
      :func:`~sionna_semcom.losses.comm_terms`, from two augmentations :math:`Z', Z''` of all
      modalities and each modality :math:`Z_i` alone without augmentation (n + 2 embeddings for n
      modalities);
    - ``"joint"`` and ``"alone"``: :math:`\mathcal{L}` or :math:`\sum_i\mathcal{L}_i` only;
    - ``"clip"``: :func:`~sionna_semcom.losses.cross_modal_terms` between augmentations of single
      modalities, whose representations are concatenated;
    - ``"supervised"``: cross-entropy of a linear head for each of ``targets`` on the received
      representation of an augmentation. Gradients are backpropagated through the link.

    The representation is sent without compression, as ``representation_dim`` real numbers. Without
    noise, it is received unchanged, up to its norm. Each term of the loss is logged under the name
    of the captured information.

    Source: B. Dufumier et al., "What to align in multimodal contrastive learning?", ICLR 2025. The
    link and class attention are additions.

    Parameters
    ----------
    shapes : `dict`
        Shape of a sample of each modality: images, sequences or vectors
    link : :class:`~sionna_semcom.link.Link`
        Link for the symbols; may be replaced at any time
    snr_db : `float` | (`float`, `float`)
        SNR [dB] of supervised training, or its range; noiseless by default. Other objectives do not
        use the link in training
    encoders : `None` | settings | `dict` of `keras.Layer`
        Settings of encoders, or for each modality a layer that maps a batch to tokens and their
        mask; :func:`~sionna_semcom.semantics.default_tokens` by default
    augmentations : `None` | `dict`
        For each modality a layer that maps samples to augmented samples, or an ordered list of
        settings; :func:`~sionna_semcom.semantics.default_augmentation` by default
    targets : `None` | `dict` of `int`
        Keys of a batch that are targets of supervised training, with their numbers of classes

    Input
    -----
    inputs : `dict`
        Samples ``[batch, *shape]`` of each present modality, for sequences of features
        ``<name>_length`` ``[batch]``
    snr_db : `None` (drawn as in training) | [], `float`
        SNR [dB]
    present : `None` (all) | sequence of `str`
        Modalities at the transmitter

    Output
    ------
    : [batch, representation_dim], `float`
        Received representations, with unit mean square without noise

    Raises
    ------
    ValueError
        If there are no modalities, an argument is out of range or incomplete, the objective is
        unknown or requires ``targets`` or a second modality, ``present`` contains an unknown
        modality, or a present modality is missing in ``inputs``
    """

    def __init__(
        self,
        shapes: Mapping[str, Sequence[int]],
        *,
        snr_db: float | tuple[float, float] = math.inf,
        encoders: Any = None,
        augmentations: Mapping[str, Any] | None = None,
        targets: Mapping[str, int] | None = None,
        **options: Any,
    ) -> None:
        given = dict(augmentations or {})
        chains = {key: chain for key, chain in given.items() if isinstance(chain, (tuple, list))}
        options |= {"targets": tuple(targets or ()), "augmentations": chains}
        gives_encoders = isinstance(encoders, Mapping) and "kind" not in encoders
        if encoders is not None and not gives_encoders:
            options["encoders"] = encoders
        super().__init__(snr_db=snr_db, **options)
        chosen = self.settings
        self._gives_encoders = gives_encoders
        self._own_augmentations = tuple(key for key in given if key not in chains)
        self.shapes = {key: tuple(shape) for key, shape in shapes.items()}
        self.tasks = {key: Task(count) for key, count in (targets or {}).items()}
        check_objective(chosen.objective, self.shapes, self.tasks)
        self.tokens = make_encoders(self.shapes, encoders if gives_encoders else chosen.encoders)
        self.augmentations = make_augmentations(self.shapes, given | chosen.augmentations)
        self.fusion = MultimodalFusion(
            {key: layer.token_shape for key, layer in self.tokens.items()},
            **chosen.model_dump(include=_FUSION),
        )
        self.projection: Any = None
        if chosen.objective != "supervised":
            *hidden, last = chosen.projection
            self.projection = perceptron(chosen.width, hidden, last, activation="relu")
        self.heads = {
            key: built(keras.layers.Dense(task.num_outputs), self.representation_dim)
            for key, task in self.tasks.items()
        }
        terms = term_names(chosen.objective, self.shapes, self.tasks)
        self._trackers = {key: keras.metrics.Mean(key) for key in terms}
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, and attributes that were changed later."""
        config = super().get_config()
        if self._gives_encoders:
            config["encoders"] = serialized(dict(self.tokens), "encoders")
        layers = {name: self.augmentations[name] for name in self._own_augmentations}
        config["augmentations"] |= serialized(layers, "augmentations")
        targets = {key: task.num_classes for key, task in self.tasks.items()}
        return {**config, "shapes": self.shapes, "targets": targets}

    @classmethod
    def from_data(cls, settings: Any, data: Data, **crossed: Any) -> Any:
        """Build the system from ``settings`` for the shapes of ``data``.

        Raises
        ------
        ValueError
            If the data do not contain a target
        """
        known = {"label": data.num_classes, **data.labels}
        targets = settings.targets
        if not set(targets) <= set(known):
            raise ValueError(f"targets may name {', '.join(known)}. Received: {', '.join(targets)}")
        decided = {"targets": {key: known[key] for key in targets}}
        return cls(data.shapes, **crossed, **settings.options | decided)

    @property
    def encoders(self) -> dict[str, keras.Layer]:
        """Encoder of each modality, under the same name as in other systems."""
        return {name: getattr(layer, "encoder", layer) for name, layer in self.tokens.items()}

    @property
    def training_only(self) -> list[keras.Layer]:
        """Projection head."""
        return [] if self.projection is None else [self.projection]

    @property
    def representation_dim(self) -> int:
        """Number of real numbers in a representation."""
        return self.settings.width * (len(self.shapes) if self.settings.objective == "clip" else 1)

    @property
    def num_symbols(self) -> int:
        """Number of complex symbols per sample."""
        return num_symbols(self.representation_dim)

    @property
    def aggregates(self) -> dict[str, Aggregate]:
        """Metrics that are functions of means over all samples."""
        tasks = self.tasks.items()
        of_tasks = {f"{key}_{n}": f for key, task in tasks for n, f in task.aggregates.items()}
        return {**super().aggregates, **of_tasks}

    def represent(
        self, inputs: Batch, present: Present = None, training: bool = False
    ) -> tf.Tensor:
        """Representations [batch, representation_dim] of ``inputs``, before the link."""
        names = present_names(present, self.shapes)
        tokens, masks = self.tokenize(inputs, names, training)
        if self.settings.objective != "clip":
            return self.fusion(tokens, masks, training=training)
        absent = tf.zeros([tf.shape(tokens[names[0]])[0], self.settings.width])
        parts = {name: self.fuse_alone(name, tokens, masks, training) for name in names}
        return tf.concat([parts.get(name, absent) for name in self.shapes], -1)

    def tokenize(
        self, inputs: Batch, names: Iterable[str] | None = None, training: bool = False
    ) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        """Tokens of all modalities or of ``names``, and masks of modalities with padding."""
        chosen = list(self.shapes if names is None else names)
        check_batch(inputs, {name: self.shapes[name] for name in chosen})
        made = {name: self.tokens[name](inputs, training=training) for name in chosen}
        masks = {name: mask for name, (_, mask) in made.items() if mask is not None}
        return {name: tokens for name, (tokens, _) in made.items()}, masks

    def fuse_alone(self, name: str, tokens: Batch, masks: Batch, training: bool) -> tf.Tensor:
        """Representation of the modality ``name`` without other modalities."""
        own = {key: mask for key, mask in masks.items() if key == name}
        return self.fusion({name: tokens[name]}, own, training=training)

    def encodings(self, batch: Batch, present: Present = None, training: bool = False) -> tf.Tensor:
        """Representations, which do not depend on the SNR."""
        return self.represent(batch, present, training)

    def transmit(
        self, encodings: tf.Tensor, snr_db: SNR | None, training: bool = False
    ) -> tf.Tensor:
        """Transmit representations."""
        received = transmit_latents(self.link, [encodings], self.noise_power(snr_db))[0]
        return received.latent * (self.representation_dim / self.num_symbols) ** 0.5

    def augment(self, inputs: Batch) -> dict[str, tf.Tensor]:
        """``inputs`` with augmented samples of all modalities."""
        layers = self.augmentations.items()
        return {**inputs, **{name: layer(inputs[name], training=True) for name, layer in layers}}

    def batch_loss(self, inputs: Batch, training: bool) -> tf.Tensor:
        """Sum of the terms of the objective."""
        terms = objective_terms(self, inputs, training)
        for name, term in terms.items():
            self._trackers[name].update_state(term)
        return tf.add_n(list(terms.values()))

    def compare(
        self, batch: Batch, encodings: tf.Tensor, outputs: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Mean squared error of received representations [batch], and metrics of decisions."""
        note_outputs(outputs)
        target = unit_norm(encodings) * self.representation_dim**0.5
        figures = {"mse": tf.reduce_mean(tf.square(outputs - target), -1)}
        for key, task in self.tasks.items():
            found = task.measure(batch[key], self.heads[key](outputs))
            figures |= {f"{key}_{name}": values for name, values in found.items()}
        return figures
