"""Random alignment problems."""

import numpy as np
import tensorflow as tf

from sionna_semcom.alignment import PilotStatistics


def pilots(d=12, m=20, count=400, rank=None, seed=0):
    """Latents of two networks for the same inputs, correlated and not centered."""
    draw = np.random.default_rng(seed)
    inputs = draw.normal(size=(count, rank or d)) * np.exp(-np.arange(rank or d) / 4)
    tx = inputs @ draw.normal(size=(rank or d, d)) + draw.normal(size=d)
    rx = np.tanh(inputs) @ draw.normal(size=(rank or d, m)) + 0.1 * draw.normal(size=(count, m))
    return tx, rx


def statistics(**options):
    return PilotStatistics.of(*pilots(**options))


def channels(*shape, seed=0, dtype=tf.complex128):
    """Rayleigh channels of ``shape``."""
    draw = np.random.default_rng(seed)
    parts = draw.normal(size=(2, *shape)) * 0.5**0.5
    return tf.cast(parts[0] + 1j * parts[1], dtype)


def noise(shape, no, seed=0, dtype=tf.complex128):
    return tf.cast(no**0.5, dtype) * channels(*shape, seed=seed, dtype=dtype)
