# SPDX-License-Identifier: Apache-2.0
import itertools

import numpy as np
import pytest

from sionna_semcom.semantics import deep_jscc_decoder, deep_jscc_encoder


@pytest.mark.parametrize(("num_symbols", "filters"), [(256, 8), (512, 16)])
def test_the_published_sizes_for_cifar10(num_symbols, filters):
    """k/n = 1/12 and 1/6 of 3,072 values; weights counted by hand from figure 2 of the paper."""
    encoder = deep_jscc_encoder((32, 32, 3), num_symbols)
    decoder = deep_jscc_decoder((32, 32, 3), num_symbols)
    assert encoder.output_shape == (None, 2 * num_symbols)
    assert decoder.output_shape == (None, 32, 32, 3)
    widths = [3, 16, 32, 32, 32, filters]
    pairs = list(itertools.pairwise(widths))
    kernels = sum(25 * a * b for a, b in pairs)
    assert encoder.count_params() == kernels + 2 * sum(widths[1:])  # a bias and a slope each
    assert decoder.count_params() == kernels + 2 * sum(widths[1:5]) + 3


@pytest.mark.parametrize(
    ("shape", "num_symbols", "strides"),
    [
        ((28, 28, 1), 8, (2, 2, 2, 2, 1)),
        ((28, 28, 1), 64, (2, 2, 2, 1, 1)),
        ((9, 13, 1), 6, (2, 2, 1, 1, 1)),
        ((7, 10, 3), 2, (4, 3, 1, 1, 1)),
    ],
)
def test_any_size_comes_back(shape, num_symbols, strides):
    images = np.random.default_rng(0).uniform(size=(2, *shape)).astype(np.float32)
    sizes = {"num_symbols": num_symbols, "strides": strides}
    latents = deep_jscc_encoder(shape, **sizes)(images)
    assert latents.shape == (2, 2 * num_symbols)
    found = deep_jscc_decoder(shape, **sizes)(latents).numpy()
    assert found.shape == images.shape
    assert found.min() > 0 and found.max() < 1


def test_each_position_sees_its_own_pixels():
    """The last of 4 x 4 positions depends on the lower right corner, and the first does not."""
    encoder = deep_jscc_encoder((32, 32, 1), 16, (2,), (2, 4))
    images = np.zeros((2, 32, 32, 1), np.float32)
    images[1, -1, -1] = 1
    first, second = encoder(images).numpy().reshape(2, 4, 4, 2)
    changed = np.abs(first - second).sum(-1) > 0
    assert changed[-1, -1] and not changed[:1].any() and not changed[:, :1].any()


def test_first_reconstructions_have_the_initial_value():
    """Without input, only biases are left."""
    decoder = deep_jscc_decoder((28, 28, 1), 49, initial_value=0.13)
    np.testing.assert_allclose(decoder(np.zeros((1, 98), np.float32)), 0.13, rtol=1e-6)
    with pytest.raises(ValueError, match=r"`initial_value` must lie in \(0, 1\). Received: 1"):
        deep_jscc_decoder((28, 28, 1), 49, initial_value=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_symbols": 8}, r"`num_symbols` must be a multiple of 49, .*7 x 7.* Received: 8"),
        ({"num_symbols": 49, "strides": (2, 2)}, "Received: 2 strides, 4 filters"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(options, message):
    for build in (deep_jscc_encoder, deep_jscc_decoder):
        with pytest.raises(ValueError, match=message):
            build((28, 28, 1), **options)
