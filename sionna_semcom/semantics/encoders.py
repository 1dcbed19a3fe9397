# SPDX-License-Identifier: Apache-2.0
"""Settings of encoders to tokens."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from .._parts import Settings
from .modality import modalities
from .networks.feature_encoder import FeatureEncoder
from .networks.token_encoders import EncoderTokens, default_tokens
from .networks.transformer import check_heads


class TokenEncoders(Settings):
    """Encoders to tokens: convolutions for images, transformer blocks for features."""

    kind: Literal["tokens"] = "tokens"
    filters: tuple[PositiveInt, ...] = Field((24, 48, 96), min_length=1)
    """Filters of the convolutions for images; each convolution halves height and width"""
    shared: bool = False
    """Whether images of the same shape share an encoder"""
    width: PositiveInt = 64
    """Length of the tokens of features"""
    num_tokens: PositiveInt = 4
    """Number of tokens of a vector; a sequence has one token per frame"""
    num_blocks: NonNegativeInt = 1
    """Number of transformer blocks over the tokens of a modality of features"""
    num_heads: PositiveInt = 4
    """Number of attention heads of these blocks"""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Dropout rate of activations of these blocks"""

    @model_validator(mode="after")
    def _check_heads(self) -> "TokenEncoders":
        check_heads(self.num_heads, width=self.width)
        return self

    def build(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
        """Build the encoders of modalities with ``shapes``.

        Raises
        ------
        ValueError
            If encoders are shared, but no two images have the same shape
        """
        options = self.model_dump(exclude={"kind", "shared"})
        tokens = {name: default_tokens(name, shape, **options) for name, shape in shapes.items()}
        images = {n: shape for n, shape in shapes.items() if self.shared and len(shape) == 3}
        if self.shared and len(set(images.values())) == len(images):
            raise ValueError(
                f"shared is for data with two images of one shape. Received: {dict(shapes)}"
            )
        encoders = {shape: tokens[name].encoder for name, shape in images.items()}
        together = {n: EncoderTokens(n, shape, encoders[shape]) for n, shape in images.items()}
        return {**tokens, **together}


class TwoStageVIBEncoders(Settings):
    """Encoders of the two-stage bottleneck for its pre-training: one token per modality."""

    kind: Literal["two_stage_vib"] = "two_stage_vib"
    width: PositiveInt = 64
    """Units of hidden layers"""
    dropout: float = Field(0.5, ge=0, lt=1)
    """Dropout rate of features and activations"""

    def build(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
        """Build the encoders of modalities with ``shapes``."""
        return {
            name: EncoderTokens(name, shape, FeatureEncoder(name, shape, self.width, self.dropout))
            for name, shape in shapes.items()
        }


class CentroidEncoders(Settings):
    """Encoders of centroid transmission for its pre-training: one token per modality."""

    kind: Literal["centroid"] = "centroid"
    latent_dim: PositiveInt = 16
    """Latent dimension"""

    def build(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
        """Build the encoders of modalities with ``shapes``."""
        return {
            modality.name: EncoderTokens(modality.name, modality.shape, modality.encoder)
            for modality in modalities(shapes, self.latent_dim)
        }


Encoders = Annotated[
    TokenEncoders | TwoStageVIBEncoders | CentroidEncoders, Field(discriminator="kind")
]


def make_encoders(shapes: Mapping[str, tuple[int, ...]], chosen: Any) -> dict[str, Any]:
    """Encoders of modalities with ``shapes``, built from settings or given as layers.

    Raises
    ------
    ValueError
        If encoders are given for other modalities
    """
    if isinstance(chosen, Settings):
        return dict(chosen.build(shapes))  # type: ignore[attr-defined]
    if set(chosen) != set(shapes):
        raise ValueError(
            f"`encoders` must be for {', '.join(shapes)}. Received: {', '.join(chosen)}"
        )
    return dict(chosen)
