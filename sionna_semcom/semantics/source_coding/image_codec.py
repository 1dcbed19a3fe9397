# SPDX-License-Identifier: Apache-2.0
"""JPEG and WebP coding of images with a byte budget, through Pillow."""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..._messages import check_choice

Header = Literal["sent", "known"]
Format = Literal["jpeg", "webp"]
BEST = 95  # highest quality of JPEG that Pillow recommends

_SCAN, _END = b"\xff\xda", b"\xff\xd9"
_TAG = slice(20, 23)  # of a WebP frame; its size follows, and then the coded image
_WEBP_BODY = 30
_WEBP_CODE = 255


class CodedImages(NamedTuple):
    """Images as bytes."""

    data: NDArray[np.uint8]
    """[num_images, num_bytes], padded with zeros; all zero for an image that does not fit"""
    fits: NDArray[np.bool_]
    """[num_images], whether the image fits into the bytes"""


class ImageCodec:
    r"""Codes each image with the better one of several formats, in at most ``num_bytes`` bytes.

    The quality of each format is the highest one that fits, found by bisection. Of the files, the
    one with the lowest squared error is sent.

    - ``header="sent"``: the complete file is sent, with Huffman tables of the image for JPEG.
    - ``header="known"``: the receiver knows size and channels of the images, and the default
      tables of JPEG. One byte describes the format and the quality. Bytes that follow from it are
      not sent: the JPEG header (about 330 bytes for gray images and 620 for color) and its end
      marker, and all but three of the first 30 bytes of a WebP file.

    Images are rounded to 8 bits. The decoder receives exactly the image of the file.

    Parameters
    ----------
    shape : sequence of `int`
        Shape (height, width, channels) of an image with one or three channels
    num_bytes : `int`
        Byte budget of an image
    header : "known" (default) | "sent"
        Whether file headers are sent
    formats : sequence of "jpeg" | "webp"
        Formats

    Raises
    ------
    ValueError
        If an argument is out of range
    """

    def __init__(
        self,
        shape: Sequence[int],
        num_bytes: int,
        header: Header = "known",
        formats: Sequence[Format] = ("jpeg", "webp"),
    ) -> None:
        check_choice("header", header, get_args(Header))
        for one in tuple(formats) or ("none",):
            check_choice("formats", one, get_args(Format))
        if len(shape) != 3 or shape[-1] not in (1, 3) or min(shape) < 1:
            raise ValueError(
                "`shape` must be (height, width, channels) with one or three channels. "
                f"Received: {tuple(shape)}"
            )
        if num_bytes < 1:
            raise ValueError(f"`num_bytes` must be at least 1. Received: {num_bytes}")
        self.shape = tuple(shape)
        self.num_bytes = num_bytes
        self.header = header
        self.formats = tuple(formats)

    def encode(self, images: NDArray[np.floating]) -> CodedImages:
        """Code images.

        Input
        -----
        images : [num_images, height, width, channels], `float`
            Images in [0, 1]; other values are clipped

        Output
        ------
        : `CodedImages`
            Bytes of each image

        Raises
        ------
        ValueError
            If ``images`` have another shape, or are not finite
        """
        images = np.asarray(images)
        if images.shape[1:] != self.shape or not np.isfinite(images).all():
            raise ValueError(
                f"`images` must be finite, of shape [num_images, *{self.shape}]. "
                f"Received: shape={images.shape}"
            )
        data = np.zeros([len(images), self.num_bytes], np.uint8)
        pixels = np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
        for row, image in zip(data, pixels, strict=True):
            best = self._best(image)
            row[: len(best)] = np.frombuffer(best, np.uint8)
        return CodedImages(data, np.asarray(data.any(-1)))

    def decode(self, data: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Decode bytes.

        Input
        -----
        data : [num_images, num_bytes], `uint8`
            Bytes of :meth:`encode`

        Output
        ------
        : [num_images, height, width, channels], `float32`
            Images in [0, 1]; NaN for an image that did not fit
        """
        images = np.full([len(data), *self.shape], np.nan, np.float32)
        for image, row in zip(images, data, strict=True):
            if row.any():
                image[:] = self._pixels(self._file(row.tobytes())) / np.float32(255.0)
        return images

    def _best(self, image: NDArray[np.uint8]) -> bytes:
        """Bytes of the best format, or no bytes if no format fits."""
        found = [self._finest(image, one == "jpeg") for one in self.formats]
        errors = {sent: self._error(image, sent) for sent in found if sent}
        return min(errors, key=lambda sent: errors[sent], default=b"")

    def _error(self, image: NDArray[np.uint8], sent: bytes) -> int:
        difference = self._pixels(self._file(sent)).astype(np.int64) - image
        return int(np.sum(difference**2))

    def _finest(self, image: NDArray[np.uint8], jpeg: bool) -> bytes:
        """Bytes at the highest quality that fits, or no bytes."""
        best, low, high = b"", 1, BEST if jpeg else 100
        quality = low  # few bytes are often too few for any quality
        while low <= high:
            sent = self._sent(_coded(image, jpeg, quality, self.header == "sent"), quality)
            if len(sent) <= self.num_bytes:
                best, low = sent, quality + 1
            else:
                high = quality - 1
            quality = (low + high) // 2
        return best

    def _sent(self, file: bytes, quality: int) -> bytes:
        """Part of a file that is sent."""
        if self.header == "sent":
            return file
        if file.startswith(b"RIFF"):
            return bytes([_WEBP_CODE]) + file[_TAG] + file[_WEBP_BODY:]
        known = _jpeg_header(self.shape, quality)
        return bytes([quality]) + file[len(known) :].removesuffix(_END)

    def _file(self, sent: bytes) -> bytes:
        """File of the part that is sent, inverse of `_sent`; zeros may follow."""
        if self.header == "sent":
            return sent
        code, body = sent[0], sent[1:]
        if code != _WEBP_CODE:
            return _jpeg_header(self.shape, code) + body + _END
        tag, body = body[:3], body[3:]
        frame = tag + _webp_start(self.shape) + body + bytes(len(body) % 2)
        chunk = b"WEBPVP8 " + _size(frame) + frame
        return b"RIFF" + _size(chunk) + chunk

    def _pixels(self, file: bytes) -> NDArray[np.uint8]:
        with Image.open(io.BytesIO(file), formats=["JPEG", "WEBP"]) as opened:
            image = opened.convert("L" if self.shape[-1] == 1 else "RGB")
        return np.asarray(image).reshape(self.shape)


def _coded(image: NDArray[np.uint8], jpeg: bool, quality: int, optimize: bool) -> bytes:
    """File of an image."""
    content = io.BytesIO()
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    options: dict[str, Any] = {"optimize": optimize} if jpeg else {"method": 6}
    picture.save(content, "JPEG" if jpeg else "WEBP", quality=quality, **options)
    return content.getvalue()


@functools.cache
def _jpeg_header(shape: tuple[int, ...], quality: int) -> bytes:
    """Bytes before the coded image, which do not depend on the image."""
    file = _coded(np.zeros(shape, np.uint8), True, quality, False)
    scan = file.index(_SCAN)
    return file[: scan + 2 + int.from_bytes(file[scan + 2 : scan + 4], "big")]


@functools.cache
def _webp_start(shape: tuple[int, ...]) -> bytes:
    """Start code and size of a frame."""
    return _coded(np.zeros(shape, np.uint8), False, 50, False)[_TAG.stop : _WEBP_BODY]


def _size(content: bytes) -> bytes:
    return len(content).to_bytes(4, "little")
