# SPDX-License-Identifier: Apache-2.0
"""Encoders with token outputs: numbers and lengths of tokens, and their receptive fields."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.semantics import (
    EncoderTokens,
    FeatureEncoder,
    FeatureTokens,
    MultimodalFusion,
    default_tokens,
    residual_encoder,
    token_encoder,
)


def _images(count, shape, seed=1):
    return np.random.default_rng(seed).random((count, *shape), np.float32)


@pytest.mark.parametrize(
    ("shape", "filters", "number"),
    [
        ((32, 32, 3), (4, 6, 8), 16),
        ((16, 8, 1), (4, 6), 8),
        ((7, 9, 1), (5,), 20),
        ((7, 9, 2), (5, 3), 6),
        ((2, 1, 1), (8, 8, 16), 1),
    ],
)
def test_images_of_any_size_become_tokens(shape, filters, number):
    network = token_encoder(shape, filters)
    assert network.output_shape == (None, number, filters[-1])
    tokens = np.asarray(network(_images(3, shape)))
    assert tokens.shape == (3, number, filters[-1])
    assert np.isfinite(tokens).all() and tokens.min() >= 0
    assert not np.allclose(tokens[0], tokens[1])


def test_filters_and_strides_are_those_of_the_description():
    layers = token_encoder((16, 16, 3), (4, 6, 8)).layers
    found = [
        (x.filters, x.kernel_size, x.strides) for x in layers if isinstance(x, keras.layers.Conv2D)
    ]
    assert found == [(4, (5, 5), (2, 2)), (6, (3, 3), (2, 2)), (8, (3, 3), (2, 2))]
    assert sum(isinstance(x, keras.layers.BatchNormalization) for x in layers) == 3


def test_a_token_is_of_a_place():
    """Tokens are ordered by rows of positions. Distant pixels do not change a token."""
    network = token_encoder((16, 24, 1), (8, 32))  # 4 x 6 places
    image = _images(1, (16, 24, 1))
    for row, column in ((0, 0), (1, 4), (3, 5), (2, 0)):
        changed = image.copy()
        changed[0, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] += 1.0
        difference = np.asarray(network(changed)) - np.asarray(network(image))
        difference = np.abs(difference).max(-1).reshape(4, 6)
        assert difference[row, column] > 0.01
        rows, columns = np.nonzero(difference)
        assert np.abs(rows - row).max() <= 1 and np.abs(columns - column).max() <= 1


def test_every_pixel_counts():
    """Includes the last row and column of odd sizes."""
    network = token_encoder((7, 9, 1), (16, 32))
    image = np.full((1, 7, 9, 1), 0.5, np.float32)
    changed = np.repeat(image, 63, 0)
    changed.reshape(63, 63)[np.diag_indices(63)] = 1.0
    difference = np.abs(np.asarray(network(changed)) - np.asarray(network(image)))
    assert (difference.max((1, 2)) > 0).all()


def test_training_normalizes_over_the_batch():
    network, images = token_encoder((8, 8, 3), (4, 6)), _images(5, (8, 8, 3))
    before = np.asarray(network(images, training=False))
    trained = np.asarray(network(images, training=True))
    assert np.abs(trained - before).max() > 0.1
    moved = np.asarray(network(images, training=False))  # by the moving averages
    assert np.abs(moved - before).max() > 1e-3


def test_tokens_of_an_encoder_of_tokens(compiled):
    encoder = token_encoder((8, 12, 3), (4, 6))
    tokens = EncoderTokens("image", (8, 12, 3), encoder)
    assert tokens.token_shape == (6, 6)
    images = tf.constant(_images(3, (8, 12, 3)))
    found, mask = compiled(lambda x: tokens({"image": x, "label": tf.zeros([3])}))(images)
    assert mask is None
    np.testing.assert_allclose(found, encoder(images), atol=1e-5)


@pytest.mark.parametrize("width", [5, 12])
def test_a_vector_is_one_token(compiled, width):
    encoder = residual_encoder((8, 8, 1), width, widths=(4, 6))
    tokens = EncoderTokens("image", (8, 8, 1), encoder)
    assert tokens.token_shape == (1, width)
    images = tf.constant(_images(3, (8, 8, 1)))
    found, mask = compiled(lambda x: tokens({"image": x}))(images)
    assert mask is None
    assert found.shape == (3, 1, width)
    np.testing.assert_allclose(found[:, 0], encoder(images), atol=1e-5)


@pytest.mark.parametrize("shape", [(7,), (6, 4)])
def test_feature_encoders_take_the_whole_batch(shape):
    encoder = FeatureEncoder("audio", shape, 8)
    tokens = EncoderTokens("audio", shape, encoder)
    assert tokens.token_shape == (1, 8)
    batch = {"audio": tf.random.normal([3, *shape]), "audio_length": tf.constant([1, 6, 3])}
    found, mask = tokens(batch)
    assert mask is None
    np.testing.assert_allclose(found[:, 0], encoder(batch), atol=1e-6)
    other = {**batch, "audio_length": tf.constant([2, 6, 3])}
    changed = np.abs(tokens(other)[0] - found).max((1, 2))
    assert (changed > 1e-4).tolist() == [len(shape) == 2, False, False]


def test_training_reaches_the_encoder():
    images = EncoderTokens("image", (8, 8, 3), token_encoder((8, 8, 3), (4, 6)))
    batch = {"image": tf.constant(_images(4, (8, 8, 3)))}
    np.testing.assert_array_equal(images(batch)[0], images(batch)[0])
    assert np.abs(images(batch, training=True)[0] - images(batch)[0]).max() > 0.1
    features = EncoderTokens("audio", (50,), FeatureEncoder("audio", (50,), 8, dropout=0.5))
    batch = {"audio": tf.random.normal([4, 50])}
    np.testing.assert_array_equal(features(batch)[0], features(batch)[0])
    assert np.abs(features(batch, training=True)[0] - features(batch)[0]).max() > 0.01


@pytest.mark.parametrize("shape", [(8, 8, 3), (7,), (6, 4)])
def test_every_weight_learns(shape):
    tokens = default_tokens("audio", shape, width=8, filters=(4, 6))
    assert tokens.trainable_weights
    batch = {"audio": tf.random.uniform([16, *shape]), "audio_length": tf.fill([16], 6)}
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tokens(batch, training=True)[0] ** 3)
    for weight, gradient in zip(
        tokens.trainable_weights, tape.gradient(loss, tokens.trainable_weights), strict=True
    ):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0, weight.path


@pytest.mark.parametrize(
    ("shape", "kind", "token_shape"),
    [
        ((16, 24, 3), EncoderTokens, (24, 6)),
        ((7,), FeatureTokens, (4, 8)),
        ((6, 5), FeatureTokens, (6, 8)),
    ],
)
def test_the_usual_encoder_is_that_of_the_shape(shape, kind, token_shape):
    tokens = default_tokens("audio", shape, width=8, filters=(4, 6))
    assert type(tokens) is kind
    assert tokens.name == "audio_tokens"
    assert tokens.token_shape == token_shape
    lengths = tf.constant([6, 2, 0])
    found, mask = tokens({"audio": tf.random.uniform([3, *shape]), "audio_length": lengths})
    assert found.shape == (3, *token_shape)
    if kind is EncoderTokens:
        assert mask is None
    else:
        real = [4, 4, 4] if len(shape) == 1 else lengths
        np.testing.assert_array_equal(mask, tf.sequence_mask(real, token_shape[0]))


def test_without_options_the_usual_encoder_has_the_documented_sizes():
    assert default_tokens("image", (32, 32, 3)).token_shape == (16, 96)
    assert default_tokens("numbers", (7,)).token_shape == (4, 64)
    assert default_tokens("words", (6, 5)).token_shape == (6, 64)


def test_a_fusion_takes_the_tokens():
    shapes = {"image": (8, 8, 3), "words": (6, 5), "numbers": (7,)}
    encoders = {n: default_tokens(n, s, width=8, filters=(4, 6)) for n, s in shapes.items()}
    token_shapes = {name: encoder.token_shape for name, encoder in encoders.items()}
    fusion = MultimodalFusion(token_shapes, width=12, token_width=8, num_heads=2)
    batch = {name: tf.random.uniform([3, *shape]) for name, shape in shapes.items()}
    batch["words_length"] = tf.constant([6, 2, 0])
    made = {name: encoder(batch) for name, encoder in encoders.items()}
    masks = {name: mask for name, (_, mask) in made.items() if mask is not None}
    assert set(masks) == {"words", "numbers"}
    fused = fusion({name: tokens for name, (tokens, _) in made.items()}, masks)
    assert fused.shape == (3, 12)
    assert np.isfinite(fused).all()


@pytest.mark.parametrize("shape", [(), (2, 3, 4, 5)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"Samples of 'audio' must be images .*Received: \("):
        default_tokens("audio", shape)


class _Model(keras.Model):
    def __init__(self):
        super().__init__()
        self.tokens = default_tokens("image", (8, 8, 3), filters=(4, 6))

    def call(self, batch):
        return self.tokens(batch)[0]


def test_weights_that_are_saved_are_loaded(tmp_path):
    first, second = _Model(), _Model()
    batch = {"image": tf.constant(_images(3, (8, 8, 3)))}
    expected = first(batch).numpy()
    assert np.abs(second(batch) - expected).max() > 1e-3
    first.save_weights(tmp_path / "tokens.weights.h5")
    second.load_weights(tmp_path / "tokens.weights.h5")
    np.testing.assert_array_equal(second(batch), expected)
