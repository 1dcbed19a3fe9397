# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import keras
import numpy as np
import pytest

from sionna_semcom.semantics import plain_encoder, residual_encoder

ENCODERS = [plain_encoder, residual_encoder]


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("shape", [(32, 32, 3), (8, 8, 1), (7, 9, 1), (13, 6, 3), (2, 1, 1)])
def test_any_size_of_image_becomes_a_latent(encoder, shape):
    network = encoder(shape, 10, widths=(4, 6, 8))
    images = np.random.default_rng(1).random((3, *shape), np.float32)
    latents = np.asarray(network(images))
    assert network.output_shape == (None, 10)
    assert latents.shape == (3, 10)
    assert np.isfinite(latents).all()
    assert not np.allclose(latents[0], latents[1])


@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_pixel_counts(encoder):
    """Includes the last row and column of odd sizes."""
    network = encoder((7, 9, 1), 16, widths=(4, 8))
    image = np.full((1, 7, 9, 1), 0.5, np.float32)
    changed = np.repeat(image, 63, 0)
    changed.reshape(63, 63)[np.diag_indices(63)] = 1.0
    difference = np.abs(np.asarray(network(changed)) - np.asarray(network(image)))
    assert (difference.max(-1) > 0).mean() > 0.9  # where a maximum is elsewhere, it hides some


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("widths", [(4,), (4, 8), (4, 8, 8, 8)])
def test_depth_is_that_of_the_widths(encoder, widths):
    network = encoder((8, 8, 1), 5, widths)
    filters = [layer.filters for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert set(filters) == {32, 5, *widths}
    assert network(np.zeros((2, 8, 8, 1), np.float32)).shape == (2, 5)


def test_the_two_are_strangers():
    """The layers differ, and the latents are not related by a rotation."""
    networks = [encoder((16, 16, 3), 12, widths=(8, 12)) for encoder in ENCODERS]
    plain, residual = ({type(layer).__name__ for layer in network.layers} for network in networks)
    assert "Add" in residual - plain
    assert "MaxPooling2D" in plain - residual
    images = np.random.default_rng(1).random((50, 16, 16, 3), np.float32)
    latents = [np.asarray(network(images)) for network in networks]
    assert not np.allclose(*latents)
    distances = [
        np.linalg.norm(rows[:, None] - rows, axis=-1)[np.triu_indices(50, 1)] for rows in latents
    ]
    assert np.corrcoef(distances)[0, 1] < 0.9
