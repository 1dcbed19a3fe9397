# SPDX-License-Identifier: Apache-2.0
"""Batches that pair samples of the same class across modalities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from ..._seeding import derive_seed
from ..batches import check_positive, fixed_order, plain

Batch = dict[str, tf.Tensor]


class ByClass:
    """Draws random samples of given classes.

    Parameters
    ----------
    labels : [num_samples], `int`
        Class of each sample
    num_classes : `int`
        Number of classes
    name : `str`
        Description of the samples for error messages

    Raises
    ------
    ValueError
        If a class has no sample, or a label is not a class
    """

    def __init__(self, labels: np.ndarray, num_classes: int, name: str) -> None:
        labels = np.asarray(labels)
        rule = f"The {name} must hold each class 0 to {num_classes - 1} and no other. "
        if not np.isin(labels, np.arange(num_classes)).all():
            raise ValueError(f"{rule}Received: labels from {labels.min()} to {labels.max()}")
        counts = np.bincount(labels.astype(np.int64), minlength=num_classes)
        if not counts.all():
            raise ValueError(f"{rule}Received: counts {counts.tolist()}")
        self._rows = tf.constant(np.argsort(labels, kind="stable"), tf.int32)
        self._first = tf.constant(np.cumsum(counts) - counts, tf.int32)
        self._count = tf.constant(counts, tf.float32)

    def draw(self, labels: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Index of a uniformly drawn sample for each of ``labels``, [batch], `int32`."""
        uniform = tf.random.stateless_uniform(tf.shape(labels), seed)
        offset = tf.cast(uniform * tf.gather(self._count, labels), tf.int32)
        return tf.gather(self._rows, tf.gather(self._first, labels) + offset)


