# SPDX-License-Identifier: Apache-2.0
"""Aligners keep the conventions of scikit-learn's estimators."""

import numpy as np
import pytest
from sionna.phy import config
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sionna_semcom.alignment import (
    ADMMAligner,
    ComplexAligner,
    EigenbasisAligner,
    FeatureAligner,
    LinearAligner,
    PilotStatistics,
)

from .problems import channels, pilots

ALIGNERS = {
    "widely linear": LinearAligner(),
    "complex-linear": LinearAligner("complex_linear", ridge=0.1),
    "metric": LinearAligner(metric=np.eye(20)),
    "admm": ADMMAligner(3, rho=1.0),
    "first": FeatureAligner("first"),
    "top": FeatureAligner("top"),
    "eigen": FeatureAligner("eigen"),
}


def sent(aligner):
    """Symbols of pilots over channels, for any initial state of iterations."""
    config.seed = 1
    transceiver = aligner.design(channels(2, 1, 3, 2), 0.1)
    return transceiver.precode(np.stack([pilots(count=5)[0]] * 2)).numpy()


@pytest.fixture(params=ALIGNERS.values(), ids=ALIGNERS)
def aligner(request):
    return clone(request.param)


def test_fitting_to_arrays_is_fitting_to_their_moments(aligner):
    tx, rx = pilots()
    held_out = pilots(seed=1)[0]
    assert aligner.fit(tx, rx, held_out) is aligner
    other = clone(aligner)
    assert other.fit_statistics(PilotStatistics.of(tx, rx), held_out) is other
    np.testing.assert_array_equal(sent(aligner), sent(other))


def test_the_constructor_only_stores_its_arguments(aligner):
    assert vars(aligner) == aligner.get_params()
    learned = set(vars(aligner.fit(*pilots(), pilots()[0]))) - set(aligner.get_params())
    assert learned
    assert all(name.endswith("_") and not name.startswith("_") for name in learned)


def test_a_clone_is_not_fitted(aligner):
    aligner.fit(*pilots(), pilots()[0])
    with pytest.raises(NotFittedError):
        clone(aligner).design(channels(2, 1, 3, 2), 0.1)


def test_fitting_again_forgets_what_was_learned(aligner):
    tx, rx = pilots()
    held_out = pilots(seed=1)[0]
    once = sent(aligner.fit(tx, rx, held_out))
    aligner.fit(*pilots(seed=3), held_out)
    np.testing.assert_array_equal(sent(aligner.fit(tx, rx, held_out)), once)


def test_pilots_that_do_not_belong_together_are_refused(aligner):
    tx, rx = pilots()
    with pytest.raises(ValueError, match=r"must be pilots .* of the same n >= 1 inputs"):
        aligner.fit(tx, rx[:-1])


@pytest.mark.parametrize(
    ("kind", "sizes"), [(EigenbasisAligner, (1, 2, (4,), (4,))), (ComplexAligner, (1, 2, 3))]
)
def test_networks_are_made_from_arrays_too(kind, sizes):
    tx, rx = pilots()
    network = kind.from_pilots(tx, rx, *sizes, name="mine", trainable=False)
    assert network.name == "mine"
    assert not network.trainable_weights
    expected = kind(PilotStatistics.of(tx, rx), *sizes)
    np.testing.assert_array_equal(network.whiten(tx[:5]), expected.whiten(tx[:5]))
