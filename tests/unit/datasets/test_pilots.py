"""Chosen pilots are balanced, distinct, repeatable and more representative than random ones."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sionna_semcom.datasets import LatentPairs, LatentSplit
from sionna_semcom.datasets.pilots import PilotChoice, herded, nearest_to_centers

KINDS = ["random", "herding", "kmeans"]


def split(count, seed):
    draw = np.random.default_rng(seed)
    label = np.arange(count) % 3
    tx = draw.normal(size=(count, 5)) + 4.0 * np.eye(5)[label]
    rx = tx @ np.random.default_rng(0).normal(size=(5, 4))
    return LatentSplit(tx.astype("f"), rx.astype("f"), label.astype("i"))


@pytest.fixture(scope="module")
def pairs():
    sizes = {"train": 600, "validation": 30, "test": 30}
    return LatentPairs({name: split(size, n) for n, (name, size) in enumerate(sizes.items())})


def chosen(pairs, kind, count, seed=0):
    return PilotChoice(kind=kind, count=count).of(pairs, seed).splits["train"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 20, 61, 600])
def test_pilots_are_balanced_and_distinct_samples(pairs, kind, count):
    found = chosen(pairs, kind, count)
    assert len(found) == count
    counts = np.bincount(found.label, minlength=3)
    assert counts.max() - counts.min() <= 1
    given = {row.tobytes() for row in pairs.splits["train"].tx}
    kept = {row.tobytes() for row in found.tx}
    assert len(kept) == count
    assert kept <= given


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_and_nothing_else_change_the_choice(pairs, kind):
    one, same, other = (chosen(pairs, kind, 30, seed).tx for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_random_pilots_are_those_of_the_count_alone(pairs):
    expected = pairs.subset(30, 4).splits["train"].tx
    np.testing.assert_array_equal(chosen(pairs, "random", 30, 4).tx, expected)


def test_chosen_pilots_do_not_depend_on_the_receiver(pairs):
    splits = {n: LatentSplit(s.tx, -(s.rx**3), s.label) for n, s in pairs.splits.items()}
    other = LatentPairs(splits)
    for kind in KINDS:
        np.testing.assert_array_equal(chosen(pairs, kind, 30).tx, chosen(other, kind, 30).tx)


def gaussian_discrepancy(latents, rows):
    """Squared maximum mean discrepancy between chosen rows and all rows, with exact kernels."""
    gamma = 1.0 / np.sum(latents.var(0))
    kernel = np.exp(-gamma * cdist(latents, latents, "sqeuclidean"))
    return kernel[np.ix_(rows, rows)].mean() - 2 * kernel[rows].mean() + kernel.mean()


def test_herding_matches_the_distribution_better_than_random_rows():
    draw = np.random.default_rng(1)
    latents = draw.normal(size=(500, 4))
    random = np.mean([gaussian_discrepancy(latents, draw.permutation(500)[:40]) for _ in range(20)])
    assert gaussian_discrepancy(latents, herded(latents, 40, draw)) < 0.2 * random


def test_herding_begins_with_the_row_whose_features_are_nearest_to_their_mean():
    latents = np.array([[0.0], [0.1], [-0.1], [5.0], [-5.0]])
    assert herded(latents, 1, np.random.default_rng(1))[0] in (0, 1, 2)


def test_kmeans_covers_the_latents_better_than_random_rows():
    draw = np.random.default_rng(1)
    latents = draw.normal(size=(500, 4))

    def cover(rows):
        return np.mean(np.min(cdist(latents, latents[rows], "sqeuclidean"), -1))

    random = np.mean([cover(draw.permutation(500)[:40]) for _ in range(20)])
    assert cover(nearest_to_centers(latents, 40, draw)) < 0.85 * random


def test_equal_rows_leave_clusters_to_other_rows():
    latents = np.repeat([[0.0], [1.0]], 10, 0)
    found = nearest_to_centers(latents, 5, np.random.default_rng(1))
    assert len(set(found)) == 5
    assert set(latents[found, 0]) == {0.0, 1.0}


def test_too_many_pilots_of_a_class_are_refused(pairs):
    for kind in KINDS:
        with pytest.raises(ValueError, match="must leave 201 pilots to class"):
            chosen(pairs, kind, 603)
