# SPDX-License-Identifier: Apache-2.0
"""Receivers of the latents of several users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...datasets import LatentPairs
from .saving import Receiver


class UserReceivers(NamedTuple):
    """Receiver of each user's link: the users themselves, or the station in the uplink."""

    users: tuple[Receiver, ...]
    variances: tuple[float, ...]
    """Mean variance of the receiver's test latents of each link"""

    @classmethod
    def of(cls, pairs: Sequence[LatentPairs]) -> UserReceivers:
        """Receivers of the pairs of latents of each user."""
        variances = (float(np.mean(np.var(one.splits["test"].rx, axis=0))) for one in pairs)
        return cls(tuple(Receiver.of(one) for one in pairs), tuple(variances))

    def get_config(self) -> dict[str, Any]:
        """Configuration with the sizes of the arrays instead of the arrays."""
        users = [one.get_config() for one in self.users]
        return {"users": users, "variances": list(self.variances)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> UserReceivers:
        """Receivers with heads of zeros."""
        users = tuple(Receiver.from_config(one) for one in config["users"])
        return cls(users, tuple(config["variances"]))

    def arrays(self) -> dict[str, np.ndarray]:
        """Weights of the heads."""
        return {
            f"user_{number}.{name}": array
            for number, one in enumerate(self.users)
            for name, array in one.arrays().items()
        }

    def with_arrays(self, arrays: Mapping[str, np.ndarray]) -> UserReceivers:
        """Same receivers with the output of :meth:`arrays`."""

        def own(number: int, one: Receiver) -> Receiver:
            names = {name: f"user_{number}.{name}" for name in one.arrays()}
            return one.with_arrays({name: arrays[path] for name, path in names.items()})

        return self._replace(users=tuple(own(*item) for item in enumerate(self.users)))
