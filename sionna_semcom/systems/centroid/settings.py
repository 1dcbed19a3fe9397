# SPDX-License-Identifier: Apache-2.0
"""Settings of centroid systems, and combinations that are valid."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from ..._messages import check_choice, listed
from ...metrics import default_metrics
from ...semantics import Modality
from ...semantics.layers.augmentations import Augmentations
from ..base.devices import DeviceSettings
from ..base.settings import SystemSettings

Mode = Literal["end_to_end", "paper", "conventional"]
Fusion = Literal["mean", "learned"]
Contrast = Literal["centroid", "comm"]


class CentroidSettings(DeviceSettings):
    """A :class:`CentroidSystem` for the modalities of paired digits."""

    crosses = "link"
    modes = get_args(Mode)
    drops_modalities = True
    reconstructs = True
    shows_reconstructions = True
    starts_from = "a comm of encoders of its kind and sizes, or a centroid of its sizes"

    kind: Literal["centroid"] = "centroid"
    mode: Mode = "end_to_end"
    """Transmitted latents, and inputs of the decoders in training"""
    latent_dim: PositiveInt | dict[str, PositiveInt] = 16
    """Latent dimension, which may differ between modalities in the conventional mode"""
    temperature: PositiveFloat = 0.1
    """Temperature of the contrastive loss"""
    contrastive_weight: float = Field(1.0, ge=0)
    """Weight of the contrastive loss"""
    contrast: Contrast = "centroid"
    """Contrastive loss: between embeddings and centroids, or the terms of CoMM (comm) between two
    augmentations of the transmitted latent, with all modalities, and the embeddings"""
    augmentations: Augmentations = Field(default_factory=dict)
    """Ordered augmentations of each modality for the terms of CoMM; by default, augmentations for
    its type of samples"""
    reconstruction_weight: PositiveFloat = 10.0
    """Weight of the reconstruction losses (lambda)"""
    loss_weights: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Weights of the modalities in the reconstruction loss; one by default"""
    modality_dropout: float = Field(0.0, ge=0, lt=1)
    """Probability that a modality is missing at the transmitter in training"""
    fusion: Fusion = "mean"
    """Transmitted latent: the centroid, or the centroid plus a learned correction"""
    unique_dim: NonNegativeInt = 0
    """Further numbers from each encoder for the learned fusion, which are not aligned"""
    fusion_units: PositiveInt = 128
    """Units of the hidden layer of the learned fusion"""

    @model_validator(mode="after")
    def _check_modes(self) -> "CentroidSettings":
        check_mode(self.mode, self.latent_dims, self.contrastive_weight, self.modality_dropout)
        check_fusion(self.fusion, self.mode, self.transmitters)
        if self.unique_dim and self.fusion == "mean":
            raise ValueError(
                f"`unique_dim` needs fusion 'learned'. Received: unique_dim={self.unique_dim}, "
                f"fusion={self.fusion!r}"
            )
        check_contrast(self.contrast, self.mode)
        if self.augmentations and self.contrast == "centroid":
            raise ValueError(
                "`augmentations` need contrast 'comm'. Received: augmentations of "
                f"{listed(self.augmentations)}, contrast='centroid'"
            )
        return self

    @property
    def may_part(self) -> bool:
        """Whether the system can be evaluated with several transmitters: not if it fuses."""
        return self.fusion == "mean"

    @property
    def encoder_dim(self) -> int | dict[str, int]:
        """Numbers that an encoder returns, which may differ between modalities."""
        dims, unique = self.latent_dim, self.unique_dim
        if isinstance(dims, dict):
            return {name: dim + unique for name, dim in dims.items()}
        return dims + unique

    @property
    def latent_dims(self) -> list[int]:
        """Latent dimension of each modality, or of all modalities."""
        dims = self.latent_dim
        return list(dims.values()) if isinstance(dims, dict) else [dims]

    @property
    def needs(self) -> tuple[str, ...]:
        """Required modalities of the data."""
        return tuple(self.latent_dim) if isinstance(self.latent_dim, dict) else ("image",)

    @property
    def own_mode(self) -> Mode:
        """Default mode."""
        return self.mode

    def check_evaluation(self, mode: str | None, present: Sequence[str] | None) -> None:
        """Check that the mode is compatible with the latents and the missing modalities.

        Raises
        ------
        ValueError
            As in the base class, or if the mode is incompatible
        """
        super().check_evaluation(mode, present)
        if mode is not None:
            check_mode(mode, self.latent_dims, self.contrastive_weight)
            check_fusion(self.fusion, mode, self.transmitters)
            check_contrast(self.contrast, mode)
        if present is not None and (mode or self.mode) == "conventional":
            raise ValueError(
                "a modality that is missing can only be reconstructed where the centroid is sent. "
                f"Received: mode 'conventional', present: {listed(present)}"
            )

    def can_start_from(self, other: SystemSettings) -> bool:
        """Whether ``other`` is a CoMM or a centroid system with encoders of the same sizes."""
        if isinstance(other, CentroidSettings):
            sizes = ["latent_dim", "unique_dim"]
            if self.fusion == other.fusion == "learned":
                sizes.append("fusion_units")
            return all(getattr(self, size) == getattr(other, size) for size in sizes)
        encoders: Any = getattr(other, "encoders", None)
        dims = {dim + self.unique_dim for dim in self.latent_dims}
        return getattr(encoders, "kind", None) == self.kind and dims == {encoders.latent_dim}

    def metric_names(self, modalities: Iterable[str], recognizers: Iterable[str] = ()) -> list[str]:
        """Names of the metrics of :meth:`CentroidSystem.measure` for ``modalities``."""
        figures = [f"{name}_{key}" for name in modalities for key in default_metrics(name)]
        return figures + [f"{name}_recognized" for name in recognizers]


