# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.semantics import FeatureEncoder, SequenceEncoder, TransformerBlock


def _block(**options):
    block = TransformerBlock(8, num_heads=2, **options)
    block.build((None, 5, 8))
    for weight in block.trainable_weights:  # biases and scales away from where they start
        weight.assign(weight + 0.3 * tf.random.normal(weight.shape))
    return block


def _norm(x, gamma, beta):
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return x * gamma + beta


def test_a_block_is_attention_and_perceptron_on_normalized_tokens():
    block, tokens = _block(), tf.random.normal([3, 5, 8])
    w = [weight.numpy() for weight in block.trainable_weights]
    x = tokens.numpy()
    seen = _norm(x, w[0], w[1])
    q, k, v = (np.einsum("btd,dhe->bhte", seen, w[i]) + w[i + 1][:, None] for i in (2, 4, 6))
    scores = np.einsum("bhte,bhse->bhts", q, k) / np.sqrt(4)
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    x = x + np.einsum("bhts,bhse,hed->btd", weights, v, w[8]) + w[9]
    hidden = _norm(x, w[10], w[11]) @ w[12] + w[13]
    hidden = tf.keras.activations.gelu(hidden, approximate=False).numpy()
    np.testing.assert_allclose(block(tokens), x + hidden @ w[14] + w[15], atol=2e-4)


def test_masked_tokens_are_not_seen(compiled):
    block, tokens = _block(), tf.random.normal([3, 5, 8])
    mask = tf.constant([[True, True, True, False, False]] * 3)
    run = compiled(lambda t: block(t, attention_mask=mask))
    changed = tf.concat([tokens[:, :3], 100 * tf.random.normal([3, 2, 8])], 1)
    np.testing.assert_array_equal(run(tokens)[:, :3], run(changed)[:, :3])
    np.testing.assert_allclose(run(tokens)[:, :3], block(tokens[:, :3]), atol=1e-5)


def test_a_row_without_tokens_disturbs_no_other_and_has_finite_gradients(compiled):
    block, tokens = _block(), tf.random.normal([2, 5, 8])
    mask = tf.constant([[False] * 5, [True] * 2 + [False] * 3])

    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            given = block(x, attention_mask=mask)
            kept = tf.reduce_sum(given[1, :2] ** 2)
        return given, tape.gradient(kept, x)

    given, gradient = compiled(run)(tokens)
    np.testing.assert_allclose(given[1, :2], block(tokens[1:, :2])[0], atol=1e-5)
    assert np.isfinite(given).all()
    assert np.isfinite(gradient).all()
    assert not np.any(gradient[0])


def _encoder():
    encoder = SequenceEncoder(8, num_heads=2)
    encoder.build((None, 6, 4))
    return encoder


def test_padding_does_not_matter():
    encoder, frames = _encoder(), tf.random.normal([4, 6, 4])
    lengths = tf.constant([0, 1, 4, 6])
    noise = 50 * tf.random.normal([4, 6, 4])
    real = tf.sequence_mask(lengths, 6)[..., None]
    first = encoder(tf.where(real, frames, 0.0), lengths)
    np.testing.assert_array_equal(first, encoder(tf.where(real, frames, noise), lengths))
    assert np.isfinite(first).all()


def test_the_order_of_frames_matters():
    encoder, frames = _encoder(), tf.random.normal([4, 6, 4])
    lengths = tf.fill([4], 6)
    assert np.abs(encoder(frames, lengths) - encoder(frames[:, ::-1], lengths)).max() > 1e-3


def test_a_sequence_without_frames_is_the_class_token_alone():
    encoder, frames = _encoder(), tf.random.normal([4, 6, 4])
    features = encoder(frames, tf.zeros([4], tf.int32)).numpy()
    np.testing.assert_array_equal(features, np.tile(features[:1], [4, 1]))


@pytest.mark.parametrize("shape", [(7,), (6, 4)])
def test_features_are_vectors_or_sequences(shape):
    encoder = FeatureEncoder("audio", shape, 8)
    inputs = {"audio": tf.random.normal([3, *shape]), "audio_length": tf.constant([1, 6, 3])}
    assert encoder(inputs).shape == (3, 8)
    assert encoder.trainable_weights


def test_impossible_sizes_are_refused():
    with pytest.raises(ValueError, match=r"`width` must be a multiple.*Received: 9 and 2"):
        TransformerBlock(9, num_heads=2)
    with pytest.raises(ValueError, match=r"Features of 'image' must be vectors.*\(28, 28, 1\)"):
        FeatureEncoder("image", (28, 28, 1), 8)
