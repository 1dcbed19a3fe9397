# SPDX-License-Identifier: Apache-2.0
"""Three modalities with known redundant, unique and synergistic parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..._messages import shortened
from ..._seeding import derive_seed
from .multimodal import MultimodalFeatures
from .split import MODALITIES, FeatureSplit

GENERATED_PARTS = {
    "redundant": 0,
    "unique_text": 1,
    "unique_audio": 2,
    "unique_vision": 3,
    "synergistic": 4,
}
_NUM_NUISANCES = 4  # nuisance variables per modality
_NUM_HIDDEN = 32
_GAIN = 0.6  # nonlinear range of the hyperbolic tangent without saturation
_FIRST = {"train": 6000, "validation": 500, "test": 1500}
"""First samples of each split, which are drawn together and define the scale of the mixtures"""

_Mixture = tuple[np.ndarray, np.ndarray]


def generated_features(
    num_train: int = 4000,
    num_validation: int = 1000,
    num_test: int = 2000,
    *,
    dims: Sequence[int] = (40, 30, 30),
    noise: float = 0.3,
    modalities: Sequence[str] | None = None,
    seed: int = 0,
) -> MultimodalFeatures:
    r"""Text, audio and vision with redundant, unique and synergistic random bits.

    ============  =======================================  ==================================
    modality      bits                                     information alone
    ============  =======================================  ==================================
    ``text``      :math:`r, u_\text{text}, a`              redundant, unique_text
    ``audio``     :math:`r, u_\text{audio}, a \oplus s`    redundant, unique_audio
    ``vision``    :math:`r, u_\text{vision}`               redundant, unique_vision
    ============  =======================================  ==================================

    Text and audio together determine the synergistic bit :math:`s`. One of them alone carries no
    information on it. The label is the class

    .. math:: r + 2u_\text{text} + 4u_\text{audio} + 8u_\text{vision} + 16s,

    with 32 classes. A modality is a random nonlinear mixture that is the same for all samples and
    for any number of them,

    .. math:: x = B \tanh(A z) + \sigma n,

    where :math:`z` contains its bits as :math:`\pm 1` and four Gaussian nuisance variables, and
    :math:`n` is white Gaussian noise.

    Parameters
    ----------
    num_train, num_validation, num_test : `int`
        Number of samples of each split. Splits of at most 6,000, 500 and 1,500 samples contain the
        first samples of larger ones
    dims : sequence of `int`
        Number of features of text, audio and vision
    noise : `float`
        Standard deviation :math:`\sigma` of the noise; mixtures have unit variance
    modalities : `None` | sequence of `str`
        Modalities; all by default
    seed : `int`
        Seed of mixtures and samples

    Output
    ------
    : `MultimodalFeatures`
        Data, which are the same for the same arguments

    Raises
    ------
    ValueError
        If an argument is out of range
    """
    counts = checked_counts(num_train, num_validation, num_test)
    if len(dims) != len(MODALITIES) or min(dims) < 1:
        raise ValueError(f"`dims` must be three positive numbers. Received: {shortened(dims)}")
    check_noise(noise)
    draw = np.random.default_rng(derive_seed("generated", "bits", seed))
    label, bits = _bits(sum(_FIRST.values()), draw)
    features, mixtures = {}, {}
    for name, dim in zip(MODALITIES, dims, strict=True):
        features[name], mixtures[name] = _mixed(name, bits[name], dim, noise, seed)
    splits: dict[str, FeatureSplit] = {}
    start = 0
    for split, count in counts.items():
        rows = slice(start, start + min(count, _FIRST[split]))
        start += _FIRST[split]
        parts = [(label[rows], {name: values[rows] for name, values in features.items()})]
        if count > _FIRST[split]:
            parts.append(_more(split, count - _FIRST[split], mixtures, noise, seed))
        own = {name: np.concatenate([part[1][name] for part in parts]) for name in features}
        splits[split] = generated_split(split, own, np.concatenate([part[0] for part in parts]))
    return GeneratedFeatures(splits, modalities=modalities)


def checked_counts(num_train: int, num_validation: int, num_test: int) -> dict[str, int]:
    """Number of samples of each split.

    Raises
    ------
    ValueError
        If a split would have no sample
    """
    counts = {"train": num_train, "validation": num_validation, "test": num_test}
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"`num_{name}` must be at least 1. Received: {count}")
    return counts


def check_noise(noise: float) -> None:
    """Check the standard deviation of the noise.

    Raises
    ------
    ValueError
        If it is negative or not finite
    """
    if not 0 <= noise < np.inf:
        raise ValueError(f"`noise` must be at least 0. Received: {noise}")


def generated_split(name: str, features: dict[str, np.ndarray], label: np.ndarray) -> FeatureSplit:
    """Split of generated samples, each of which is a video of its own."""
    ids = [f"{name}{number}_0" for number in range(len(label))]
    return FeatureSplit(features, {}, label, np.array(ids, object))


class GeneratedFeatures(MultimodalFeatures):
    """Features with known parts of the classes."""

    def parts(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Redundant, unique and synergistic parts [batch] of the classes of ``batch``."""
        return generated_parts(batch["label"])


