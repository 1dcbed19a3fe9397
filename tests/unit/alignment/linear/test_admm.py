"""ADMM: its steps against their definitions, and its transmit power."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.linalg import solve_sylvester

from sionna_semcom.alignment import ADMMAligner, admm, alignment_error, mmse_decoder

from ..problems import channels, noise, pilots, statistics

NOISE = 0.1 * tf.eye(3, dtype=tf.complex128)


def test_decoder_is_the_best_one():
    cross, h, f = channels(6, 5), channels(3, 2, seed=1), channels(2, 5, seed=2)
    best = mmse_decoder(cross, h, f, NOISE)

    def error(decoder):
        left = cross - decoder @ h @ f
        return np.sum(np.abs(left) ** 2) + np.real(
            np.trace(decoder @ NOISE @ np.conj(np.transpose(decoder)))
        )

    assert error(best) == pytest.approx(float(alignment_error(cross, h, f, NOISE)))
    for seed in range(5):
        assert error(best) < error(best + 0.01 * channels(6, 3, seed=10 + seed))


def test_first_iteration_is_that_of_the_paper():
    """Equations (15), (20) and (26) for pilots X with unit covariance, with a Sylvester solver."""
    cross, h, rho = channels(6, 5).numpy(), channels(3, 2, seed=1).numpy(), 2.0
    first = channels(2, 5, seed=2)
    g = mmse_decoder(cross, h, first, NOISE).numpy()
    a, c = (g @ h).conj().T @ (g @ h), (g @ h).conj().T @ cross
    f = solve_sylvester(a, rho * np.eye(5, dtype=complex), c)
    expected = f * min(1.0, 1.0 / np.linalg.norm(f))
    found = admm(cross, h, NOISE, 1.0, rho, iterations=1, initial=first)
    np.testing.assert_allclose(found.precoder, expected, atol=1e-10)


def test_power_limit_holds_in_every_iteration_and_error_falls():
    result = admm(channels(6, 5), channels(4, 3, 2, seed=1), NOISE, 1.5, rho=2.0, iterations=200)
    assert result.power.shape == (200, 4)
    assert np.all(result.power.numpy() <= 1.5 * (1 + 1e-9))
    assert np.all(result.objective[-1] < result.objective[0])


def test_aligner_uses_all_of_the_power_and_translates():
    aligner = ADMMAligner(iterations=50, rho=1.0).fit_statistics(statistics(count=2000))
    h = channels(3, 2, 3, 2)
    pair = aligner.design(h, 0.05)
    tx, rx = pilots(count=2000)
    x = pair.precode(tf.constant(np.broadcast_to(tx, (3, *tx.shape))))
    power = tf.reduce_sum(tf.abs(pair.precoder) ** 2, (-2, -1))
    np.testing.assert_allclose(power, np.full(3, 2.0), rtol=1e-6)
    y = tf.linalg.matvec(h[:, None], x) + noise([*x.shape[:-1], 3], 0.05)
    error = np.mean((pair.decode(y) - rx) ** 2)
    assert error < 0.5 * np.mean((rx - rx.mean(0)) ** 2)
