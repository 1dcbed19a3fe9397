"""Optimality of the closed form: against ADMM and its gradient on random problems."""

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.alignment import LinearAligner, PilotStatistics, admm, alignment_error


def _complex(draw, *shape):
    return (draw.normal(size=shape) + 1j * draw.normal(size=shape)) * 0.5**0.5


def problems(seed, count):
    """``count`` problems of the same random sizes, ranks, SNR and channel uses."""
    draw = np.random.default_rng(seed)
    d, m = 2 * draw.integers(2, 8, 2)
    rank = int(draw.integers(2, d + 1))
    num_uses, num_rx_ant, num_tx_ant = draw.integers(1, [4, 5, 5])
    repeated, colored = draw.random(2) < 0.5
    no = 10 ** draw.uniform(-3, 1)
    for _ in range(count):
        inputs = draw.normal(size=(300, rank)) * np.exp(-draw.uniform(0, 0.5) * np.arange(rank))
        tx = inputs @ draw.normal(size=(rank, d))
        rx = np.tanh(inputs) @ draw.normal(size=(rank, m)) + 0.1 * draw.normal(size=(300, m))
        aligner = LinearAligner("complex_linear", ridge=0.0).fit_statistics(
            PilotStatistics.of(tx, rx)
        )
        h = _complex(draw, num_uses, num_rx_ant, num_tx_ant)
        if repeated:  # uses of the same channel, as in the paper
            h[:] = h[0]
        root = _complex(draw, num_rx_ant, num_rx_ant) if colored else np.eye(num_rx_ant)
        yield aligner, h, no, root @ root.conj().T + 0.1 * np.eye(num_rx_ant)


def as_matrices(aligner, h, no, covariance):
    """The same problem in the matrices of ADMM."""
    blocks = [tf.linalg.LinearOperatorFullMatrix(tf.constant(part)) for part in h]
    joint = tf.linalg.LinearOperatorBlockDiag(blocks).to_dense()
    noise = tf.constant(np.kron(np.eye(len(h)), no * covariance).astype(complex))
    return tf.constant(aligner.modes_.decoder.T), joint, noise


def precoder_matrix(pair, aligner):
    """F in the basis of the semantic coefficients, column by column."""
    modes = aligner.modes_
    unit = np.linalg.pinv(modes.encoder.conj().T).T  # latents whose coefficients are unit vectors
    latents = np.concatenate([unit.real, unit.imag], -1)[:, : len(modes.mean_tx)] + modes.mean_tx
    x = pair.precode(tf.constant(latents[np.newaxis]))[0]
    return tf.transpose(tf.reshape(x, [len(unit), -1]))


def closed_form(aligner, h, no, covariance):
    """Objective of the closed form in the form of ADMM."""
    modes = aligner.modes_
    pair = aligner.design(h[np.newaxis], no, noise_covariance=covariance)
    return float(pair.objective[0]) - modes.target_power + np.sum(modes.weights**2)


@pytest.mark.parametrize("seed", range(20))
def test_never_above_admm_and_admm_comes_close(seed):
    drawn = list(problems(seed, count=10))
    closed = np.array([closed_form(*problem) for problem in drawn])
    cross, joint, noise = (
        tf.stack(parts) for parts in list(zip(*(as_matrices(*p) for p in drawn), strict=True))[:3]
    )
    scale = np.sum(np.abs(cross) ** 2, (-2, -1))
    power = float(len(drawn[0][1]))
    rho = 0.1 * np.mean(scale) / power  # of the order of the objective's curvature
    found = tf.function(admm)(cross, joint, noise, power, rho, 1000)
    assert np.all(found.power.numpy() <= power * (1 + 1e-6))
    objective = found.objective.numpy()
    assert np.all(closed <= objective.min(0) + 1e-8 * scale)
    gaps = (objective[-1] - closed) / scale
    assert np.median(gaps) < 1e-3
    assert np.max(gaps) < 0.05


@pytest.mark.parametrize("seed", range(20))
def test_gradient_on_the_power_sphere_vanishes(seed):
    aligner, h, no, covariance = next(problems(seed, count=1))
    cross, joint, noise = as_matrices(aligner, h, no, covariance)
    pair = aligner.design(h[np.newaxis], no, noise_covariance=covariance)
    f = precoder_matrix(pair, aligner)
    assert float(tf.reduce_sum(tf.abs(f) ** 2)) == pytest.approx(len(h), rel=1e-6)
    with tf.GradientTape() as tape:
        tape.watch(f)
        error = alignment_error(cross, joint, f, noise)
    gradient = tape.gradient(error, f)
    radial = tf.reduce_sum(tf.math.real(tf.math.conj(f) * gradient)) / len(h)
    tangential = gradient - tf.cast(radial, f.dtype) * f
    assert np.linalg.norm(tangential) < 1e-5 * np.sum(np.abs(cross) ** 2)
