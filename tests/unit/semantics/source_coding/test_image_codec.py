# SPDX-License-Identifier: Apache-2.0
import io

import numpy as np
import pytest
from PIL import Image

from sionna_semcom.semantics import ImageCodec

GRAY, COLOR = (28, 28, 1), (32, 32, 3)


def pictures(shape, count=3):
    """Smooth images with some noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: shape[0], : shape[1]] / shape[0]
    waves = [
        0.5 + 0.4 * np.sin(6 * (a * x + b * y) + c)
        for a, b, c in rng.uniform(size=(count * shape[2], 3))
    ]
    images = np.stack(waves).reshape(count, shape[2], *shape[:2]).transpose(0, 2, 3, 1)
    return np.clip(images + 0.02 * rng.standard_normal(images.shape), 0, 1)


def files(image, sent):
    """Files of an image by Pillow at each quality: format, bytes, and pixels."""
    pixels = np.rint(image * 255).astype(np.uint8)
    mode = "L" if image.shape[-1] == 1 else "RGB"
    for kind, best, options in (("JPEG", 95, {"optimize": sent}), ("WEBP", 100, {"method": 6})):
        for quality in range(1, best + 1):
            content = io.BytesIO()
            Image.fromarray(pixels.squeeze()).save(content, kind, quality=quality, **options)
            decoded = np.asarray(Image.open(content).convert(mode)).reshape(image.shape)
            yield kind, len(content.getvalue()), decoded


def blank_header(shape):
    """Bytes of a JPEG file up to its scan: 20 before, 2 + 65 or 134 of quantization tables, ..."""
    tables, components = (1, 1) if shape[-1] == 1 else (2, 3)
    quantization = 69 * tables
    huffman = (33 + 183) * tables  # 12 + 21 and 162 + 21 bytes of the standard tables
    return 20 + quantization + (10 + 3 * components) + huffman + (8 + 2 * components)


@pytest.mark.parametrize("shape", [GRAY, COLOR])
@pytest.mark.parametrize(("header", "num_bytes"), [("sent", 400), ("known", 150), ("known", 90)])
def test_the_best_file_of_pillow_is_received(shape, header, num_bytes):
    """Bytes that are not sent: the JPEG header and its 2-byte end for 1 byte, 26 of WebP."""
    sent = header == "sent"
    saved = {"JPEG": 0 if sent else blank_header(shape) + 1, "WEBP": 0 if sent else 26}
    codec = ImageCodec(shape, num_bytes, header)
    images = pictures(shape)
    coded = codec.encode(images)
    assert coded.data.shape == (len(images), num_bytes) and coded.fits.all()
    for image, found in zip(images, codec.decode(coded.data), strict=True):
        fitting = [
            decoded for kind, size, decoded in files(image, sent) if size - saved[kind] <= num_bytes
        ]
        errors = [np.mean((one / 255 - np.rint(image * 255) / 255) ** 2) for one in fitting]
        places = [np.array_equal(np.rint(found * 255), one) for one in fitting]
        assert any(places)
        chosen = errors[places.index(True)]
        assert chosen <= 1.1 * min(errors)  # the size is not exactly monotonic in the quality


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_a_format_can_be_chosen(kind):
    codec = ImageCodec(COLOR, 200, formats=[kind])
    data = codec.encode(pictures(COLOR)).data
    assert ((data[:, 0] == 255) == (kind == "webp")).all()


@pytest.mark.parametrize(("header", "num_bytes"), [("known", 8), ("sent", 60)])
def test_what_does_not_fit_is_no_image(header, num_bytes):
    codec = ImageCodec(COLOR, num_bytes, header)
    coded = codec.encode(pictures(COLOR))
    assert not coded.fits.any() and not coded.data.any()
    assert np.isnan(codec.decode(coded.data)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": (4, 4)}, r"`shape` must be .* Received: \(4, 4\)"),
        ({"shape": (4, 4, 2)}, "one or three channels"),
        ({"num_bytes": 0}, "`num_bytes` must be at least 1. Received: 0"),
        ({"header": "some"}, "`header` must be one of"),
        ({"formats": ["png"]}, "`formats` must be one of"),
        ({"formats": []}, "`formats` must be one of"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ImageCodec(**{"shape": COLOR, "num_bytes": 10, **options})


@pytest.mark.parametrize("images", [np.zeros((2, 28, 28, 3)), np.full((1, *COLOR), np.nan)])
def test_wrong_images_are_refused(images):
    with pytest.raises(ValueError, match="`images` must be finite"):
        ImageCodec(COLOR, 10).encode(images)
