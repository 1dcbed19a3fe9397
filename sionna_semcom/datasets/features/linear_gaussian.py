# SPDX-License-Identifier: Apache-2.0
"""Three modalities that are linear in Gaussian components, with a chosen amount of redundancy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from ..._messages import check_choice
from ..._seeding import derive_seed
from .generated import check_noise, checked_counts, generated_split
from .multimodal import MultimodalFeatures
from .split import MODALITIES, FeatureSplit

_MAX_COMPONENTS = 10  # two to this power is the number of classes
_LIMIT = 3.0  # scores lie in [-3, 3]

Carriers = dict[str, tuple[str, ...]]


def linear_gaussian_features(
    num_train: int = 4000,
    num_validation: int = 1000,
    num_test: int = 2000,
    *,
    shared_dim: int = 1,
    pairwise_dim: int = 0,
    unique_dim: int = 1,
    nuisance_dim: int = 4,
    shared_nuisance_dim: int = 0,
    num_features: int = 16,
    noise: float = 0.5,
    label: str = "classification",
    modalities: Sequence[str] | None = None,
    seed: int = 0,
) -> LinearGaussianFeatures:
    r"""Text, audio and vision that contain independent Gaussian components.

    .. math:: \mathbf{x}_m = \mathbf{Q}_m \mathbf{c}_m + \sigma \mathbf{n}_m, \qquad
        \mathbf{Q}_m^\mathsf{T} \mathbf{Q}_m = \mathbf{I}, \qquad
        \mathbf{c}_m, \mathbf{n}_m \sim \mathcal{N}(\mathbf{0}, \mathbf{I})

    The components :math:`\mathbf{c}_m` of a modality are

    ======================= ============================================  ==========
    argument                components                                    in the task
    ======================= ============================================  ==========
    ``shared_dim``          the same in all three modalities              yes
    ``pairwise_dim``        the same in two modalities, for each pair     yes
    ``unique_dim``          in one modality, for each                     yes
    ``shared_nuisance_dim`` the same in all three modalities              no
    ``nuisance_dim``        in one modality, for each                     no
    ======================= ============================================  ==========

    With :math:`K` components :math:`t_i` in the task, the label is the class
    :math:`\sum_i 2^i [t_i > 0]` or the score :math:`\sum_i t_i / \sqrt{K}`, clipped to [-3, 3]. The
    best linear estimate of a component that :math:`c` modalities contain has the correlation

    .. math:: \rho = \sqrt{\frac{c}{c + \sigma^2}}

    with it, and the sign of this estimate is right with probability
    :math:`1 - \arccos(\rho) / \pi`. No estimator is better, because all is Gaussian.

    Validation and test samples do not depend on ``num_train``, and fewer training samples are the
    first ones of more.

    Parameters
    ----------
    num_train, num_validation, num_test : `int`
        Number of samples of each split
    shared_dim, pairwise_dim, unique_dim, nuisance_dim, shared_nuisance_dim : `int`
        Number of components: in total, for each pair, or for each modality, as above
    num_features : `int`
        Number of features of each modality
    noise : `float`
        Standard deviation :math:`\sigma` of the noise of each component, which has unit variance
    label : "classification" | "regression"
        Type of labels
    modalities : `None` | sequence of `str`
        Modalities; all by default. The label does not depend on them
    seed : `int`
        Seed of mixtures :math:`\mathbf{Q}_m` and samples

    Output
    ------
    : `LinearGaussianFeatures`
        Data, which are the same for the same arguments

    Raises
    ------
    ValueError
        If an argument is out of range
    """
    check_choice("label", label, ("classification", "regression"))
    counts = checked_counts(num_train, num_validation, num_test)
    check_noise(noise)
    check_dims(
        shared_dim, pairwise_dim, unique_dim, nuisance_dim, shared_nuisance_dim, num_features, label
    )
    task = _carriers(shared=shared_dim, pairwise=pairwise_dim, unique=unique_dim)
    nuisances = _carriers(nuisance=shared_nuisance_dim, unique_nuisance=nuisance_dim)
    mixtures = _mixtures({**task, **nuisances}, num_features, seed)
    splits = {}
    for name, count in counts.items():
        draw = np.random.default_rng(derive_seed("linear_gaussian", name, seed))
        width = len(task) + len(nuisances)
        drawn = draw.normal(size=(count, width + len(MODALITIES) * num_features))
        components, *noises = np.split(drawn, width + num_features * np.arange(3), axis=1)
        features = {
            modality: components @ mixture.T + noise * own
            for (modality, mixture), own in zip(mixtures.items(), noises, strict=True)
        }
        splits[name] = generated_split(name, features, _label(components[:, : len(task)], label))
    return LinearGaussianFeatures(splits, task, noise, modalities=modalities)


class LinearGaussianFeatures(MultimodalFeatures):
    r"""Features with known components, see `linear_gaussian_features`.

    Parameters
    ----------
    splits : `dict` of `FeatureSplit`
        ``train``, ``test`` and, optionally, ``validation``
    carriers : `dict` of sequences of `str`
        Modalities that contain each component of the task
    noise : `float`
        Standard deviation :math:`\sigma` of the noise of each component
    **options
        Further arguments of `MultimodalFeatures`

    Attributes
    ----------
    correlations : `dict` of `float`
        Correlation :math:`\rho` of each component of the task with its best estimate from the
        selected modalities; zero if none of them contains the component
    """

    def __init__(
        self,
        splits: Mapping[str, FeatureSplit],
        carriers: Mapping[str, Sequence[str]],
        noise: float,
        **options: Any,
    ) -> None:
        super().__init__(splits, **options)
        if self.num_classes:  # also classes without a sample
            self.num_classes = 2 ** len(carriers)
        self.correlations = {
            name: _correlation(len(set(carried) & set(self.shapes)), noise)
            for name, carried in carriers.items()
        }

    @property
    def best_metrics(self) -> dict[str, float]:
        """Metric of the best decision: accuracy, or ``correlation`` of unclipped scores."""
        found = np.array(list(self.correlations.values()))
        if not self.num_classes:
            return {"correlation": math.sqrt(np.mean(found**2))}
        name = "acc2" if self.num_classes == 2 else "accuracy"
        return {name: float(np.prod(1 - np.arccos(found) / math.pi))}

    def parts(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Sign bits [batch] of the components of the task; empty for scores."""
        if not self.num_classes:
            return {}
        classes = np.asarray(batch["label"])
        return {
            name: (classes >> position & 1).astype(np.int32)
            for position, name in enumerate(self.correlations)
        }


