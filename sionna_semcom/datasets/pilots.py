# SPDX-License-Identifier: Apache-2.0
"""Choice of semantic pilots from the training samples: at random, by herding or by k-means."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveInt
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_approximation import RBFSampler

from .._parts import Settings
from .._seeding import derive_seed
from .latents import LatentPairs

Array = NDArray[np.float64]
NUM_FEATURES = 256  # random Fourier features of herding


class PilotChoice(Settings):
    """Choice of semantic pilots, balanced over the classes."""

    kind: Literal["random", "herding", "kmeans"] = "random"
    """At random, or representative in the latent space of the transmitter"""
    count: PositiveInt
    """Number of pilots"""

    def of(self, pairs: LatentPairs, seed: int = 0) -> LatentPairs:
        """Pairs with the chosen samples as training samples.

        The choice depends on the classes and on the latents of the transmitter, but not on the
        latents of the receiver. The same arguments give the same samples.

        Raises
        ------
        ValueError
            If a class has too few samples
        """
        if self.kind == "random":
            return pairs.subset(self.count, seed)
        choose = {"herding": herded, "kmeans": nearest_to_centers}[self.kind]
        train = pairs.splits["train"]
        drawn = pairs.subset(self.count, seed).splits["train"]  # for the numbers per class
        draw = np.random.default_rng(derive_seed("pilots", self.kind, seed))
        latents = train.tx.astype(np.float64)
        latents /= np.sqrt(np.sum(latents.var(0))) or 1.0
        rows = [
            members[choose(latents[members], int(np.sum(drawn.label == kind)), draw)]
            for kind in np.unique(drawn.label)
            for members in [np.flatnonzero(train.label == kind)]
        ]
        splits = {**pairs.splits, "train": train[np.sort(np.concatenate(rows))]}
        return LatentPairs(splits, pairs.kernel, pairs.bias, pairs.sources)


def herded(latents: Array, count: int, draw: np.random.Generator) -> NDArray[np.int64]:
    r"""Indices of ``count`` rows of ``latents`` [n, d] by kernel herding, without replacement.

    .. math:: i_{t+1} = \arg\min_i \Big\lVert \boldsymbol\mu_\phi - \frac{1}{t+1}
              \Big(\phi(\mathbf{s}_i) + \sum_{j \le t} \phi(\mathbf{s}_{i_j})\Big) \Big\rVert

    The mean of the features :math:`\phi` of the chosen rows approaches the mean
    :math:`\boldsymbol\mu_\phi` over all rows faster than for random rows. The features are random
    Fourier features of a Gaussian kernel with the bandwidth of the latents.

    Source: Y. Chen, M. Welling and A. Smola, "Super-samples from kernel herding", UAI 2010; for
    each class as in S.-A. Rebuffi et al., "iCaRL", CVPR 2017.
    """
    spread = float(np.sum(latents.var(0)))
    sampler = RBFSampler(
        gamma=1.0 / spread if spread > 0 else 1.0,
        n_components=NUM_FEATURES,
        random_state=int(draw.integers(2**31)),
    )
    features = sampler.fit_transform(latents).astype(np.float32)
    half_norms = 0.5 * np.sum(features**2, -1)
    mean, total = features.mean(0), np.zeros(NUM_FEATURES, np.float32)
    chosen = np.empty(count, np.int64)
    for number in range(count):
        gain = features @ ((number + 1) * mean - total) - half_norms
        gain[chosen[:number]] = -np.inf
        chosen[number] = np.argmax(gain)
        total += features[chosen[number]]
    return chosen


def nearest_to_centers(latents: Array, count: int, draw: np.random.Generator) -> NDArray[np.int64]:
    """Indices of the rows of ``latents`` [n, d] nearest to the centers of ``count`` clusters.

    Source: k-means of scikit-learn. If rows are equal, there are fewer clusters, and other rows are
    drawn at random in addition.
    """
    clusters = KMeans(count, n_init=1, max_iter=20, random_state=int(draw.integers(2**31)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct rows than clusters
        labels = clusters.fit_predict(latents)
    distances = np.sum((latents - clusters.cluster_centers_[labels]) ** 2, -1)
    order = np.lexsort((distances, labels))
    _, first = np.unique(labels[order], return_index=True)
    chosen = order[first]
    others = draw.permutation(np.setdiff1d(np.arange(len(latents)), chosen))
    return np.concatenate([chosen, others[: count - len(chosen)]])
