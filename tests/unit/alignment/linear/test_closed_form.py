"""Closed form: its predicted error equals the measured error, and no other solution is better."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.alignment import LinearAligner, PilotStatistics

from ..problems import channels, noise, pilots, statistics

SHAPES = [(1, 1, 1), (1, 2, 2), (2, 3, 2), (2, 2, 4), (3, 4, 4)]  # elements, receive, transmit


def sent_and_received(pair, h, no, count=400, **options):
    tx, rx = pilots(count=count, **options)
    x = pair.precode(tf.constant(np.broadcast_to(tx, (h.shape[0], *tx.shape)), h.dtype.real_dtype))
    y = tf.linalg.matvec(h[:, None], x)
    return x, y + noise([*x.shape[:-1], h.shape[-2]], no, dtype=h.dtype), rx


@pytest.mark.parametrize("form", ["widely_linear", "complex_linear"])
@pytest.mark.parametrize("shape", SHAPES)
def test_error_is_what_the_objective_says(form, shape):
    aligner = LinearAligner(form, ridge=0.0).fit_statistics(statistics(count=2000))
    h, no = channels(4, *shape), 0.1
    pair = aligner.design(h, no)
    errors = []
    for _ in range(5):
        x, y, rx = sent_and_received(pair, h, no, count=2000)
        errors.append(np.mean(np.sum((pair.decode(y) - rx) ** 2, -1), -1))
    np.testing.assert_allclose(np.mean(errors, 0), pair.objective, rtol=0.03)
    power = tf.reduce_mean(tf.reduce_sum(tf.abs(x) ** 2, (-2, -1)), -1)
    np.testing.assert_allclose(power, np.full(4, shape[0]), rtol=1e-6)


def test_the_objective_includes_the_padding_of_odd_complex_targets():
    """The measured error with the discarded estimate of the padding, which is zero."""
    sizes = {"d": 10, "m": 7, "count": 2000}
    aligner = LinearAligner("complex_linear", ridge=0.0).fit_statistics(statistics(**sizes))
    h, no = channels(4, 2, 2, 2), 0.1
    pair = aligner.design(h, no)
    padded = pair.semantic.mean_rx, np.zeros(1)
    whole = pair._replace(semantic=replace(pair.semantic, mean_rx=np.concatenate(padded)))
    errors = []
    for _ in range(5):
        _, y, rx = sent_and_received(pair, h, no, **sizes)
        found = whole.decode(y).numpy()
        np.testing.assert_allclose(found[..., :7], pair.decode(y))
        errors.append(np.mean((found - np.pad(rx, [(0, 0), (0, 1)])) ** 2, 1))
    by_feature = np.mean(errors, 0)
    np.testing.assert_allclose(by_feature.sum(-1), pair.objective, rtol=0.03)
    assert np.all(by_feature[:, 7] > 0.005 * by_feature.sum(-1))


@pytest.mark.parametrize("allocation", ["joint", "per_element"])
@pytest.mark.parametrize("dtype", [tf.complex64, tf.complex128])
def test_power_is_met_in_every_channel(allocation, dtype):
    aligner = LinearAligner(allocation=allocation).fit_statistics(statistics())
    powers = aligner.design(channels(500, 3, 4, 4, dtype=dtype), 0.01).powers
    np.testing.assert_allclose(tf.reduce_sum(powers, (1, 2, 3)), np.full(500, 3.0), rtol=1e-6)
    if allocation == "per_element":
        np.testing.assert_allclose(tf.reduce_sum(powers, (2, 3)), np.ones((500, 3)), rtol=1e-6)


def test_joint_allocation_is_never_worse():
    joint, single = (
        LinearAligner(allocation=allocation)
        .fit_statistics(statistics())
        .design(channels(200, 3, 2, 2), 0.1)
        for allocation in ("joint", "per_element")
    )
    assert np.all(joint.objective <= single.objective + 1e-9)
    assert np.mean(joint.objective) < 0.97 * np.mean(single.objective)


def test_widely_linear_is_never_worse_than_complex_linear():
    widely, complex_ = (
        LinearAligner(form, ridge=0.0)
        .fit_statistics(statistics())
        .design(channels(100, 1, 2, 2), 0.1)
        for form in ("widely_linear", "complex_linear")
    )
    assert np.all(widely.objective <= complex_.objective + 1e-9)


@pytest.mark.parametrize("form", ["widely_linear", "complex_linear"])
def test_colored_noise_is_whitened(form):
    found = statistics(count=2000)
    h, draw = channels(3, 2, 3, 2), channels(3, 3, seed=7)
    covariance = tf.matmul(draw, draw, adjoint_b=True) + 0.1 * tf.eye(3, dtype=draw.dtype)
    pair = (
        LinearAligner(form, ridge=0.0)
        .fit_statistics(found)
        .design(h, 0.05, noise_covariance=covariance)
    )
    blind = LinearAligner(form, ridge=0.0).fit_statistics(found).design(h, 0.05)
    factor = tf.linalg.cholesky(covariance)
    errors = {"aware": [], "blind": []}
    for name, design in (("aware", pair), ("blind", blind)):
        for seed in range(5):
            x, _, rx = sent_and_received(design, h, 0.05, count=2000)
            white = noise([*x.shape[:-1], 3], 0.05, seed=seed)
            y = tf.linalg.matvec(h[:, None], x) + tf.linalg.matvec(factor, white)
            errors[name].append(np.mean(np.sum((design.decode(y) - rx) ** 2, -1), -1))
    np.testing.assert_allclose(np.mean(errors["aware"], 0), pair.objective, rtol=0.03)
    assert np.mean(errors["aware"]) < np.mean(errors["blind"])


def test_robust_objective_is_the_average_over_channel_errors():
    aligner = LinearAligner(ridge=0.0).fit_statistics(statistics(count=500))
    mean, error, no = channels(2, 2, 3, 2), np.array([[0.3, 0.05], [0.2, 0.2]]), 0.05
    robust, naive = aligner.design(mean, no, error), aligner.design(mean, no)
    errors = {"robust": [], "naive": []}
    for seed in range(200):
        wrong = channels(2, 2, 3, 2, seed=1000 + seed)
        h = mean + tf.constant(error**0.5, tf.complex128)[..., None, None] * wrong
        for name, pair in (("robust", robust), ("naive", naive)):
            _, y, rx = sent_and_received(pair, h, no, count=500)
            errors[name].append(np.mean(np.sum((pair.decode(y) - rx) ** 2, -1), -1))
    np.testing.assert_allclose(np.mean(errors["robust"], 0), robust.objective, rtol=0.04)
    assert np.all(np.mean(errors["robust"], 0) < np.mean(errors["naive"], 0))


@pytest.mark.parametrize(
    ("error", "turns"),
    [(0.0, 1), (np.zeros((1, 2)), 1), (tf.zeros([1, 2]), 1), (0.1, 9), (tf.fill([1, 2], 0.1), 9)],
)
def test_no_turns_are_taken_where_channels_are_known(error, turns, monkeypatch):
    shared = []
    share_out = LinearAligner._share_out
    monkeypatch.setattr(
        LinearAligner, "_share_out", lambda *given: shared.append(1) or share_out(*given)
    )
    aligner = LinearAligner().fit_statistics(statistics())
    pair = aligner.design(channels(1, 2, 3, 2), 0.1, error)
    assert len(shared) == turns
    if turns == 1:
        expected = aligner.design(channels(1, 2, 3, 2), 0.1)
        np.testing.assert_array_equal(pair.powers, expected.powers)


def test_known_channels_may_have_colored_noise():
    aligner, h, noise_covariance = (
        LinearAligner().fit_statistics(statistics()),
        channels(1, 1, 2, 2),
        np.eye(2),
    )
    pair = aligner.design(h, 0.1, tf.zeros([1, 1]), noise_covariance)
    np.testing.assert_allclose(pair.objective, aligner.design(h, 0.1).objective)


def test_snr_improves_and_no_noise_is_no_problem():
    aligner = LinearAligner().fit_statistics(statistics())
    objective = [float(aligner.design(channels(1, 1, 2, 2), no).objective[0]) for no in (10, 1, 0)]
    assert objective[0] > objective[1] > objective[2]
    assert np.isfinite(objective).all()


def test_a_zero_channel_says_nothing_and_takes_no_power():
    aligner = LinearAligner().fit_statistics(statistics())
    h = tf.concat(
        [tf.zeros([1, 1, 2, 3], tf.complex64), channels(1, 1, 2, 3, dtype=tf.complex64)], 0
    )
    pair = aligner.design(h, 0.1)
    x, y, rx = sent_and_received(pair, h, 0.1)
    assert np.all(x[0].numpy() == 0)
    np.testing.assert_allclose(pair.decode(y)[0], np.tile(rx.mean(0), (400, 1)), rtol=1e-4)
    assert np.isfinite(pair.decode(y).numpy()).all()


@pytest.mark.parametrize(
    "options", [{"d": 11, "m": 19}, {"count": 8}, {"rank": 3}, {"d": 2, "m": 2}]
)
@pytest.mark.parametrize("form", ["widely_linear", "complex_linear"])
def test_odd_sizes_and_few_pilots_work(form, options):
    aligner = LinearAligner(form).fit_statistics(statistics(**options))
    h = channels(2, 2, 4, 4, dtype=tf.complex64)  # more modes than some latents have to say
    _, y, rx = sent_and_received(aligner.design(h, 0.1), h, 0.1, **{"count": 400, **options})
    received = aligner.design(h, 0.1).decode(y)
    assert received.shape[-1] == rx.shape[-1]
    assert np.isfinite(received.numpy()).all()


def test_runs_in_graphs_and_under_xla_and_for_any_batch(compiled):
    aligner = LinearAligner().fit_statistics(statistics())

    def transfer(h, tx):
        pair = aligner.design(h, 0.1, tf.constant(0.1))
        return pair.decode(tf.linalg.matvec(h[:, tf.newaxis], pair.precode(tx)))

    h, tx = channels(3, 2, 2, 2, dtype=tf.complex64), tf.constant(pilots(count=5)[0], tf.float32)
    tx = tf.repeat(tx[tf.newaxis], 3, 0)
    np.testing.assert_allclose(compiled(transfer)(h, tx), transfer(h, tx), atol=2e-3)


def test_is_differentiable_in_the_channel():
    aligner = LinearAligner().fit_statistics(statistics())
    h = channels(1, 2, 2, 2)

    def objective(real, imag):
        return aligner.design(tf.complex(real, imag), 0.1).objective

    parts = [tf.math.real(h), tf.math.imag(h)]
    for theory, numeric in zip(*tf.test.compute_gradient(objective, parts), strict=True):
        np.testing.assert_allclose(theory, numeric, atol=1e-4)

    tx = tf.constant(pilots(count=7)[0])[tf.newaxis]
    with tf.GradientTape() as tape:
        tape.watch(h)
        pair = aligner.design(h, 0.1)
        received = pair.decode(tf.linalg.matvec(h[:, tf.newaxis], pair.precode(tx)))
        loss = tf.reduce_sum(received**2)
    assert np.isfinite(tape.gradient(loss, h).numpy()).all()


def test_gradients_survive_directions_without_power():
    h = channels(3, 1, 4, 4)
    tx = tf.constant(np.broadcast_to(pilots(count=7)[0], (3, 7, 12)))
    with tf.GradientTape() as tape:
        tape.watch(h)
        pair = LinearAligner().fit_statistics(statistics()).design(h, 10.0)
        received = pair.decode(tf.linalg.matvec(h[:, tf.newaxis], pair.precode(tx)))
        loss = tf.reduce_sum(received**2)
    assert np.any(pair.powers.numpy() == 0)
    assert np.isfinite(tape.gradient(loss, h).numpy()).all()


def test_every_channel_can_have_noise_of_its_own_color():
    h, draw = channels(3, 2, 3, 2), channels(3, 3, 3, seed=7)
    covariance = tf.matmul(draw, draw, adjoint_b=True) + 0.1 * tf.eye(3, dtype=draw.dtype)
    aligner = LinearAligner().fit_statistics(statistics())
    together = aligner.design(h, 0.1, noise_covariance=covariance)
    for n in range(3):
        alone = aligner.design(h[n : n + 1], 0.1, noise_covariance=covariance[n])
        np.testing.assert_allclose(together.objective[n], alone.objective[0])
    with pytest.raises(ValueError, match="Received: both"):
        aligner.design(h, 0.1, 0.1, noise_covariance=covariance)


def test_power_limit_holds_on_held_out_latents():
    held_out = 1.3 * pilots(count=3000, seed=0)[0][60:]
    aligner = LinearAligner().fit_statistics(statistics(count=60), held_out)
    for no in (10.0, 0.01):
        x = aligner.design(channels(50, 1, 2, 2), no).precode(
            tf.constant(np.broadcast_to(held_out, (50, *held_out.shape)))
        )
        power = np.mean(np.sum(np.abs(x) ** 2, (-2, -1)), -1)
        np.testing.assert_allclose(power, np.ones(50), rtol=1e-6)


@pytest.mark.parametrize("form", ["widely_linear", "complex_linear"])
def test_the_objective_is_the_error_of_held_out_latents(form):
    """They vary twice as much as the pilots, and the receiver's latents follow them."""
    tx, rx = pilots()
    more = tx - tx.mean(0)
    aligner = LinearAligner(form, ridge=0.0).fit(tx, rx, tx + more)
    modes = aligner.modes_
    if form == "complex_linear":
        more = more[:, :6] + 1j * more[:, 6:]
    following = more @ modes.encoder.conj() @ modes.decoder
    if form == "complex_linear":
        following = np.concatenate([following.real, following.imag], 1)
    wide, rx = 2 * tx - tx.mean(0), rx + following
    h = channels(40, 1, 2, 2)
    pair = aligner.design(h, 0.1)
    x = pair.precode(tf.constant(np.broadcast_to(wide, (40, *wide.shape))))
    y = tf.linalg.matvec(h[:, None], x) + noise([*x.shape[:-1], 2], 0.1)
    error = np.mean(np.sum((pair.decode(y) - rx) ** 2, -1))
    assert error == pytest.approx(np.mean(pair.objective), rel=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"form": "real"}, "`form` must be"), ({"allocation": "greedy"}, "`allocation` must be")],
)
def test_refuses_unknown_choices(options, message):
    with pytest.raises(ValueError, match=message):
        LinearAligner(**options).fit_statistics(statistics())


def test_refuses_a_metric_for_the_complex_linear_form():
    with pytest.raises(ValueError, match="multiple of the identity"):
        LinearAligner("complex_linear", metric=np.diag(np.arange(1.0, 21.0))).fit_statistics(
            statistics()
        )


def test_refuses_what_is_no_channel():
    aligner = LinearAligner().fit_statistics(PilotStatistics.of(*pilots()))
    with pytest.raises(ValueError, match=r"\[..., num_elements, num_rx_ant, num_tx_ant\]"):
        aligner.design(tf.eye(2, dtype=tf.complex64), 0.1)
