# SPDX-License-Identifier: Apache-2.0
"""One seed for everything random."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


def derive_seed(*parts: object) -> int:
    """A 31-bit seed that depends on every part and its order, the same on every machine."""
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
    """Seed what links draw from, Sionna's generators, and NumPy and Python; return the seed.

    TensorFlow's own seed stays as it is: setting it discards everything that TensorFlow has
    prepared for the execution of its functions, which takes seconds for each of them. Only the
    initial values of weights and the order of data depend on it.
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
    """Where Sionna's generators of TensorFlow and NumPy stand, as plain values."""
    from sionna.phy import config

    return {
        "tensorflow": config.tf_rng.state.numpy().tolist(),
        "numpy": config.np_rng.bit_generator.state,
    }


@contextmanager
def generators_at(states: Mapping[str, Any]) -> Iterator[None]:
    """Put generators where ``states`` say, and afterwards back to where they were.

    Raises
    ------
    ValueError
        If ``states`` are not those of :func:`generator_states`
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
