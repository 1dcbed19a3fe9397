# SPDX-License-Identifier: Apache-2.0
"""Separate source and channel coding of images, at the best rate for each SNR."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from ...datasets import Data
from ...link import CodedTransmission
from ...link.figures import collecting
from ...semantics.source_coding.image_codec import Format, Header, ImageCodec
from ..base.contract import SNR, Batch, Present
from ..base.settings import SYSTEMS
from .base import ImageSettings, ImageSystem
from .rates import Rate, best_rates, block_error_rate, scrambled, snr_grid

# a selection of table 5.1.3.1-2 of 3GPP TS 38.214
_RATES: tuple[Rate, ...] = (
    *((2, 308 / 1024), (2, 449 / 1024), (2, 602 / 1024)),
    *((4, 434 / 1024), (4, 553 / 1024), (4, 658 / 1024)),
    *((6, 567 / 1024), (6, 719 / 1024), (6, 873 / 1024)),
    *((8, 754 / 1024), (8, 885 / 1024)),
)


class SeparateImagesSettings(ImageSettings):
    """A :class:`SeparateImages` for the images of the data."""

    kind: Literal["separate_images"] = "separate_images"
    rates: tuple[Rate, ...] = Field(_RATES, min_length=1)
    """Pairs of bits per QAM symbol and code rate, from which the rate is chosen"""
    header: Header = "known"
    """Whether file headers are sent, or known to the receiver"""
    formats: tuple[Format, ...] = Field(("jpeg", "webp"), min_length=1)
    """Image formats; the best one is chosen for each image"""
    num_images: PositiveInt = 200
    """Number of validation images for the choice of the rate"""
    num_codewords: PositiveInt = 200
    """Number of codewords per rate and SNR for the choice of the rate"""
    snr_step_db: PositiveFloat = 1.0
    """Step [dB] of the SNRs for which the rate is chosen; the nearest one is used"""

    def metric_names(self, modalities: Any, recognizers: Any = ()) -> list[str]:
        """Names of the metrics of images and of their bits."""
        own = ["bler", "image_received", "information_bits"]
        return [*super().metric_names(modalities, recognizers), *own]

    @property
    def information_bits(self) -> list[int]:
        """Information bits per image at each of ``rates``."""
        return [int(rate * bits * self.num_symbols + 1e-6) for bits, rate in self.rates]

    @model_validator(mode="after")
    def _check_fits(self) -> SeparateImagesSettings:
        if max(self.information_bits) < 12:
            raise ValueError(
                "At least 12 information bits must fit into `num_symbols` at the highest of "
                f"`rates`. Received: {max(self.information_bits)} in {self.num_symbols} symbols"
            )
        return self


@SYSTEMS.register(SeparateImagesSettings)
class SeparateImages(ImageSystem):
    r"""Image codec, LDPC code of 5G NR and QAM, at the rate that is best for the SNR.

    .. code-block:: text

        x ─ JPEG or WebP ─ bits ─ scrambler ─ LDPC ─ QAM ─ link ─┐
        x̂ ─ decoded image, or mean image if a bit is wrong ──────┘

    At rate :math:`i` with :math:`m_i` bits per symbol and code rate :math:`r_i`, an image has
    :math:`k_i = \lfloor r_i m_i N \rfloor` information bits in one codeword of :math:`N` symbols.
    The codec returns the best file of at most :math:`\lfloor k_i/8 \rfloor` bytes
    (:class:`~sionna_semcom.semantics.ImageCodec`). If no file fits, or a bit is wrong, the
    receiver returns the mean image. Error detection is assumed to be ideal and to require no bits.

    The transmitter knows the SNR and uses the rate

    .. math:: \hat{i} = \arg\min_i\, (1-\varepsilon_i) D_i + \varepsilon_i D_0

    with the mean squared errors :math:`D_i` of the codec and :math:`D_0` of the mean image on
    validation images, and the block error rate :math:`\varepsilon_i` of random codewords over the
    link of construction, at SNRs in equal steps over the range ``snr_db``. Rates with fewer than 12
    information bits are not used. There are no trainable weights.

    The codec runs outside the graph, so XLA does not compile :meth:`measure`.

    See :class:`~sionna_semcom.systems.ImageSystem` for ``shapes``, ``link``, ``snr_db``, input and
    output.

    Source: the rates are from 3GPP TS 38.214, table 5.1.3.1-2, and the code from 3GPP TS 38.212,
    section 5.3.2. The choice of the rate is an own derivation.

    Parameters
    ----------
    images : `None` | [num_images, height, width, channels], `float`
        Validation images for the mean image and the choice of rates. `None` if
        both are loaded later

    Raises
    ------
    ValueError
        If fewer than 12 information bits fit into the symbols at all rates, or a parameter is out
        of range
    """

    def __init__(
        self,
        shapes: Mapping[str, Sequence[int]],
        images: NDArray[np.floating] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(shapes, **options)
        chosen = self.settings
        pairs = zip(chosen.rates, chosen.information_bits, strict=True)
        used = [(bits, count) for (bits, _), count in pairs if count >= 12]
        self.num_info_bits = [count for _, count in used]
        self._coded = [
            CodedTransmission(self.link, count, count / (bits * self.num_symbols), bits)
            for bits, count in used
        ]
        shape = self.shapes["image"]
        self._codecs = [
            ImageCodec(shape, count // 8, chosen.header, chosen.formats)
            for count in self.num_info_bits
        ]
        self._snrs_db = snr_grid(self._snr_range, chosen.snr_step_db)
        self._mean = np.full(shape, 0.5, np.float32)
        self._choice = np.zeros(len(self._snrs_db), np.int32)
        if images is not None:
            self._choose(np.asarray(images, np.float32))

    def create_layers(self) -> None:
        """Create no layers. The codec and the channel code are not trained."""

    def _choose(self, images: NDArray[np.float32]) -> None:
        """Compute the mean image and the best rate at each SNR."""
        self._mean = images.mean(0)
        worst = np.mean((images - self._mean) ** 2)
        distortions = [
            np.mean((images - self._or_mean(codec.decode(codec.encode(images).data))) ** 2)
            for codec in self._codecs
        ]
        self._choice = best_rates(
            self._error_rate, self._snrs_db, np.array(distortions), float(worst)
        )

    def _error_rate(self, index: int, snr_db: float) -> float:
        """Block error rate of random codewords at one of the used rates."""
        return block_error_rate(self._coded[index], snr_db, self.settings.num_codewords)

    def _or_mean(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """``images``, where the mean image replaces images that are not numbers."""
        return np.where(np.isnan(images), self._mean, images)

    @classmethod
    def from_data(cls, settings: Any, data: Data, **crossed: Any) -> Any:
        """Choose the rates with validation images of ``data`` and build the system."""
        shapes = {"image": data.shapes["image"]}
        batch = next(iter(data.validation(settings.num_images)))
        return cls(shapes, batch["image"].numpy(), **crossed, **settings.options)

    def saved_arrays(self) -> dict[str, np.ndarray]:
        """Mean image and best rates."""
        return {"mean": self._mean, "choice": self._choice}

    def load_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Restore the output of :meth:`saved_arrays`."""
        self._mean, self._choice = arrays["mean"], arrays["choice"]

    def rate_index(self, no: tf.Tensor) -> tf.Tensor:
        """Index of the best of the used rates at noise power ``no``: [], `int32`."""
        snr_db = -10.0 / math.log(10.0) * tf.math.log(no)
        place = (snr_db - self._snrs_db[0]) / self.settings.snr_step_db
        place = tf.clip_by_value(place, 0.0, float(len(self._snrs_db) - 1))
        return tf.gather(self._choice, tf.cast(tf.round(place), tf.int32))

    def encodings(self, batch: Batch, present: Present = None, training: bool = False) -> tf.Tensor:
        """Images, because their bits depend on the SNR."""
        return self.images(batch, present)

    def transmit(
        self, encodings: tf.Tensor, snr_db: SNR | None, training: bool = False
    ) -> dict[str, tf.Tensor]:
        """Transmit images and return the received images."""
        return {"image": self._received(encodings, snr_db)["image"]}

    def measure(
        self, batch: Batch, snr_db: SNR, present: Present = None, encodings: Any = None
    ) -> dict[str, tf.Tensor]:
        """Metrics of images, and of their bits.

        ``bler``, whether a bit is wrong; ``image_received``, whether a coded image is received;
        ``information_bits`` of an image. See :meth:`MultimodalModel.measure`.
        """
        images = self.images(batch, present) if encodings is None else encodings
        received = self._received(images, snr_db)
        figures = self.compare(batch, images, {"image": received.pop("image")})
        return {**figures, **received}

    def _received(self, images: tf.Tensor, snr_db: SNR | None) -> dict[str, tf.Tensor]:
        """Received images and metrics of their bits."""
        no = self.noise_power(snr_db)
        finite = tf.reduce_all(tf.math.is_finite(images), [1, 2, 3], keepdims=True)
        clean = tf.where(finite, images, 0.0)  # NaN has no bits
        sends = [functools.partial(self._send, i, clean, no) for i in range(len(self._coded))]
        received, intact, there, count = tf.switch_case(self.rate_index(no), sends)
        return {
            "image": tf.where(finite, received, math.nan),
            "bler": tf.logical_not(intact),
            "image_received": there,
            "information_bits": count,
        }

    def _send(
        self, index: int, images: tf.Tensor, no: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Send images at a rate: images, whether bits and images are intact, and bits."""
        encode = functools.partial(self._encode, index)
        bits = tf.numpy_function(encode, [images], tf.float32)
        bits = tf.ensure_shape(bits, [images.shape[0], self.num_info_bits[index]])
        self._coded[index].link = self.link
        with collecting():  # bits of other rates have other shapes
            bits_hat = scrambled(self._coded[index], bits, no)
        intact = tf.reduce_all(tf.equal(bits, bits_hat), -1)
        decode = functools.partial(self._decode, index)
        received, there = tf.numpy_function(decode, [bits_hat, intact], [tf.float32, tf.bool])
        received = tf.ensure_shape(received, images.shape)
        there = tf.ensure_shape(there, images.shape[:1])
        return received, intact, there, tf.fill(tf.shape(intact), float(self.num_info_bits[index]))

    def _encode(self, index: int, images: np.ndarray) -> np.ndarray:
        data = self._codecs[index].encode(images).data
        unused = self.num_info_bits[index] - 8 * data.shape[-1]
        return np.pad(np.unpackbits(data, axis=-1), [(0, 0), (0, unused)]).astype(np.float32)

    def _decode(self, index: int, bits: np.ndarray, intact: np.ndarray) -> tuple[Any, Any]:
        whole = 8 * self._codecs[index].num_bytes
        data = np.packbits(bits[:, :whole].astype(np.uint8), axis=-1)
        data[~intact] = 0
        return self._or_mean(self._codecs[index].decode(data)), np.asarray(data.any(-1))
