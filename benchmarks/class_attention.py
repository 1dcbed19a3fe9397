# SPDX-License-Identifier: Apache-2.0
"""Time of fusing the tokens of two pictures, gradients included: class attention and alternatives.

    python benchmarks/class_attention.py --json docs/results/class_attention.json

Against Keras's multi-head attention with the class token as its one query, which makes keys and
values of every token, and against the paper's transformer block over tokens as wide as the class
token, with this package's perceptron.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from sionna_semcom.semantics import MultimodalFusion, TransformerBlock
from sionna_semcom.semantics.networks.transformer import perceptron

SHAPES = {"image_1": (16, 96), "image_2": (16, 96)}
WIDTH, TOKEN_WIDTH, HEADS = 512, 128, 8


class EveryKeyAndValue(keras.layers.Layer):
    """Class attention out of Keras's layers, on tokens of ``TOKEN_WIDTH``."""

    def __init__(self) -> None:
        super().__init__()
        self.convert, self.norm = keras.layers.Dense(TOKEN_WIDTH), keras.layers.LayerNormalization()
        self.token_norm = keras.layers.LayerNormalization()
        self.attention = keras.layers.MultiHeadAttention(
            HEADS, TOKEN_WIDTH // HEADS, WIDTH // HEADS, output_shape=WIDTH
        )
        self.perceptron = perceptron(WIDTH, 2, 0.0)
        self.token = self.add_weight(shape=(1, 1, WIDTH))

    def call(self, tokens: dict[str, tf.Tensor]) -> tf.Tensor:
        """Fuse ``tokens``."""
        seen = self.norm(self.convert(tf.concat(list(tokens.values()), 1)))
        token = tf.repeat(self.token, tf.shape(seen)[0], 0)
        token += self.attention(self.token_norm(token), seen)
        return token[:, 0] + self.perceptron(token[:, 0])


class WideBlock(keras.layers.Layer):
    """The paper's block: the class token is one of the tokens, all of which are ``WIDTH`` long."""

    def __init__(self) -> None:
        super().__init__()
        self.convert, self.block = keras.layers.Dense(WIDTH), TransformerBlock(WIDTH, HEADS)
        self.token = self.add_weight(shape=(1, 1, WIDTH))

    def call(self, tokens: dict[str, tf.Tensor]) -> tf.Tensor:
        """Fuse ``tokens``."""
        joined = self.convert(tf.concat(list(tokens.values()), 1))
        token = tf.repeat(self.token, tf.shape(joined)[0], 0)
        return self.block(tf.concat([token, joined], 1))[:, 0]


def step(layer: keras.layers.Layer, tokens: dict[str, tf.Tensor]) -> tf.types.experimental.Callable:
    """A compiled call that goes through the gradients of all weights."""
    layer(tokens)
    weights = [weight.value for weight in layer.trainable_weights]

    @tf.function
    def run() -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(layer(tokens)))
        return tf.add_n([tf.reduce_sum(gradient) for gradient in tape.gradient(loss, weights)])

    return run


def main() -> None:
    """Print times and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", type=Path, help="Keep the figures in this file.")
    options = parser.parse_args()

    tokens = {name: tf.random.normal([options.batch, *shape]) for name, shape in SHAPES.items()}
    layers = {
        "package": MultimodalFusion(SHAPES, WIDTH, TOKEN_WIDTH, HEADS),
        "every_key_and_value": EveryKeyAndValue(),
        "wide_block": WideBlock(),
    }
    steps = {name: step(layer, tokens) for name, layer in layers.items()}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(options.rounds + 2):  # the first two trace and warm up
        for name, run in steps.items():
            start = time.perf_counter()
            run().numpy()
            if number > 1:
                times[name].append(time.perf_counter() - start)
    medians = {name: float(np.median(values)) for name, values in times.items()}
    found = {
        "milliseconds": {name: 1e3 * value for name, value in medians.items()},
        "ratio": {n: t / medians["package"] for n, t in medians.items() if n != "package"},
    }
    print(json.dumps(found, indent=2))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
