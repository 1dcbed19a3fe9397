# SPDX-License-Identifier: Apache-2.0
"""One precoder for several users: against the closed form, NumPy, a baseline and a simulation."""

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.alignment import (
    BroadcastAligner,
    LinearAligner,
    MultiLinkAligner,
    federated_admm,
    shared_precoder,
)
from sionna_semcom.alignment.many_users.descent import own_optima, turn
from sionna_semcom.alignment.many_users.problem import broadcast


def complex_normal(rng, *shape):
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2)


def latents(num_users, count=4000, seed=0):
    rng = np.random.default_rng(seed)
    tx = rng.normal(size=(count, 8)) @ rng.normal(size=(8, 12)) + 1.0
    maps = [rng.normal(size=(12, 6 + 2 * k)) for k in range(num_users)]
    return tx, [tx @ one + 0.1 * rng.normal(size=(count, one.shape[1])) for one in maps]


def random_problem(num_users, snr_db, seed, groups=1, error=0.0):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(6, 10)) * np.geomspace(1, 0.1, 10) for _ in range(num_users)]
    gram = np.stack([one.T @ one for one in weights])
    h = complex_normal(rng, groups, num_users, 1, 2, 3)
    return broadcast(gram, tf.constant(h), 10 ** (-snr_db / 10), error)


@pytest.mark.parametrize("form", ["widely_linear", "complex_linear"])
@pytest.mark.parametrize("elements", [1, 3])
def test_for_one_user_it_is_the_closed_form(elements, form):
    tx, rx = latents(1)
    h = tf.constant(complex_normal(np.random.default_rng(1), 5, elements, 2, 3))
    shared = BroadcastAligner(form=form).fit(tx, rx).design(h[:, tf.newaxis], 0.1)
    single = LinearAligner(form).fit(tx, rx[0]).design(h, 0.1)
    np.testing.assert_allclose(shared.objective, single.objective, rtol=1e-9)


def test_users_with_equal_channels_and_networks_are_one_user():
    tx, (rx,) = latents(1)
    h = tf.constant(complex_normal(np.random.default_rng(1), 5, 1, 2, 3))
    both = BroadcastAligner().fit(tx, [rx, rx]).design(tf.stack([h, h], 1), 0.1)
    single = LinearAligner().fit(tx, rx).design(h, 0.1)
    np.testing.assert_allclose(both.objective, 2 * single.objective, rtol=1e-6)


def test_the_objective_is_the_error_of_numpy():
    problem = random_problem(2, 10.0, 3, error=0.02)
    f = own_optima(problem)[0, 0].numpy()
    total = 0.0
    for gram, h in zip(problem.gram.numpy(), problem.h[0].numpy(), strict=True):
        b = h @ f
        covariance = b @ b.T + (0.05 + 0.01 * np.sum(f**2)) * np.eye(len(b))
        total += np.trace(gram) - np.trace(gram @ b.T @ np.linalg.inv(covariance) @ b)
    np.testing.assert_allclose(problem.objective(tf.constant(f)[tf.newaxis])[0], total)


@pytest.mark.parametrize("error", [0.0, 0.05])
def test_no_turn_raises_the_sum_of_errors(error):
    problem = random_problem(3, 15.0, 5, groups=4, error=error)
    precoder = own_optima(problem)
    last = problem.objective(precoder).numpy()
    for _ in range(20):
        precoder = turn(problem, precoder)
        now = problem.objective(precoder).numpy()
        assert np.all(now <= last * (1 + 1e-10))
        last = now
    np.testing.assert_allclose(tf.reduce_sum(precoder**2, (-2, -1)), problem.power)


@pytest.mark.parametrize("num_users", [2, 4, 8])
def test_it_is_never_worse_than_federated_admm(num_users):
    """On 100 random problems for each of two and four users, and 20 for eight."""
    for snr_db in (0.0, 20.0):
        groups = 50 if num_users < 8 else 10
        problem = random_problem(num_users, snr_db, seed=num_users, groups=groups)
        own = problem.objective(shared_precoder(problem)).numpy()
        for rho in (0.1, 1.0):
            others = problem.objective(federated_admm(problem, rho=rho)).numpy()
            assert np.all(own <= others * (1 + 1e-6))


def aligner_of(method, form, metrics):
    if method == "multi_link":
        return MultiLinkAligner(form=form, ridge=0.0)
    count = None if metrics is None else 4  # fewer coefficients than dimensions
    return BroadcastAligner(method, ridge=0.0, form=form, num_coefficients=count)


@pytest.mark.parametrize("form", ["widely_linear", "complex_linear"])
@pytest.mark.parametrize("scales", [None, (1.0, 3.0)])
@pytest.mark.parametrize("method", ["descent", "federated_admm", "multi_link"])
def test_what_arrives_has_the_expected_error(method, form, scales):
    tx, rx = latents(2)
    metrics = None
    if scales is not None and method != "multi_link":
        metrics = [scale * np.eye(one.shape[1]) for scale, one in zip(scales, rx, strict=True)]
    aligner = aligner_of(method, form, metrics).fit(tx, rx, metrics=metrics)
    rng, no = np.random.default_rng(2), 0.05
    h = tf.constant(complex_normal(rng, 1, 2, 2, 3, 2))
    pair = aligner.design(h, no)
    x = pair.precode(tf.constant(tx[np.newaxis]))
    np.testing.assert_allclose(tf.reduce_mean(tf.abs(x) ** 2) * 2, 1.0, rtol=1e-6)
    y = tf.einsum("gkbrt,glbt->gklbr", h, x)
    y += np.sqrt(no) * complex_normal(rng, *y.shape)
    found = [z.numpy()[0] for z in pair.decode(y)]
    weights = (1.0, 1.0) if metrics is None else scales
    errors = [
        weight * np.mean(np.sum((z - r) ** 2, 1))
        for weight, z, r in zip(weights, found, rx, strict=True)
    ]
    np.testing.assert_allclose(sum(errors), pair.objective[0], rtol=0.02)


def test_what_is_exchanged_is_counted():
    tx, rx = latents(2)
    own = BroadcastAligner().fit(tx, rx)
    n = own.gram_.shape[-1]
    assert own.exchanged(1, 2, 3) == {
        "once": 2 * n * (n + 1) // 2,
        "uplink": 2 * 2 * 2 * 3,
        "downlink": 2 * 3 * n,
    }
    admm = BroadcastAligner("federated_admm", iterations=10).fit(tx, rx)
    assert admm.exchanged(1, 2, 3)["uplink"] == 10 * 2 * 2 * 3 * n


@pytest.mark.parametrize(
    ("rx", "message"),
    [
        ([], "at least one user"),
        ([np.zeros((3, 2)), np.zeros((4, 2))], "the same n inputs"),
        ([np.zeros(3)], "the same n inputs"),
    ],
)
def test_wrong_pilots_are_refused(rx, message):
    with pytest.raises(ValueError, match=message):
        BroadcastAligner().fit(np.zeros((3, 2)), rx)


def test_wrong_channels_are_refused():
    tx, rx = latents(2)
    aligner = BroadcastAligner().fit(tx, rx)
    with pytest.raises(ValueError, match=r"`h` must be complex of shape \[\.\.\., 2, num_elements"):
        aligner.design(tf.zeros([3, 1, 2, 2], tf.complex64), 0.1)
    with pytest.raises(ValueError, match="`method` must be"):
        BroadcastAligner("admm").fit(tx, rx)