def check_dims(
    shared_dim: int,
    pairwise_dim: int,
    unique_dim: int,
    nuisance_dim: int,
    shared_nuisance_dim: int,
    num_features: int,
    label: str,
) -> None:
    """Check the numbers of components and features.

    Raises
    ------
    ValueError
        If a number is out of range, or a modality has more components than features
    """
    task = shared_dim + 3 * (pairwise_dim + unique_dim)
    own = shared_dim + 2 * pairwise_dim + unique_dim + shared_nuisance_dim + nuisance_dim
    dims = (shared_dim, pairwise_dim, unique_dim, nuisance_dim, shared_nuisance_dim)
    if min(dims) < 0:
        raise ValueError(f"Numbers of components must not be negative. Received: {min(dims)}")
    most = _MAX_COMPONENTS if label == "classification" else math.inf
    if not 1 <= task <= most:
        raise ValueError(
            "`shared_dim` + 3 `pairwise_dim` + 3 `unique_dim` must be at least 1, and at most "
            f"{_MAX_COMPONENTS} for classes. Received: {task}"
        )
    if own > num_features:
        raise ValueError(
            f"`num_features` must be at least the {own} components of a modality. "
            f"Received: {num_features}"
        )


def _carriers(**dims: int) -> Carriers:
    """Names of components, and the modalities that contain each."""
    groups: dict[str, Carriers] = {
        "shared": {"shared": MODALITIES},
        "pairwise": {"_".join(pair): pair for pair in combinations(MODALITIES, 2)},
        "unique": {f"unique_{name}": (name,) for name in MODALITIES},
        "nuisance": {"nuisance": MODALITIES},
        "unique_nuisance": {f"nuisance_{name}": (name,) for name in MODALITIES},
    }
    found: Carriers = {}
    for group, count in dims.items():
        for name, carriers in groups[group].items():
            found |= {f"{name}_{number}": carriers for number in range(count)}
    return found


def _mixtures(carriers: Carriers, num_features: int, seed: int) -> dict[str, np.ndarray]:
    """Mixtures [num_features, number of all components], zero for components of others."""
    mixtures = {}
    for modality in MODALITIES:
        own = [modality in carried for carried in carriers.values()]
        draw = np.random.default_rng(derive_seed("linear_gaussian", "mixture", modality, seed))
        mixture = np.zeros((num_features, len(own)))
        mixture[:, own] = np.linalg.qr(draw.normal(size=(num_features, sum(own))))[0]
        mixtures[modality] = mixture
    return mixtures


def _label(components: np.ndarray, label: str) -> np.ndarray:
    if label == "classification":
        places = 1 << np.arange(components.shape[1], dtype=np.int32)
        return ((components > 0) @ places).astype(np.int32)
    score = components.sum(1) / math.sqrt(components.shape[1])
    return np.clip(score, -_LIMIT, _LIMIT).astype(np.float32)


def _correlation(count: int, noise: float) -> float:
    return math.sqrt(count / (count + noise**2)) if count else 0.0
