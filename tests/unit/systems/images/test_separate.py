# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom._seeding import set_seed
from sionna_semcom.datasets import Digits
from sionna_semcom.link import AWGNLink
from sionna_semcom.semantics import ImageCodec
from sionna_semcom.systems import SeparateImages, SeparateImagesSettings

SHAPE = (28, 28, 1)
RATES = [(2, 0.5), (4, 0.5), (6, 0.75)]


def pictures(count, seed=0):
    """Bright rectangles on black."""
    rng = np.random.default_rng(seed)
    images = np.zeros((count, *SHAPE), np.float32)
    for image, (top, left) in zip(images, rng.integers(2, 14, (count, 2)), strict=True):
        image[top : top + 10, left : left + 10] = 0.8
    return images


def build(**options):
    set_seed(0)
    chosen = {"num_symbols": 128, "rates": RATES, "num_codewords": 20, "snr_db": (-4.0, 20.0)}
    chosen["snr_step_db"] = 8.0
    return SeparateImages({"image": SHAPE}, pictures(50), link=AWGNLink(), **{**chosen, **options})


@pytest.fixture(scope="module")
def system():
    return build()


def measured(system, images, snr_db):
    return {k: v.numpy() for k, v in system.measure({"image": tf.constant(images)}, snr_db).items()}


@pytest.mark.parametrize(("snr_db", "bits"), [(4.0, 128), (12.0, 256), (20.0, 576)])
def test_the_file_of_the_codec_is_received_at_the_rate_of_the_snr(system, snr_db, bits):
    """Capacity of 128 uses at 4, 12 and 20 dB: 232, 521 and 852 bits; r m N bits are sent."""
    images = pictures(6, seed=1)
    received = system({"image": tf.constant(images)}, snr_db=snr_db)["image"].numpy()
    codec = ImageCodec(SHAPE, bits // 8)
    expected = codec.decode(codec.encode(images).data)
    expected = np.where(np.isnan(expected), pictures(50).mean(0), expected)
    np.testing.assert_allclose(received, expected, atol=1e-6)
    figures = measured(system, images, snr_db)
    assert set(figures["information_bits"]) == {bits}
    assert not figures["bler"].any()
    np.testing.assert_array_equal(figures["image_received"], codec.encode(images).fits)


def test_below_capacity_the_mean_image_is_returned(system):
    """At -4 dB, 128 uses carry 62 bits at most, and each rate has more."""
    images = pictures(6, seed=1)
    received = system({"image": tf.constant(images)}, snr_db=-4.0)["image"].numpy()
    expected = np.broadcast_to(pictures(50).mean(0), received.shape)
    np.testing.assert_allclose(received, expected, atol=1e-6)
    figures = measured(system, images, -4.0)
    assert figures["bler"].all() and not figures["image_received"].any()
    error = np.mean((images - pictures(50).mean(0)) ** 2, (1, 2, 3))
    np.testing.assert_allclose(figures["image_mse"], error, rtol=1e-5)


def test_where_no_file_fits_the_mean_image_is_returned():
    few = build(num_symbols=8)
    figures = measured(few, pictures(4), 20.0)
    assert figures["information_bits"].max() <= 36  # 6 bits at 0.75 in 8 symbols
    assert not figures["image_received"].any()
    assert not figures["bler"].any()


def test_headers_cost_the_image(system):
    """A gray JPEG file has at least 120 bytes, and 576 bits are 72."""
    with_headers = build(header="sent")
    assert not measured(with_headers, pictures(4), 20.0)["image_received"].any()
    assert measured(system, pictures(4), 20.0)["image_received"].all()


def test_a_graph_takes_the_rate_of_a_snr_that_is_a_tensor(system):
    measure = tf.function(system.measure, autograph=False)
    batch = {"image": tf.constant(pictures(3))}
    found = [int(measure(batch, tf.constant(x))["information_bits"][0]) for x in (4.0, 12.0, 20.0)]
    assert found == [128, 256, 576]


def test_metrics_are_those_of_the_settings(system):
    names = SeparateImagesSettings().metric_names(["image"])
    assert set(measured(system, pictures(2), 10.0)) == set(names)


def test_studies_use_validation_images():
    digits = Digits(modalities=["image"])
    settings = SeparateImagesSettings(num_symbols=64, rates=RATES, num_images=30, num_codewords=5)
    set_seed(0)
    system = settings.build(digits, AWGNLink(), (0.0, 3.0))
    mean = digits.images("validation")[0][:30].mean(0)
    np.testing.assert_allclose(system.saved_arrays()["mean"], mean, rtol=1e-5)


def test_too_few_symbols_are_refused():
    with pytest.raises(ValueError, match=r"At least 12 .* Received: 9 in 2"):
        build(num_symbols=2)
    with pytest.raises(ValueError, match="rates"):
        build(rates=[(3, 0.5)])
