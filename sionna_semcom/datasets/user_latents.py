# SPDX-License-Identifier: Apache-2.0
"""Latents of the same inputs from the network of a base station and the networks of users."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import h5py
import numpy as np

from .._files import atomic_hdf5, sha256
from .._hdf5 import open_hdf5, read_checksums, read_dataset
from .._messages import listed
from .features.columns import as_numbers
from .folder import find_file
from .latent_data import (
    SPLITS,
    LatentData,
    as_latents,
    balanced_rows,
    check_groups,
    check_head,
    classes,
    fit_head,
    head_accuracy,
    read_latents,
)
from .latents import LatentPairs, LatentSplit
from .settings import DATASETS, DataSettings

USER_LATENTS = ("station", "users")


class Head(NamedTuple):
    """Linear head of a network, ``latents @ kernel + bias``."""

    kernel: np.ndarray
    """[m, num_classes], `float32`"""
    bias: np.ndarray
    """[num_classes], `float32`"""


@dataclass(frozen=True)
class UserLatentSplit:
    """Latents of the same inputs from several networks, and the classes of the inputs.

    Parameters
    ----------
    station : [num_samples, d], `float`
        Latents of the base station's network, which are kept as `float32`
    users : sequence of [num_samples, m_k], `float`
        Latents of the network of each user, which are kept as `float32`
    label : [num_samples], `int`
        Classes, which are kept as `int32`

    Raises
    ------
    ValueError
        If there is no user, the arrays do not match, or a value is not finite
    """

    station: np.ndarray
    users: tuple[np.ndarray, ...]
    label: np.ndarray

    def __post_init__(self) -> None:
        names = ["station", *(f"users[{number}]" for number in range(len(self.users)))]
        latents = list(map(as_numbers, [self.station, *self.users], names))
        label = np.asarray(self.label)
        shapes = [one.shape for one in (*latents, label)]
        sizes = [len(shape) for shape in shapes]
        same = len({shape[0] for shape in shapes if shape}) == 1
        if len(latents) < 2 or sizes != [2] * len(latents) + [1] or not same:
            raise ValueError(
                "`station`, each of `users` and `label` must have shapes [n, d], [n, m] and [n]. "
                f"Received: {listed(map(str, shapes))}"
            )
        if not len(label):
            raise ValueError("`label` must hold classes 0, 1, ... Received: none")
        station, *users = map(as_latents, latents, names)
        object.__setattr__(self, "station", station)
        object.__setattr__(self, "users", tuple(users))
        object.__setattr__(self, "label", classes(label))

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, rows: np.ndarray) -> UserLatentSplit:
        users = tuple(one[rows] for one in self.users)
        return UserLatentSplit(self.station[rows], users, self.label[rows])


class UserLatents(LatentData):
    """Latents of a base station and of several users, and the head of each network.

    In the downlink, the base station transmits and every user has a network of its own. In the
    uplink, users transmit and the network of the base station receives.

    Parameters
    ----------
    splits : `dict` of `UserLatentSplit`
        ``train`` (from which pilots are drawn), ``validation`` and ``test``
    heads : `None` | sequence of `None` | (kernel, bias)
        Head of the base station's network, and of the network of each user. `None` is a logistic
        regression on the training latents of the network
    checksums : `dict` of `str`
        SHA-256 of the sources of the latents
    identified : `bool`
        Whether ``checksums`` determine the latents and the heads. By default, SHA-256 of latents
        and heads are added to them

    Attributes
    ----------
    num_classes : `int`
        Number of classes
    num_users : `int`
        Number of users

    Raises
    ------
    ValueError
        If splits and heads do not match
    """

    def __init__(
        self,
        splits: Mapping[str, UserLatentSplit],
        heads: Sequence[tuple[np.ndarray, np.ndarray] | None] | None = None,
        checksums: Mapping[str, str] | None = None,
        identified: bool = False,
    ) -> None:
        super().__init__(checksums, identified)
        if set(splits) != set(SPLITS):
            raise ValueError(f"`splits` must be {', '.join(SPLITS)}. Received: {listed(splits)}")
        self.splits = dict(splits)
        widths = {tuple(one.shape[1] for one in (s.station, *s.users)) for s in splits.values()}
        if len(widths) > 1:
            raise ValueError(f"Splits must have latents of the same sizes. Received: {widths}")
        (sizes,) = widths
        self.num_users = len(sizes) - 1
        given = [None] * len(sizes) if heads is None else list(heads)
        if len(given) != len(sizes):
            raise ValueError(
                f"`heads` must be those of the station and {self.num_users} users. "
                f"Received: {len(given)}"
            )
        self.num_classes = 1 + max(int(split.label.max()) for split in splits.values())
        train = splits["train"]
        self.heads: list[Head] = []
        for head, latents in zip(given, (train.station, *train.users), strict=True):
            own = head or fit_head(latents, train.label, self.num_classes)
            check_head(*own, latents.shape[1], self.num_classes)
            self.heads.append(Head(*own))

    @property
    def widths(self) -> list[int]:
        """Sizes of the users' latents."""
        return [one.shape[1] for one in self.splits["train"].users]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of latents; those of all users stand in one vector."""
        return {"station": self.splits["train"].station.shape[1:], "users": (sum(self.widths),)}

    def arrays(self, split: str) -> dict[str, np.ndarray]:
        """Latents ``station`` and ``users``, and ``label``."""
        one = self.splits[split]
        users = np.concatenate(one.users, 1)
        return {"station": one.station, "users": users, "label": one.label.astype(np.int32)}

    def _all_heads(self) -> list[Head]:
        return self.heads

    def accuracies(self) -> list[float]:
        """Accuracy of each head on its own test latents, that of the station first."""
        test = self.splits["test"]
        return [
            head_accuracy(latents, test.label, *head)
            for latents, head in zip((test.station, *test.users), self.heads, strict=True)
        ]

    def subset(self, count: int | None, seed: int = 0) -> UserLatents:
        """Same latents with ``count`` balanced training samples, as `LatentPairs.subset`."""
        if count is None:
            return self
        train = self.splits["train"]
        splits = {**self.splits, "train": train[balanced_rows(train.label, count, seed)]}
        return UserLatents(splits, self.heads, self.sources)

    def pairs(self, user: int, direction: Literal["downlink", "uplink"]) -> LatentPairs:
        """Latents and receiver's head of one link between the station and ``user``."""

        def pair(split: UserLatentSplit) -> LatentSplit:
            ends = split.station, split.users[user]
            return LatentSplit(*(ends if direction == "downlink" else ends[::-1]), split.label)

        head = self.heads[1 + user] if direction == "downlink" else self.heads[0]
        splits = {name: pair(split) for name, split in self.splits.items()}
        return LatentPairs(splits, *head, self.sources)

    def summary(self) -> list[str]:
        """Lines of text: sizes, and the accuracies of all networks."""
        sizes = ", ".join(f"{name} {len(split)}" for name, split in self.splits.items())
        (d,), widths = self.shapes["station"], ", ".join(map(str, self.widths))
        station, *users = (f"{accuracy:.3f}" for accuracy in self.accuracies())
        return [
            f"{d} real numbers at the station, {widths} at the users ({sizes})",
            f"Accuracy on own latents: station {station}, users {', '.join(users)}",
        ]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the latents atomically to an HDF5 file for :meth:`load`."""
        with atomic_hdf5(path) as file:
            for name, split in self.splits.items():
                group = SPLITS[name]
                for part, values in zip(_names(self.num_users), _latents(split), strict=True):
                    file[f"{group}/{part}"] = values
                file[f"{group}/label"] = split.label
            for part, head in zip(_names(self.num_users), self.heads, strict=True):
                file[f"heads/{part}/kernel"], file[f"heads/{part}/bias"] = head
            file.attrs["checksums"] = json.dumps(self.sources)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> UserLatents:
        """Read latents and, where they are present, heads.

        The file has ``{train,val,test}/{station,user_0,user_1,...,label}`` and, optionally,
        ``heads/{station,user_0,...}/{kernel,bias}``.

        Raises
        ------
        FileNotFoundError
            If the file does not exist
        ValueError
            If the file is damaged or incomplete
        """
        with open_hdf5(path, "file of latents of users") as file:
            check_groups(file, "/", {*SPLITS.values(), "heads"})
            count = sum(f"train/user_{number}" in file for number in range(len(file["train"])))
            for group in SPLITS.values():
                check_groups(file, group, {*_names(count), "label"})
            check_groups(file, "heads", set(_names(count)))
            splits = {name: _read_split(file, SPLITS[name], count) for name in SPLITS}
            heads = [
                Head(*(read_latents(file, f"heads/{part}/{array}") for array in Head._fields))
                if f"heads/{part}" in file
                else None
                for part in _names(count)
            ]
            sources = read_checksums(file)
            return cls(splits, heads, sources or {Path(path).name: sha256(path)}, not sources)


def _names(count: int) -> list[str]:
    return ["station", *(f"user_{number}" for number in range(count))]


def _latents(split: UserLatentSplit) -> list[np.ndarray]:
    return [split.station, *split.users]


def _read_split(file: h5py.File, group: str, count: int) -> UserLatentSplit:
    station, *users = (read_latents(file, f"{group}/{part}") for part in _names(count))
    return UserLatentSplit(station, tuple(users), read_dataset(file, f"{group}/label"))


@DATASETS.declare
class UserLatentsData(DataSettings):
    """Latents of a station and its users from an HDF5 file."""

    modalities: ClassVar[tuple[str, ...]] = USER_LATENTS

    kind: Literal["user_latents"] = "user_latents"
    path: Path
    """Path of the file, with {train,val,test}/{station,user_0,user_1,...,label}, also below the
    folder SIONNA_SEMCOM_DATA"""

    def load(self, models: Any = None) -> UserLatents:
        """Read the file."""
        return UserLatents.load(find_file(self.path))
