# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.losses import discriminator_bce, redundancy_loss
from sionna_semcom.semantics import PairDiscriminators


class _Identity:
    """Returns the first numbers of both latents instead of a logit, to check the pairs."""

    def build(self, input_shape):
        pass

    def __call__(self, pairs, training=False):
        return pairs[:, :1] * 1000 + pairs[:, 1:]


def test_mismatched_pairs_never_match_and_use_every_sample_once():
    layer = PairDiscriminators(["a", "b"])
    layer.discriminators = {"a_b": _Identity()}
    numbers = tf.range(50, dtype=tf.float32)[:, None]
    for _ in range(20):
        matched, mismatched = layer({"a": numbers, "b": numbers})["a_b"]
        np.testing.assert_array_equal(matched, 1001 * numbers[:, 0])
        one, other = np.divmod(mismatched.numpy(), 1000)
        assert not np.any(one == other)
        np.testing.assert_array_equal(np.sort(one), numbers[:, 0])
        np.testing.assert_array_equal(np.sort(other), numbers[:, 0])


def test_a_discriminator_for_each_pair(compiled):
    names = ["text", "audio", "vision", "touch"]
    layer = PairDiscriminators(names)
    layer.build(dict.fromkeys(names, (None, 5)))
    latents = {name: tf.random.normal([8, 5]) for name in names}
    logits = compiled(layer)(latents)
    assert list(logits) == [
        *("text_audio", "text_vision", "text_touch", "audio_vision", "audio_touch"),
        "vision_touch",
    ]
    assert all(part.shape == (8,) for pair in logits.values() for part in pair)
    assert len(layer.trainable_weights) == 6 * 4


def test_the_loss_is_the_sum_over_pairs():
    layer = PairDiscriminators(["a", "b", "c"])
    layer.build(dict.fromkeys("abc", (None, 2)))
    logits = layer({name: tf.random.normal([16, 2]) for name in "abc"})
    expected = sum(float(discriminator_bce(*pair)) for pair in logits.values())
    assert float(redundancy_loss(logits.values())) == pytest.approx(expected, rel=1e-6)


def test_a_batch_of_one_is_no_error():
    layer = PairDiscriminators(["a", "b"])
    layer.build(dict.fromkeys("ab", (None, 2)))
    matched, mismatched = layer(dict.fromkeys("ab", tf.ones([1, 2])))["a_b"]
    np.testing.assert_array_equal(matched, mismatched)


def test_one_modality_alone_is_refused():
    with pytest.raises(ValueError, match=r"`names` must be two modalities or more.*\['text'\]"):
        PairDiscriminators(["text"])
