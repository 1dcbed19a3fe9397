# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="call-arg"
"""All classes of Trifeature are different: a supervised classifier distinguishes them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.datasets import COLORS, SHAPES, TEXTURES, draw
from sionna_semcom.semantics import RandomAffine, residual_encoder

KNOWN = {"shape": SHAPES, "texture": TEXTURES, "color": COLORS}


def _pictures(count, seed):
    generator = np.random.default_rng(seed)
    classes = {name: generator.integers(len(known), size=count) for name, known in KNOWN.items()}
    pictures = draw(*classes.values(), 32, generator)
    return pictures, {name: values.astype(np.int32) for name, values in classes.items()}


def _augmentation():
    return keras.Sequential([RandomAffine(zoom=0.3, shift=0.12), keras.layers.GaussianNoise(0.05)])


def _classifier():
    pictures = keras.layers.Input((32, 32, 3))
    features = residual_encoder((32, 32, 3), 128, (24, 48, 96))(pictures)
    heads = {name: keras.layers.Dense(len(known), name=name) for name, known in KNOWN.items()}
    return keras.Model(pictures, {name: head(features) for name, head in heads.items()})


@pytest.mark.slow
def test_a_supervised_classifier_is_nearly_always_right():
    train, test = _pictures(20_000, 1), _pictures(2_000, 2)
    model, augment = _classifier(), _augmentation()
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, 2400, warmup_target=2e-3, warmup_steps=200
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(schedule), dict.fromkeys(KNOWN, loss), jit_compile=False)

    def seen(pictures, classes):
        return augment(tf.cast(pictures, tf.float32) / 255.0, training=True), classes

    batches = tf.data.Dataset.from_tensor_slices(train).shuffle(20_000, seed=0).batch(100)
    model.fit(batches.map(seen), epochs=12, shuffle=False, verbose=0)
    found = model.predict(seen(*test)[0], batch_size=500, verbose=0)
    right = {name: np.mean(found[name].argmax(-1) == test[1][name]) for name in KNOWN}
    assert right["color"] > 0.995, right
    assert right["shape"] > 0.98, right
    assert right["texture"] > 0.97, right
