# SPDX-License-Identifier: Apache-2.0
"""Reader of the two published layouts of CIFAR-10."""

from __future__ import annotations

import io
import os
import warnings
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from ..._limits import Budget, brief
from ..formats.restricted_pickle import read_pickle
from ..ignored import IMAGES, warn_of_ignored

CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
SHAPE = (32, 32, 3)

LabeledImages = tuple[np.ndarray, np.ndarray]

_IMAGE_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MOST_BYTES = 2**20  # maximum size of a file with 32 x 32 pixels


def read_archive(path: Path, split: str) -> LabeledImages:
    """Images of a split from an archive of JPEG or PNG files.

    Raises
    ------
    ValueError
        If the archive is damaged, an image has another shape, or a class has none
    """
    images: list[np.ndarray] = []
    labels: list[int] = []
    budget = Budget(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if m.filename.startswith(f"{split}/")]
            members.sort(key=lambda member: member.filename)
            for number, kind in enumerate(CLASSES):
                for member in members:
                    if member.filename.startswith(f"{split}/{kind}/") and _kind(member):
                        images.append(_read_image(archive, member, budget))
                        labels.append(number)
    except Exception as error:  # a damaged archive can raise any exception
        raise ValueError(f"`{path}` is damaged: {brief(error, 300)}") from error
    warn_of_ignored((member.filename for member in members), IMAGES, path)
    return _checked(images, labels, path)


def _kind(member: zipfile.ZipInfo) -> str:
    """Format of an image by the suffix of its name, or empty for other files."""
    return _IMAGE_FORMATS.get(os.path.splitext(member.filename)[1].lower(), "")


def _read_image(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget) -> np.ndarray:
    """Read an image. At most the size of a CIFAR-10 image is unpacked and decoded."""
    if member.file_size > _MOST_BYTES or member.compress_type not in _PACKED:
        raise ValueError(
            f"{brief(member.filename)} must be a file of at most {_MOST_BYTES} bytes, stored or "
            f"deflated. Received: {member.file_size}, method {member.compress_type}"
        )
    budget.spend(member.file_size, "its images")
    content = io.BytesIO(archive.read(member))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # sizes are checked below
        image = Image.open(content, formats=[_kind(member)])
    with image:
        shape = (image.height, image.width, len(image.getbands()))
        if shape != SHAPE:
            raise ValueError(
                f"{brief(member.filename)} must be one of the images of shape {SHAPE}. "
                f"Received: {shape}"
            )
        return np.asarray(image)


def read_batches(paths: list[Path]) -> LabeledImages:
    """Images of the Python batches at ``paths``.

    Raises
    ------
    ValueError
        If a file is not a batch, or a class has no image
    """
    images: list[np.ndarray] = []
    labels: list[int] = []
    for path in paths:
        content = read_pickle(path)
        try:
            pixels, kinds = _by_pixel(content[b"data"]), np.asarray(content[b"labels"])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(
                f"`{path}` is no batch of CIFAR-10: {type(error).__name__}: {brief(error, 300)}"
            ) from error
        fits = pixels.dtype == np.uint8 and kinds.shape == pixels.shape[:1]
        if not fits or kinds.dtype.kind not in "iu" or kinds.min(initial=0) < 0:
            raise ValueError(
                f"`{path}` must hold as many labels 0, 1, ... as images of bytes. Received: "
                f"{kinds.shape} and {pixels.shape} of {pixels.dtype}"
            )
        images += list(pixels)
        labels += kinds.tolist()
    return _checked(images, labels, paths[0].parent)


def _by_pixel(pixels: np.ndarray) -> np.ndarray:
    """Images [n, 32, 32, 3] from [n, 3 x 32 x 32] or another unambiguous order."""
    if pixels.shape[1:] == SHAPE:
        return pixels
    if pixels.shape[1:] in ((3072,), (3, 32, 32)):
        return pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    raise ValueError(
        f"images must have shape [n, 3072], [n, 3, 32, 32] or [n, 32, 32, 3]. "
        f"Received: {pixels.shape}"
    )


def _checked(images: list[np.ndarray], labels: list[int], path: Path) -> LabeledImages:
    counts = [0] * len(CLASSES)
    for label in labels:
        if label >= len(CLASSES):
            raise ValueError(f"`{path}` must hold images of ten classes. Received: label {label}")
        counts[label] += 1
    if not all(counts):
        raise ValueError(f"`{path}` must hold images of ten classes. Received: {counts}")
    return np.stack(images), np.asarray(labels, np.uint8)
