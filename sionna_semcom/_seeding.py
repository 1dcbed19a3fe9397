# SPDX-License-Identifier: Apache-2.0
"""One seed for everything random."""

from __future__ import annotations

import hashlib


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