class ClassPairs:
    r"""Images and spectrograms, paired by class.

    A batch is a dictionary of

    - ``image`` : [batch, height, width, 1], `float32` in [0, 1]
    - ``audio`` : [batch, num_mels, num_frames, 1], `float32` in [0, 1]
    - ``text`` : [batch, num_classes], `float32`, one-hot
    - ``label`` : [batch], `int32`
    - each of ``of_images`` and ``of_audio`` : [batch], `int32`

    Parameters
    ----------
    name : `str`
        Description of the data for error messages
    images : [num_images, height, width], `uint8` or `float32`
        Images; integers are divided by 255
    image_labels : [num_images], `int`
        Classes of the images
    audio : [num_clips, num_mels, num_frames], `uint8` or `float32`
        Spectrograms; integers are divided by 255
    audio_labels : [num_clips], `int`
        Classes of the spectrograms
    num_classes : `int`
        Number of classes
    of_images : `dict` of [num_images], `int`
        Additional labels of the images
    of_audio : `dict` of [num_clips], `int`
        Additional labels of the spectrograms
    mixed : `bool`
        Whether the images are in random order already, which :meth:`each` then keeps

    Raises
    ------
    ValueError
        If a class has no image or no spectrogram, a floating-point value is not in [0, 1] or an
        integer not in 0 to 255, or there is not one label for each sample
    """

    def __init__(
        self,
        name: str,
        images: np.ndarray,
        image_labels: np.ndarray,
        audio: np.ndarray,
        audio_labels: np.ndarray,
        num_classes: int = 10,
        of_images: Mapping[str, np.ndarray] | None = None,
        of_audio: Mapping[str, np.ndarray] | None = None,
        mixed: bool = False,
    ) -> None:
        both = (
            ("images", images, image_labels, of_images),
            ("spectrograms", audio, audio_labels, of_audio),
        )
        for kind, values, labels, further in both:
            _check_samples(f"The {name} {kind}", values, {"label": labels, **(further or {})})
        self.num_classes = num_classes
        self._order = np.arange(len(images)) if mixed else fixed_order(name, len(images))
        self._image_rows = ByClass(image_labels, num_classes, f"{name} images")
        self._audio_rows = ByClass(audio_labels, num_classes, f"{name} spectrograms")
        with tf.device("CPU"):  # where tf.data runs
            self._images = tf.constant(images[..., None])
            self._audio = tf.constant(audio[..., None])
            self._labels = tf.constant(image_labels, tf.int32)
            self._of_images, self._of_audio = (
                {key: tf.constant(values, tf.int32) for key, values in (given or {}).items()}
                for given in (of_images, of_audio)
            )

    def __len__(self) -> int:
        return len(self._images)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one sample of each modality."""
        return {
            "image": tuple(self._images.shape[1:]),
            "audio": tuple(self._audio.shape[1:]),
            "text": (self.num_classes,),
        }

    def images(self) -> tuple[np.ndarray, np.ndarray]:
        """All images in [0, 1] and their labels."""
        return _unit(self._images).numpy(), self._labels.numpy()

    def draws(self, batch_size: int, steps: int | None, seed: int, start: int) -> tf.data.Dataset:
        """Return ``steps`` random, class-balanced batches, see `Digits.train`."""
        check_positive(batch_size=batch_size)
        steps = max(1, len(self) // batch_size) if steps is None else steps
        check_positive(steps=steps)
        key = derive_seed("draws", seed)
        with tf.device("CPU"):  # where tf.data runs
            step = tf.Variable(start, dtype=tf.int64, trainable=False)

        def draw(number: tf.Tensor) -> Batch:
            seeds = tf.random.experimental.stateless_split([key, number], 3)
            turn = number * batch_size + tf.range(batch_size, dtype=tf.int64)
            labels = tf.cast(turn % self.num_classes, tf.int32)
            labels = tf.random.experimental.stateless_shuffle(labels, seeds[0])
            return self._batch(
                self._image_rows.draw(labels, seeds[1]), self._audio_rows.draw(labels, seeds[2])
            )

        # The step number continues in each pass over the data set, so that epochs differ.
        firsts = tf.data.Dataset.range(1).map(plain(lambda _: step.assign_add(steps) - steps))
        numbers = firsts.flat_map(plain(lambda first: tf.data.Dataset.range(first, first + steps)))
        numbers = numbers.apply(tf.data.experimental.assert_cardinality(steps))
        return numbers.map(plain(draw)).prefetch(tf.data.AUTOTUNE)

    def each(self, batch_size: int, seed: int) -> tf.data.Dataset:
        """Return each image once with a spectrogram of its class, see `Digits.test`."""
        check_positive(batch_size=batch_size)
        audio = self._audio_rows.draw(self._labels, tf.constant([derive_seed("each", seed), 0]))
        rows = tf.data.Dataset.from_tensor_slices((self._order, tf.gather(audio, self._order)))
        return rows.batch(batch_size).map(plain(self._batch)).prefetch(tf.data.AUTOTUNE)

    def _batch(self, image_rows: tf.Tensor, audio_rows: tf.Tensor) -> Batch:
        labels = tf.gather(self._labels, image_rows)
        return {
            "image": _unit(tf.gather(self._images, image_rows)),
            "audio": _unit(tf.gather(self._audio, audio_rows)),
            "text": tf.one_hot(labels, self.num_classes),
            "label": labels,
            **{key: tf.gather(values, image_rows) for key, values in self._of_images.items()},
            **{key: tf.gather(values, audio_rows) for key, values in self._of_audio.items()},
        }


def _unit(values: tf.Tensor) -> tf.Tensor:
    if values.dtype.is_integer:
        return tf.cast(values, tf.float32) / 255.0
    return tf.cast(values, tf.float32)


def _check_samples(who: str, values: np.ndarray, labels: Mapping[str, Any]) -> None:
    """Check that samples are in [0, 1], or integers up to 255, and have one label each."""
    if not np.isfinite(values).all():
        raise ValueError(f"{who} must be finite. Received: NaN or infinity")
    largest = 1 if values.dtype.kind == "f" else 255
    if not ((values >= 0) & (values <= largest)).all():
        raise ValueError(
            f"{who} must be integers from 0 to 255 or in [0, 1]. "
            f"Received: values from {np.min(values):g} to {np.max(values):g}"
        )
    for name, label in labels.items():
        if np.shape(label) != (len(values),):
            raise ValueError(
                f"{who} must have one {name} each, [{len(values)}]. Received: {np.shape(label)}"
            )
