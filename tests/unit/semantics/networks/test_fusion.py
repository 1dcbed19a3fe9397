# SPDX-License-Identifier: Apache-2.0
"""Class attention against NumPy, and masked tokens, which must not affect the fused vector."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.semantics import ClassAttention, MultimodalFusion

SHAPES = {"image": (4, 5), "audio": (3, 7), "text": (1, 6)}


def _moved(layer):
    for weight in layer.trainable_weights:  # biases and scales away from where they start
        weight.assign(weight + 0.3 * tf.random.normal(weight.shape))
    return layer


def _attention(width=12, token_width=8, num_heads=2, **options):
    layer = ClassAttention(width, token_width, num_heads, **options)
    layer.build(None)
    return _moved(layer)


def _fusion(num_blocks=0, shapes=SHAPES, **options):
    sizes = {"width": 12, "token_width": 8, "num_heads": 2, **options}
    return _moved(MultimodalFusion(shapes, num_blocks=num_blocks, **sizes))


def _tokens(batch=3):
    return {name: tf.random.normal([batch, *shape]) for name, shape in SHAPES.items()}


def _norm(x, gamma, beta):
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return x * gamma + beta


def _perceptron(x, w):
    hidden = tf.keras.activations.gelu(_norm(x, w[0], w[1]) @ w[2] + w[3], approximate=False)
    return x + hidden.numpy() @ w[4] + w[5]


def _reference(layer, token, tokens, attention_mask, heads=2):
    """Reference that processes one sample and one head at a time, without masked tokens."""
    w = [weight.numpy().astype(float) for weight in layer.trainable_weights]
    token, tokens = np.array(token, float), np.array(tokens, float)
    (key, value), w = w[:2], w[2:]
    query = _norm(token, w[0], w[1]) @ w[4] + w[5]
    read = np.zeros_like(token)
    for j, real in enumerate(np.asarray(attention_mask)):
        seen = _norm(tokens[j][real], w[2], w[3])
        if not len(seen):
            continue
        keys, values = np.split(seen @ key, heads, -1), np.split(seen @ value, heads, -1)
        parts = []
        for q, k, v in zip(np.split(query[j], heads), keys, values, strict=True):
            share = np.exp(k @ q / np.sqrt(len(q)))
            parts.append(share / share.sum() @ v)
        read[j] = np.concatenate(parts)
    return _perceptron(token + read @ w[6] + w[7], w[8:])


@pytest.mark.parametrize(("width", "token_width", "heads"), [(12, 8, 2), (6, 15, 3), (8, 8, 1)])
def test_class_attention_is_that_of_the_formula(compiled, width, token_width, heads):
    layer = _attention(width, token_width, heads)
    token, tokens = tf.random.normal([4, width]), tf.random.normal([4, 5, token_width])
    everything = np.ones((4, 5), bool)
    expected = _reference(layer, token, tokens, everything, heads)
    np.testing.assert_allclose(compiled(layer)(token, tokens), expected, atol=2e-4)
    run = compiled(lambda t, x: layer(t, x, everything))
    np.testing.assert_allclose(run(token, tokens), expected, atol=2e-4)


def test_class_attention_reads_allowed_tokens_alone(compiled):
    layer = _attention()
    token, tokens = tf.random.normal([4, 12]), tf.random.normal([4, 5, 8])
    attention_mask = np.array([[1, 1, 1, 1, 1], [1, 0, 1, 0, 0], [0, 0, 0, 0, 1], [0] * 5], bool)
    run = compiled(lambda t, x: layer(t, x, tf.constant(attention_mask)))
    found = run(token, tokens)
    np.testing.assert_allclose(found, _reference(layer, token, tokens, attention_mask), atol=2e-4)
    noise = 1e4 * tf.random.normal(tokens.shape)
    np.testing.assert_array_equal(
        run(token, tf.where(attention_mask[..., None], tokens, noise)), found
    )
    changed = run(token, tokens + tf.random.normal(tokens.shape)).numpy()
    moved = np.abs(changed - found).max(-1)
    assert (moved[:3] > 1e-3).all() and moved[3] == 0


def test_expansion_and_dropout():
    layer = _attention(expansion=3, dropout=0.5)
    assert layer.trainable_weights[12].shape == (12, 36)
    token, tokens = tf.random.normal([4, 12]), tf.random.normal([4, 5, 8])
    np.testing.assert_array_equal(layer(token, tokens), layer(token, tokens))
    dropped = layer(token, tokens, training=True)
    assert np.abs(dropped - layer(token, tokens)).max() > 1e-2


def _fused_reference(fusion, tokens, masks):
    """Reference without blocks: converters and positions, class attention, and the last norm."""
    own = {weight.path.split("/")[-1]: weight.numpy() for weight in fusion.weights}
    kernels = {name: fusion._converters[name].get_weights() for name in tokens}
    joined = np.concatenate(
        [x @ kernels[n][0] + kernels[n][1] + own[f"{n}_positions"] for n, x in tokens.items()], 1
    )
    batch = len(joined)
    attention_mask = [masks.get(n, np.ones((batch, len(x[0])), bool)) for n, x in tokens.items()]
    token = np.tile(own["class"], (batch, 1))
    read = _reference(fusion._attention, token, joined, np.concatenate(attention_mask, 1))
    return _norm(read, *fusion._norm.get_weights())


def test_fusion_without_blocks_is_class_attention_on_converted_tokens(compiled):
    fusion, tokens = _fusion(), _tokens()
    mask = np.array([[1, 0, 1], [1, 1, 1], [0, 0, 0]], bool)
    plain = {name: x.numpy() for name, x in tokens.items()}
    expected = _fused_reference(fusion, plain, {})
    np.testing.assert_allclose(compiled(lambda x: fusion(x))(tokens), expected, atol=2e-4)
    expected = _fused_reference(fusion, plain, {"audio": mask})
    run = compiled(lambda x: fusion(x, {"audio": tf.constant(mask)}))
    np.testing.assert_allclose(run(tokens), expected, atol=2e-4)


@pytest.mark.parametrize("num_blocks", [0, 1, 2])
def test_padding_has_no_influence_at_all(compiled, num_blocks):
    fusion, tokens = _fusion(num_blocks), _tokens()
    masks = {
        "image": tf.sequence_mask([2, 1, 0], 4),
        "audio": tf.reverse(tf.sequence_mask([3, 1, 0], 3), [1]),
    }
    run = compiled(lambda x: fusion(x, masks))
    noise = {name: 100 * tf.random.normal(x.shape) for name, x in tokens.items()}
    real = {name: mask[..., None] for name, mask in masks.items()}
    padded = {**tokens, **{n: tf.where(m, tokens[n], noise[n]) for n, m in real.items()}}
    np.testing.assert_array_equal(run(tokens), run(padded))
    other = {**tokens, **{n: tf.where(m, noise[n], tokens[n]) for n, m in real.items()}}
    assert (np.abs(run(other) - run(tokens)).max(-1)[:2] > 1e-3).all()


@pytest.mark.parametrize("num_blocks", [0, 1])
def test_padding_is_as_if_it_were_not_there(num_blocks):
    fusion, tokens = _fusion(num_blocks), _tokens()
    masks = {"image": np.zeros((3, 4), bool), "text": np.ones((3, 1), bool)}
    given = {name: tokens[name] for name in ("audio", "text")}
    np.testing.assert_allclose(fusion(tokens, masks), fusion(given), atol=1e-5)
    np.testing.assert_allclose(fusion(given, {"image": masks["image"]}), fusion(given), atol=0)


@pytest.mark.parametrize("num_blocks", [0, 1])
@pytest.mark.parametrize("given", [["audio"], ["text", "image"]])
def test_a_modality_that_is_not_given_has_no_influence_at_all(compiled, num_blocks, given):
    fusion = _fusion(num_blocks)
    tokens = {name: x for name, x in _tokens().items() if name in given}
    run = compiled(lambda x: fusion(x))
    before = run(tokens).numpy()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(fusion(tokens) ** 3)
    weights = [w for w in fusion.trainable_weights if w.path.split("/")[-1] != "gamma"]
    for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
        own = [name for name in SHAPES if name in weight.path]
        assert (gradient is None) == bool(set(own) - set(given)), weight.path
        if gradient is None:
            weight.assign(100 * tf.random.normal(weight.shape))
    np.testing.assert_array_equal(run(tokens), before)
    together = fusion({**_tokens(), **tokens}).numpy()
    assert np.abs(together - before).max(-1).min() > 1e-2


@pytest.mark.parametrize("num_blocks", [0, 1])
def test_rows_without_a_token_depend_on_nothing(compiled, num_blocks):
    fusion = _fusion(num_blocks)
    masks = {name: tf.zeros([3, shape[0]], "bool") for name, shape in SHAPES.items()}
    run = compiled(lambda x: fusion(x, masks))
    first, second = run(_tokens()).numpy(), run(_tokens()).numpy()
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, np.tile(first[:1], (3, 1)), atol=1e-6)
    alone = run({name: 50 * x for name, x in _tokens().items()})
    np.testing.assert_array_equal(alone, first)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(fusion(_tokens(), masks) ** 3)
    for gradient in tape.gradient(loss, fusion.trainable_weights):
        assert gradient is None or np.isfinite(gradient).all()


@pytest.mark.parametrize("num_blocks", [0, 1])
def test_other_rows_have_no_influence(num_blocks):
    fusion, tokens = _fusion(num_blocks), _tokens()
    last = {name: x[2:] for name, x in tokens.items()}
    np.testing.assert_allclose(fusion(tokens)[2:], fusion(last), atol=1e-5)


@pytest.mark.parametrize("num_blocks", [0, 1])
def test_order_of_tokens_counts_and_that_of_modalities_does_not(num_blocks):
    fusion, tokens = _fusion(num_blocks), _tokens()
    turned = dict(reversed(tokens.items()))
    assert list(turned) != list(tokens)
    np.testing.assert_allclose(fusion(turned), fusion(tokens), atol=1e-5)
    swapped = {**tokens, "image": tokens["image"][:, ::-1]}
    assert np.abs(fusion(swapped) - fusion(tokens)).max() > 1e-3


def test_any_batch_goes_through_one_function():
    fusion = _fusion(1)
    signature = {name: tf.TensorSpec([None, *shape]) for name, shape in SHAPES.items()}
    mask = {"image": tf.TensorSpec([None, 4], tf.bool)}
    run = tf.function(fusion.call, input_signature=[signature, mask])
    for batch in (1, 5):
        tokens, real = _tokens(batch), {"image": tf.random.normal([batch, 4]) > 0}
        np.testing.assert_allclose(run(tokens, real), fusion(tokens, real), atol=1e-5)


def test_dropout_is_for_training_alone():
    fusion, tokens = _fusion(1, dropout=0.5), _tokens()
    np.testing.assert_array_equal(fusion(tokens), fusion(tokens))
    assert np.abs(fusion(tokens, training=True) - fusion(tokens)).max() > 1e-2


class _Model(keras.Model):
    def __init__(self, num_blocks):
        super().__init__()
        self.fusion = _fusion(num_blocks)

    def call(self, tokens):
        return self.fusion(tokens)


@pytest.mark.parametrize("num_blocks", [0, 1])
def test_weights_that_are_saved_are_loaded(tmp_path, num_blocks):
    first, second, tokens = _Model(num_blocks), _Model(num_blocks), _tokens()
    expected = first(tokens).numpy()
    assert np.abs(second(tokens) - expected).max() > 1e-2
    first.save_weights(tmp_path / "fusion.weights.h5")
    second.load_weights(tmp_path / "fusion.weights.h5")
    np.testing.assert_array_equal(second(tokens), expected)


@pytest.mark.parametrize(
    ("width", "token_width", "wrong"), [(9, 8, "width"), (8, 9, "token_width")]
)
def test_impossible_sizes_are_refused(width, token_width, wrong):
    message = f"`{wrong}` must be a multiple of `num_heads`. Received: 9 and 2"
    with pytest.raises(ValueError, match=message):
        ClassAttention(width, token_width, num_heads=2)
    with pytest.raises(ValueError, match=message):
        _fusion(width=width, token_width=token_width)
    with pytest.raises(ValueError, match="`token_shapes` must name at least one modality"):
        _fusion(shapes={})
