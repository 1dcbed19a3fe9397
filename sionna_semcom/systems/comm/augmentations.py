# SPDX-License-Identifier: Apache-2.0
"""Settings of augmentations."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import keras
from pydantic import Field, NonNegativeFloat, TypeAdapter

from ..._parts import Settings
from ...semantics import RandomAffine, default_augmentation


class _AugmentationSettings(Settings):
    """Augmentation, which may require a certain number of axes."""

    kind: str

    @property
    def num_axes(self) -> int | None:
        """Required number of axes of samples; any number if `None`."""
        return None

    def check(self, name: str, shape: Sequence[int]) -> None:
        """Check that the augmentation supports the ``shape`` of the samples of a modality.

        Raises
        ------
        ValueError
            If it does not; the error names the modality
        """
        if self.num_axes not in (None, len(shape)):
            raise ValueError(
                f"augmentations: {self.kind} is for samples with {self.num_axes} axes. "
                f"Received: {name} of shape {tuple(shape)}"
            )


class AffineSettings(_AugmentationSettings):
    """Random rotation, mirroring, resizing and shift of images."""

    kind: Literal["affine"] = "affine"
    angle: NonNegativeFloat = 180.0
    """Maximum angle in both directions [degrees]"""
    zoom: NonNegativeFloat = 0.2
    """Maximum natural logarithm of the change of size, in both directions"""
    shift: NonNegativeFloat = 0.1
    """Maximum shift along each axis, relative to the side"""
    mirror: bool = True
    """Whether half of the images are mirrored"""

    @property
    def num_axes(self) -> int:
        """Number of axes of images."""
        return 3

    def build(self) -> keras.Layer:
        """Build the layer."""
        return RandomAffine(**self.options)


class NoiseSettings(_AugmentationSettings):
    """Additive Gaussian noise."""

    kind: Literal["noise"] = "noise"
    stddev: float = Field(ge=0, le=1)
    """Standard deviation"""

    def build(self) -> keras.Layer:
        """Build the layer."""
        return keras.layers.GaussianNoise(self.stddev)


class DropSettings(_AugmentationSettings):
    """Dropout with rescaling of the remaining values."""

    kind: Literal["drop"] = "drop"
    rate: float = Field(ge=0, lt=1)
    """Dropout rate"""
    frames: bool = False
    """Whether whole frames of sequences are dropped"""

    @property
    def num_axes(self) -> int | None:
        """Number of axes of sequences, if frames are dropped."""
        return 2 if self.frames else None

    def build(self) -> keras.Layer:
        """Build the layer."""
        shape = (None, None, 1) if self.frames else None
        return keras.layers.Dropout(self.rate, noise_shape=shape)


Augmentation = Annotated[AffineSettings | NoiseSettings | DropSettings, Field(discriminator="kind")]


def augmentation_settings(chosen: Mapping[str, Any] | None) -> dict[str, Any]:
    """Convert values to settings of augmentations. Layers are unchanged."""
    known = TypeAdapter(tuple[Augmentation, ...])
    return {
        name: known.validate_python(chain) if isinstance(chain, (tuple, list)) else chain
        for name, chain in (chosen or {}).items()
    }


def make_augmentations(
    shapes: Mapping[str, tuple[int, ...]], given: Mapping[str, Any]
) -> dict[str, keras.Layer]:
    """Augmentations of modalities with ``shapes``, from settings, layers or defaults.

    Raises
    ------
    ValueError
        If augmentations are given for other modalities, or do not support their samples
    """
    if not set(given) <= set(shapes):
        raise ValueError(
            f"augmentations may name {', '.join(shapes)}. Received: {', '.join(given)}"
        )
    layers = {}
    for name, shape in shapes.items():
        chain = given.get(name)
        if isinstance(chain, tuple):
            for one in chain:
                one.check(name, shape)
            chain = keras.Sequential([one.build() for one in chain])
        layers[name] = default_augmentation(shape) if chain is None else chain
    return layers