def generated_parts(label: np.ndarray) -> dict[str, np.ndarray]:
    """Bits of the classes of `generated_features`.

    Input
    -----
    label : [...], `int`
        Classes

    Output
    ------
    : `dict` of [...], `int32`
        0 or 1 for each of ``GENERATED_PARTS``

    Raises
    ------
    ValueError
        If a class is out of range
    """
    classes = np.asarray(label)
    wrong = (classes < 0) | (classes >= 2 ** len(GENERATED_PARTS))
    if classes.dtype.kind not in "iu" or wrong.any():
        received = classes[wrong][0] if wrong.any() else classes.dtype
        raise ValueError(f"`label` must be classes 0 to 31. Received: {received}")
    return {
        name: (classes >> position & 1).astype(np.int32)
        for name, position in GENERATED_PARTS.items()
    }


def _bits(count: int, draw: np.random.Generator) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Classes [count], and the bits [count, 2 or 3] of each modality."""
    label = draw.integers(2 ** len(GENERATED_PARTS), size=count, dtype=np.int32)
    parts = generated_parts(label)
    mask = draw.integers(2, size=count, dtype=np.int32)
    halves = {"text": [mask], "audio": [mask ^ parts["synergistic"]], "vision": []}
    return label, {
        name: np.stack([parts["redundant"], parts[f"unique_{name}"], *half], axis=1)
        for name, half in halves.items()
    }


def _mixed(
    name: str, bits: np.ndarray, dim: int, noise: float, seed: int
) -> tuple[np.ndarray, _Mixture]:
    """Features [n, dim] of the first samples of all splits, and their mixture."""
    draw = np.random.default_rng(derive_seed("generated", name, seed))
    z = _latent(bits, draw)
    inner = draw.normal(size=(z.shape[1], _NUM_HIDDEN)) * _GAIN
    hidden = np.tanh(z @ inner)
    outer = draw.normal(size=(_NUM_HIDDEN, dim))
    mixed = hidden @ outer
    scale = mixed.std(0) + 1e-12
    mixed /= scale
    return _noisy(mixed, noise, draw), (inner, outer / scale)


def _more(
    split: str, count: int, mixtures: Mapping[str, _Mixture], noise: float, seed: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Classes [count] and features of samples of ``split`` that follow its first ones."""
    label, bits = _bits(count, np.random.default_rng(derive_seed("generated", split, seed)))
    features = {}
    for name, (inner, outer) in mixtures.items():
        draw = np.random.default_rng(derive_seed("generated", split, name, seed))
        features[name] = _noisy(np.tanh(_latent(bits[name], draw) @ inner) @ outer, noise, draw)
    return label, features


def _latent(bits: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Bits as -1 and 1, and nuisance variables."""
    nuisances = draw.normal(size=(len(bits), _NUM_NUISANCES))
    return np.concatenate([2.0 * bits - 1, nuisances], axis=1)


def _noisy(mixed: np.ndarray, noise: float, draw: np.random.Generator) -> np.ndarray:
    return (mixed + noise * draw.normal(size=mixed.shape)).astype(np.float32)
