# SPDX-License-Identifier: Apache-2.0
"""One seed for all random number generators."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


def derive_seed(*parts: object) -> int:
    """31-bit seed that depends on all parts and their order, and is equal on all machines."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def set_seed(*parts: object) -> int:
    """Seed Python, NumPy, TensorFlow, Keras and Sionna from ``parts``; return the seed."""
    import keras
    import sionna.phy

    seed = derive_seed(*parts)
    keras.utils.set_random_seed(seed)
    sionna.phy.config.seed = seed
    return seed


def reseed(*parts: object) -> int:
    """Seed Sionna's generators, which links use, NumPy and Python; return the seed.

    TensorFlow's own seed is not changed: setting it discards all compiled functions, and compiling
    each again takes seconds. Only initial weights and the order of data depend on it.
    """
    import random

    import numpy as np
    import sionna.phy

    seed = derive_seed(*parts)
    random.seed(seed)
    np.random.seed(seed)
    sionna.phy.config.seed = seed
    return seed


def generator_states() -> dict[str, Any]:
    """States of Sionna's TensorFlow and NumPy generators, as plain values."""
    from sionna.phy import config

    return {
        "tensorflow": config.tf_rng.state.numpy().tolist(),
        "numpy": config.np_rng.bit_generator.state,
    }


@contextmanager
def generators_at(states: Mapping[str, Any]) -> Iterator[None]:
    """Set the generators to ``states`` within the block, and restore them afterwards.

    Raises
    ------
    ValueError
        If ``states`` were not created by :func:`generator_states`
    """
    from sionna.phy import config

    def assign(states: Mapping[str, Any]) -> None:
        if "tensorflow" in states:
            config.tf_rng.reset(states["tensorflow"])
        if "numpy" in states:
            config.np_rng.bit_generator.state = states["numpy"]

    before = generator_states()
    try:
        try:
            assign(states)
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise ValueError(f"`drawn_from` must be states of generators: {error}") from error
        yield
    finally:
        assign(before)
