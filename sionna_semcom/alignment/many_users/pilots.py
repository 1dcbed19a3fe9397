# SPDX-License-Identifier: Apache-2.0
"""Semantic pilots of several users."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def latents_of_users(latents: Sequence[ArrayLike], name: str) -> list[Array]:
    """Latents [n, m_k] of the same inputs for every user.

    Raises
    ------
    ValueError
        If there is no user, or the numbers of inputs differ
    """
    if not len(latents):
        raise ValueError(f"`{name}` must hold the latents of at least one user. Received: none")
    users = [np.asarray(each, np.float64) for each in latents]
    sizes = {each.shape[0] if each.ndim == 2 else None for each in users}
    if len(sizes) > 1 or None in sizes:
        raise ValueError(
            f"`{name}` must be latents [n, m] of the same n inputs for every user. "
            f"Received: shapes {[each.shape for each in users]}"
        )
    return users


def halves_together(users: Sequence[Array]) -> Array:
    """First halves of the features of all users, and then their second halves.

    Pairs of features of the complex-linear form then belong to one user each. Odd numbers of
    features are padded with a zero.
    """
    padded = [np.pad(one, [(0, 0), (0, one.shape[1] % 2)]) for one in users]
    halves = [np.split(one, 2, 1) for one in padded]
    return np.concatenate([half[part] for part in (0, 1) for half in halves], 1)