def check_mode(
    mode: str,
    latent_dims: Sequence[int],
    contrastive_weight: float,
    modality_dropout: float = 0.0,
) -> None:
    """Check that a mode is known and compatible with the other settings.

    Raises
    ------
    ValueError
        If ``mode`` is unknown, a centroid or the contrastive loss would combine latents of
        different dimensions, or modalities may be missing in a mode that sends no centroid
    """
    check_choice("mode", mode, get_args(Mode))
    if len(set(latent_dims)) > 1 and (mode != "conventional" or contrastive_weight > 0):
        raise ValueError(
            "Latent dimensions that differ between modalities need mode 'conventional' and "
            f"`contrastive_weight` 0. Received: latent dimensions {list(latent_dims)}, "
            f"mode={mode!r}, contrastive_weight={contrastive_weight}"
        )
    if modality_dropout > 0 and mode != "end_to_end":
        raise ValueError(
            "`modality_dropout` needs mode 'end_to_end', which sends the centroid in training. "
            f"Received: modality_dropout={modality_dropout}, mode={mode!r}"
        )


def check_fusion(fusion: str, mode: str, transmitters: str) -> None:
    """Check that a mode and transmitters are compatible with the fusion.

    Raises
    ------
    ValueError
        If a learned fusion would not be trained, or would not have all modalities
    """
    if fusion == "learned" and (mode != "end_to_end" or transmitters != "joint"):
        raise ValueError(
            "`fusion` 'learned' needs mode 'end_to_end' and transmitters 'joint'. "
            f"Received: mode={mode!r}, transmitters={transmitters!r}"
        )


def check_contrast(contrast: str, mode: str) -> None:
    """Check that a mode is compatible with the contrastive loss.

    Raises
    ------
    ValueError
        If the terms of CoMM would contrast a latent that is not sent
    """
    if contrast == "comm" and mode == "conventional":
        raise ValueError(
            "`contrast` 'comm' needs a mode in which one latent is sent for all modalities. "
            "Received: mode='conventional'"
        )


def sent_dims(modalities: Sequence[Modality], unique_dim: int) -> tuple[int, ...]:
    """Dimensions of embeddings: outputs of encoders, without ``unique_dim`` numbers.

    Raises
    ------
    ValueError
        If an encoder has no other outputs
    """
    dims = tuple(modality.latent_dim - unique_dim for modality in modalities)
    if unique_dim and min(dims) < 1:
        raise ValueError(
            "`unique_dim` must be less than the number of outputs of each encoder. "
            f"Received: unique_dim={unique_dim}, outputs {[dim + unique_dim for dim in dims]}"
        )
    return dims
