# SPDX-License-Identifier: Apache-2.0
"""Several users to one receiver: against the closed form, NumPy, SciPy and a simulation."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import minimize

from sionna_semcom.alignment import LinearAligner, MultiLinkAligner, UplinkAligner
from sionna_semcom.alignment.many_users.multiple_access import (
    alone,
    multiple_access,
    uplink_precoders,
    uplink_turn,
    within_power,
)


def complex_normal(rng, *shape):
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2)


def latents(num_users, count=4000, seed=0):
    """Latents of users and of the receiver for the same inputs."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(count, 8))
    users = [inputs @ rng.normal(size=(8, 9 + k)) + 1.0 for k in range(num_users)]
    return users, np.tanh(inputs) @ rng.normal(size=(8, 6)) - 2.0


def random_problem(num_users, seed, groups=1, error=0.0, is_complex=False):
    rng = np.random.default_rng(seed)
    weights = np.sort(rng.uniform(0.1, 1, (num_users, 5)), 1)[:, ::-1]
    h = tf.constant(complex_normal(rng, groups, num_users, 2, 2, 2))
    return multiple_access(weights, h, 0.1, error, is_complex)


def error_of_numpy(problem, precoders):
    """Sum of the errors of linear MMSE estimates, from covariances."""
    h, errors = problem.h[0].numpy(), problem.error[0].numpy()
    num_elements, fold = errors.shape[1], problem.fold
    received = [own @ f for own, f in zip(h, precoders, strict=True)]
    noise = np.full((fold, num_elements, h.shape[1] // (fold * num_elements)), problem.noise[0])
    for f, error in zip(precoders, errors, strict=True):
        rows = np.sum(np.abs(f) ** 2, 1).reshape(fold, num_elements, -1)
        noise += (error * rows.sum((0, 2)))[:, np.newaxis]
    covariance = sum(b @ b.conj().T for b in received) + np.diag(noise.ravel())
    total = 0.0
    for b, weights in zip(received, problem.weights.numpy(), strict=True):
        cross = b * weights  # E[r y^H] with y = diag(weights) z
        total += np.sum(weights**2)
        total -= np.trace(cross.conj().T @ np.linalg.solve(covariance, cross)).real
    return total


@pytest.mark.parametrize("form", ["widely_linear", "complex_linear"])
@pytest.mark.parametrize("elements", [1, 3])
def test_for_one_user_it_is_the_closed_form(elements, form):
    (tx,), rx = latents(1)
    h = tf.constant(complex_normal(np.random.default_rng(1), 5, elements, 2, 3))
    found = UplinkAligner(form=form).fit([tx], rx).design(h[:, tf.newaxis], 0.1)
    single = LinearAligner(form).fit(tx, rx).design(h, 0.1)
    np.testing.assert_allclose(found.objective, single.objective, rtol=1e-9)


def test_users_at_antennas_of_their_own_do_not_interfere():
    """Each user reaches one antenna alone: the closed form for a third of the power each."""
    tx, rx = latents(3)
    rng = np.random.default_rng(2)
    h = np.zeros((4, 3, 1, 3, 2), complex)
    for user in range(3):
        h[:, user, 0, user] = complex_normal(rng, 4, 2)
    found = UplinkAligner().fit(tx, rx).design(tf.constant(h), 0.1)
    expected = 0.0
    for user, own in enumerate(tx):
        gain = tf.constant(h[:, user, :, user : user + 1]) / np.sqrt(3)
        expected = expected + LinearAligner().fit(own, rx).design(gain, 0.1).objective
    np.testing.assert_allclose(found.objective, expected, rtol=1e-6)


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("error", [0.0, 0.05])
def test_the_objective_is_the_error_of_numpy(error, is_complex):
    problem = random_problem(3, 3, error=error, is_complex=is_complex)
    precoders = alone(problem)
    expected = error_of_numpy(problem, precoders[0].numpy())
    np.testing.assert_allclose(problem.objective(precoders)[0], expected)


@pytest.mark.parametrize("is_complex", [False, True])
def test_one_user_starts_at_its_optimum_also_with_errors_of_its_channel(is_complex):
    """Equal gains of both elements: the power of each is half of the whole, as are its errors."""
    weights, rng = np.linspace(1.0, 0.2, 5)[np.newaxis], np.random.default_rng(11)
    h = tf.repeat(tf.constant(complex_normal(rng, 3, 1, 1, 2, 2)), 2, axis=2)
    problem = multiple_access(weights, h, 0.02, 0.3, is_complex)
    start = precoders = alone(problem)
    for _ in range(60):
        precoders = uplink_turn(problem, precoders)
    found, best = problem.objective(start).numpy(), problem.objective(precoders).numpy()
    np.testing.assert_allclose(found, best, rtol=6e-3)


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("error", [0.0, 0.05])
def test_no_turn_raises_the_sum_of_errors(error, is_complex):
    problem = random_problem(3, 5, groups=10, error=error, is_complex=is_complex)
    precoders = alone(problem)
    last = problem.objective(precoders).numpy()
    for _ in range(20):
        precoders = uplink_turn(problem, precoders)
        now = problem.objective(precoders).numpy()
        assert np.all(now <= last * (1 + 1e-10))
        used = tf.reduce_sum(tf.abs(precoders) ** 2, (-2, -1))
        assert np.all(used <= problem.power * (1 + 1e-9))
        last = now


def test_scipy_finds_no_better_precoders_nearby():
    """A local optimum: a general solver that starts there stays there."""
    problem = random_problem(2, 7)
    found = tf.function(lambda: uplink_precoders(problem, 1000))()[0].numpy()
    power = problem.power

    def objective(flat):
        precoders = flat.reshape(found.shape)
        used = np.sum(precoders**2, (1, 2), keepdims=True)
        inside = precoders * np.sqrt(np.minimum(power / used, 1.0))
        return error_of_numpy(problem, inside)

    start = error_of_numpy(problem, found)
    better = minimize(objective, found.ravel(), options={"maxiter": 30})
    assert better.fun >= start * (1 - 1e-4)


def test_the_multiplier_keeps_the_power():
    rng = np.random.default_rng(4)
    root = rng.normal(size=(6, 5, 5))
    normal, right = root @ root.transpose(0, 2, 1), rng.normal(size=(6, 5, 3))
    loose = within_power(tf.constant(normal), tf.constant(right), 1e9)
    np.testing.assert_allclose(loose, np.linalg.solve(normal, right), rtol=1e-6)
    tight = within_power(tf.constant(normal), tf.constant(right), 0.01).numpy()
    np.testing.assert_allclose(np.sum(tight**2, (1, 2)), 0.01, rtol=1e-8)
    level = (right - normal @ tight) / tight  # xi, the same for all entries
    np.testing.assert_allclose(level, np.broadcast_to(level[:, :1, :1], level.shape), rtol=1e-5)


@pytest.mark.parametrize("form", ["widely_linear", "complex_linear"])
@pytest.mark.parametrize("access", ["shared", "orthogonal"])
def test_what_arrives_has_the_expected_error(access, form):
    """Users send different inputs at the same time."""
    tx, rx = latents(2)
    aligner = UplinkAligner(0.0, form=form)
    if access == "orthogonal":
        aligner = MultiLinkAligner("uplink", form, 0.0)
    rng, no = np.random.default_rng(2), 0.05
    h = tf.constant(complex_normal(rng, 1, 2, 2, 3, 2))
    pair = aligner.fit(tx, rx).design(h, no)
    orders = [np.arange(len(rx)), rng.permutation(len(rx))]
    sent = [tf.constant(own[order][np.newaxis]) for own, order in zip(tx, orders, strict=True)]
    x = pair.precode(sent)
    used = tf.reduce_mean(tf.reduce_sum(tf.abs(x) ** 2, (-2, -1)), -1)[0]
    assert np.all(used <= 1.0 + 1e-6)  # half of two resource elements
    y = tf.einsum("gkbrt,gklbt->glbr", h, x)
    y += np.sqrt(no) * complex_normal(rng, *y.shape)
    found = [z.numpy()[0] for z in pair.decode(y)]
    errors = [
        np.mean(np.sum((z - rx[order]) ** 2, 1)) for z, order in zip(found, orders, strict=True)
    ]
    np.testing.assert_allclose(sum(errors), pair.objective[0], rtol=0.03)


def test_what_is_exchanged_is_counted():
    tx, rx = latents(2)
    own = UplinkAligner().fit(tx, rx)
    assert own.exchanged(1, 2, 3) == {"once": 12, "uplink": 24, "downlink": 72}


def test_wrong_pilots_are_refused():
    with pytest.raises(ValueError, match="`tx` must be latents"):
        UplinkAligner().fit([np.zeros((3, 2)), np.zeros((4, 2))], np.zeros((3, 2)))
