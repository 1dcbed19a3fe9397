# SPDX-License-Identifier: Apache-2.0
"""Settings of augmentations."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import keras
from pydantic import Field, NonNegativeFloat, TypeAdapter

from ..._parts import Settings
from ...semantics import RandomAffine, default_augmentation


class _AugmentationSettings(Settings):
    """An augmentation, which may be for samples with so many axes only."""

    kind: str

    @property
    def num_axes(self) -> int | None:
        """Axes that samples must have; nothing is any number of them."""
        return None

    def check(self, name: str, shape: Sequence[int]) -> None:
        """Refuse a modality whose samples have a ``shape`` that the augmentation cannot take.

        Raises
        ------
        ValueError
            If it does, naming the modality
        """
        if self.num_axes not in (None, len(shape)):
            raise ValueError(
                f"augmentations: {self.kind} is for samples with {self.num_axes} axes. "
                f"Received: {name} of shape {tuple(shape)}"
            )


class AffineSettings(_AugmentationSettings):
    """Images are turned, mirrored, resized and shifted."""

    kind: Literal["affine"] = "affine"
    angle: NonNegativeFloat = 180.0
    """Largest angle, either way [degrees]"""
    zoom: NonNegativeFloat = 0.2
    """Largest natural logarithm of the change of size, either way"""
    shift: NonNegativeFloat = 0.1
    """Largest shift along either axis, as a share of the side"""
    mirror: bool = True
    """Whether half of the images are mirrored"""

    @property
    def num_axes(self) -> int:
        """Those of images."""
        return 3

    def build(self) -> keras.Layer:
        """Build the layer."""
        return RandomAffine(**self.model_dump(exclude={"kind"}))


class NoiseSettings(_AugmentationSettings):
    """Gaussian noise is added."""

    kind: Literal["noise"] = "noise"
    stddev: float = Field(ge=0, le=1)
    """Standard deviation"""

    def build(self) -> keras.Layer:
        """Build the layer."""
        return keras.layers.GaussianNoise(self.stddev)


class DropSettings(_AugmentationSettings):
    """Values are zero with a probability, and the others larger for it."""

    kind: Literal["drop"] = "drop"
    rate: float = Field(ge=0, lt=1)
    """The probability"""
    frames: bool = False
    """Whether frames of sequences are dropped as a whole"""

    @property
    def num_axes(self) -> int | None:
        """Those of sequences, where frames are dropped."""
        return 2 if self.frames else None

    def build(self) -> keras.Layer:
        """Build the layer."""
        shape = (None, None, 1) if self.frames else None
        return keras.layers.Dropout(self.rate, noise_shape=shape)


Augmentation = Annotated[AffineSettings | NoiseSettings | DropSettings, Field(discriminator="kind")]


def augmentation_settings(chosen: Mapping[str, Any] | None) -> dict[str, Any]:
    """Settings of augmentations, of their values; layers as they are."""
    known = TypeAdapter(tuple[Augmentation, ...])
    return {
        name: known.validate_python(chain) if isinstance(chain, (tuple, list)) else chain
        for name, chain in (chosen or {}).items()
    }


def make_augmentations(
    shapes: Mapping[str, tuple[int, ...]], given: Mapping[str, Any]
) -> dict[str, keras.Layer]:
    """Augmentations of modalities with ``shapes``: of settings, as given, or the usual ones.

    Raises
    ------
    ValueError
        If augmentations are given for other modalities, or cannot take their samples
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
