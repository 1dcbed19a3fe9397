# SPDX-License-Identifier: Apache-2.0
"""Random draws of a constructor that do not affect other draws."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sionna.phy import config

OWN_SEED = 1


@contextmanager
def own_randomness(seed: int = OWN_SEED) -> Iterator[None]:
    """Use a fixed seed within the block, and restore Sionna's generator afterwards."""
    generator = config.tf_rng
    state = generator.state.read_value()
    generator.reset_from_seed(seed)
    try:
        yield
    finally:
        generator.reset(state)
