# SPDX-License-Identifier: Apache-2.0
"""Augmentations that preserve the meaning of a sample, and their settings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import keras
from keras import ops
from pydantic import Field, NonNegativeFloat

from ..._parts import Settings


@keras.saving.register_keras_serializable("sionna_semcom")
class RandomAffine(keras.layers.Layer):
    """Rotate, mirror, resize and shift images at random, with a single interpolation.

    Separate Keras layers would interpolate several times and blur small images.

    Parameters
    ----------
    angle : `float`
        Maximum angle of rotation, in both directions [degrees]
    zoom : `float`
        Maximum change of size, as the natural logarithm of the factor, in both directions
    shift : `float`
        Maximum shift along each axis of the rotated and resized image, relative to its side
    mirror : `bool`
        Whether half of the images are mirrored
    seed : `None` | `int`
        Seed of the random generator

    Input
    -----
    images : [batch, height, width, channels], `float`
        Images

    Output
    ------
    : as ``images``
        Augmented images, padded with zeros; unchanged images if not ``training``

    Raises
    ------
    ValueError
        If an argument is negative
    """

    def __init__(
        self,
        angle: float = 180.0,
        zoom: float = 0.2,
        shift: float = 0.1,
        mirror: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min(angle, zoom, shift) < 0:
            raise ValueError(
                "`angle`, `zoom` and `shift` must not be negative. "
                f"Received: {angle}, {zoom}, {shift}"
            )
        self.angle, self.zoom, self.shift, self.mirror = angle, zoom, shift, mirror
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Augment ``images`` in training."""
        if not training:
            return images
        batch = ops.shape(images)[0]
        height, width = images.shape[1:3]
        draw = ops.unstack(
            keras.random.uniform((5, batch), -1.0, 1.0, seed=self.seed_generator), axis=0
        )
        angle = draw[0] * math.radians(self.angle)
        scale = ops.exp(draw[1] * self.zoom)
        sign = ops.where(draw[2] < 0, -1.0, 1.0) if self.mirror else ops.ones_like(angle)
        cos, sin = scale * ops.cos(angle), scale * ops.sin(angle)
        x, y = (width - 1) / 2, (height - 1) / 2
        rows = [sign * cos, -sin, None, sign * sin, cos, None, 0 * cos, 0 * cos]
        rows[2] = x - rows[0] * x - rows[1] * y + draw[3] * self.shift * width
        rows[5] = y - rows[3] * x - rows[4] * y + draw[4] * self.shift * height
        return ops.image.affine_transform(images, ops.stack(rows, -1), data_format="channels_last")


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
Augmentations = dict[str, Annotated[tuple[Augmentation, ...], Field(min_length=1)]]
"""Ordered augmentations of each modality"""


def default_augmentation(shape: Sequence[int]) -> keras.Sequential:
    """Augmentation for samples of ``shape``: images (3 axes), sequences (2) or vectors (1).

    Images are rotated, mirrored, resized and shifted. For vectors, a fraction of the features is
    dropped, and for sequences whole frames as well. Noise is added to all samples.

    Parameters
    ----------
    shape : sequence of `int`
        Shape of a sample, without the batch axis

    Output
    ------
    : `keras.Sequential`
        Layers that are active in training

    Raises
    ------
    ValueError
        If ``shape`` has a different number of axes
    """
    if len(shape) == 3:
        return keras.Sequential([RandomAffine(), keras.layers.GaussianNoise(0.05)])
    if len(shape) not in (1, 2):
        raise ValueError(
            "Samples must be images (height, width, channels), sequences (num_frames, dim) or "
            f"vectors (dim,). Received: {tuple(shape)}"
        )
    layers = [keras.layers.Dropout(0.2), keras.layers.GaussianNoise(0.2)]
    if len(shape) == 2:
        layers.insert(0, keras.layers.Dropout(0.2, noise_shape=(None, None, 1)))
    return keras.Sequential(layers)


def make_augmentations(
    shapes: Mapping[str, tuple[int, ...]], given: Mapping[str, Any]
) -> dict[str, keras.Layer]:
    """Built augmentations of modalities with ``shapes``, from settings, layers or defaults.

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
        layers[name].build((None, *shape))
    return layers
