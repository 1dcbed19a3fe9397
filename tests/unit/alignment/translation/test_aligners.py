"""Translations of the literature against SciPy and scikit-learn, noiseless and over channels."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.linalg import orthogonal_procrustes
from sklearn.base import clone
from sklearn.cross_decomposition import CCA
from sklearn.exceptions import NotFittedError
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression

from sionna_semcom.alignment import (
    CCAAligner,
    KernelRidgeAligner,
    LinearAligner,
    ProcrustesAligner,
    RelativeAligner,
    aligner_cost,
    linear_flops,
)

from ..problems import channels, noise, pilots

ALIGNERS = {
    "procrustes": ProcrustesAligner(),
    "cca": CCAAligner(),
    "cca 3": CCAAligner(components=3),
    "relative": RelativeAligner(anchors=40),
    "kernel_ridge": KernelRidgeAligner(gamma=0.3, alpha=0.1),
}


@pytest.fixture(params=ALIGNERS.values(), ids=ALIGNERS)
def aligner(request):
    return clone(request.param)


def received(aligner, h, no, **options):
    tx, rx = pilots(**options)
    pair = aligner.design(h, no)
    x = pair.precode(tf.constant(np.broadcast_to(tx, (len(h), *tx.shape))))
    y = tf.linalg.matvec(h[:, None], x) + noise([*x.shape[:-1], h.shape[-2]], no)
    return x, pair.decode(y).numpy(), rx


def error(found, rx):
    return np.mean(np.sum((found - rx) ** 2, -1))


@pytest.mark.parametrize(("d", "m"), [(12, 12), (12, 20), (20, 12)])
def test_procrustes_is_that_of_scipy(d, m):
    """SciPy takes matrices of one shape: the smaller one is padded with zeros."""
    tx, rx = pilots(d=d, m=m)
    found = ProcrustesAligner().fit(tx, rx)
    one, other = (np.pad(x - x.mean(0), [(0, 0), (0, max(d, m) - x.shape[1])]) for x in (tx, rx))
    rotation = orthogonal_procrustes(one, other)[0][:d, :m]
    rotated = (tx - tx.mean(0)) @ rotation
    scale = np.sum(rotated * (rx - rx.mean(0))) / np.sum(rotated**2)  # least squares
    np.testing.assert_allclose(found.translate(tx), scale * rotated + rx.mean(0), atol=1e-8)


def test_procrustes_undoes_rotation_scale_and_shift():
    tx, _ = pilots()
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(12, 12)))[0]
    rx = 3.0 * tx @ rotation + 1.0
    np.testing.assert_allclose(ProcrustesAligner().fit(tx, rx).translate(tx), rx, atol=1e-8)


def test_canonical_correlations_are_those_of_scikit_learn():
    tx, rx = pilots(d=5, m=4, count=2000)
    found = CCAAligner(ridge=0.0, floor=0.0).fit(tx, rx)
    u, v = CCA(n_components=4, max_iter=5000, tol=1e-12).fit(tx, rx).transform(tx, rx)
    expected = [np.corrcoef(u[:, i], v[:, i])[0, 1] for i in range(4)]
    np.testing.assert_allclose(found.correlations_, expected, rtol=1e-5)


@pytest.mark.parametrize("components", [1, 3])
def test_fewer_canonical_variates_predict_as_scikit_learn(components):
    tx, rx = pilots(d=5, m=4, count=2000)
    found = CCAAligner(components, ridge=0.0, floor=0.0).fit(tx, rx)
    model = CCA(n_components=components, max_iter=5000, tol=1e-12).fit(tx, rx)
    u = model.transform(tx)
    expected = (u / u.std(0)) @ ((u / u.std(0)).T @ (rx - rx.mean(0)) / len(u)) + rx.mean(0)
    np.testing.assert_allclose(found.translate(tx), expected, atol=1e-3)  # CCA iterates


def test_cca_is_the_linear_optimum_in_the_metric_of_mahalanobis():
    tx, rx = pilots()
    metric = np.linalg.inv(np.cov(rx.T, bias=True))
    linear = LinearAligner(metric=metric, ridge=0.0).fit(tx, rx)
    aligner = CCAAligner(ridge=0.0, floor=0.0).fit(tx, rx)
    h = channels(20, 1, 2, 2)
    never_sent = 20.0 - np.sum(aligner.correlations_**2)  # no linear function of tx has it
    found = aligner.design(h, 0.1).pair.objective + never_sent
    np.testing.assert_allclose(found, linear.design(h, 0.1).objective, rtol=1e-6)


def test_relative_representations_do_not_see_a_rotation():
    """The decoder reads a rotated copy as it reads the receiver's own latents."""
    _, rx = pilots()
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(20, 20)))[0]
    tx = 2.0 * rx @ rotation + 1.0
    found = RelativeAligner(anchors=40).fit(tx, rx).translate(tx).numpy()
    centered = rx - rx.mean(0)
    unit = centered / np.linalg.norm(centered, axis=1, keepdims=True)
    relative = unit @ unit[np.linspace(0, 399, 40).round().astype(int)].T
    expected = LinearRegression().fit(relative, rx).predict(relative)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_weak_directions_of_other_networks_do_not_explode():
    """The transmitter's representation leaves the span of the receiver's: the ridge must know."""
    tx, rx = pilots(d=12, m=12)
    found = RelativeAligner(anchors=100).fit(tx, rx).translate(tx).numpy()
    assert error(found, rx) < error(rx.mean(0), rx)


def test_kernel_ridge_is_that_of_scikit_learn():
    tx, rx = pilots()
    found = KernelRidgeAligner(gamma=0.3, alpha=0.1).fit(tx, rx)
    gamma = 0.3 / np.trace(np.cov(tx.T, bias=True))
    model = KernelRidge(kernel="rbf", gamma=gamma, alpha=0.1).fit(tx - tx.mean(0), rx - rx.mean(0))
    others = pilots(seed=1)[0]
    expected = model.predict(others - tx.mean(0)) + rx.mean(0)
    np.testing.assert_allclose(found.translate(others), expected, atol=1e-3)


def test_cross_validation_chooses_a_curved_translation_for_curved_targets():
    tx = np.random.default_rng(1).normal(size=(600, 2))
    rx = np.stack([tx[:, 0] ** 2, np.sin(2.0 * tx[:, 1])], 1)
    train, test = slice(400), slice(400, None)
    kernel = KernelRidgeAligner().fit(tx[train], rx[train])
    line = ProcrustesAligner().fit(tx[train], rx[train])
    errors = [error(one.translate(tx[test]).numpy(), rx[test]) for one in (kernel, line)]
    assert errors[0] < 0.1 * errors[1]


def test_without_noise_the_translation_arrives(aligner):
    tx, rx = pilots()
    aligner.fit(tx, rx)
    _, found, _ = received(aligner, channels(1, 4, 4, 4), 0.0)
    np.testing.assert_allclose(found[0], aligner.translate(tx), atol=2e-3 * rx.std())


@pytest.mark.parametrize("shape", [(1, 2, 2), (2, 3, 2)])
def test_power_is_met(aligner, shape):
    tx, rx = pilots()
    x, _, _ = received(aligner.fit(tx, rx, tx), channels(4, *shape), 0.1)
    power = np.mean(np.sum(np.abs(x) ** 2, (-2, -1)), -1)
    np.testing.assert_allclose(power, np.full(4, shape[0]), rtol=1e-5)


def test_linear_translations_never_beat_the_linear_optimum(aligner):
    if isinstance(aligner, KernelRidgeAligner | RelativeAligner):
        pytest.skip("a nonlinear translation may")
    tx, rx = pilots()
    h = channels(50, 1, 2, 2)
    _, found, _ = received(aligner.fit(tx, rx, tx), h, 0.1)
    _, best, _ = received(LinearAligner().fit(tx, rx, tx), h, 0.1)
    assert error(best, rx) < error(found, rx)


def test_graphs_give_what_eager_mode_gives(aligner):
    tx, rx = pilots()
    aligner.fit(tx, rx)
    h = channels(2, 1, 2, 2, dtype=tf.complex64)
    latents = tf.constant(np.stack([tx[:5]] * 2), tf.float32)

    def send(h, latents):
        pair = aligner.design(h, 0.1)
        return pair.decode(tf.linalg.matvec(h[:, None], pair.precode(latents)))

    expected = send(h, latents)
    assert expected.dtype == tf.float32
    np.testing.assert_allclose(tf.function(send)(h, latents), expected, atol=1e-4)


def test_estimators_follow_scikit_learn(aligner):
    assert vars(aligner) == aligner.get_params()
    with pytest.raises(NotFittedError):
        aligner.translate(np.zeros((1, 12)))
    assert aligner.fit(*pilots()) is aligner
    learned = set(vars(aligner)) - set(aligner.get_params())
    assert all(name.endswith("_") and not name.startswith("_") for name in learned)
    with pytest.raises(NotFittedError):
        clone(aligner).design(channels(1, 1, 2, 2), 0.1)


@pytest.mark.parametrize(
    ("aligner", "message"),
    [
        (CCAAligner(components=0), "`components` must be at least 1. Received: 0"),
        (CCAAligner(floor=-1.0), "`floor` must not be negative. Received: -1.0"),
        (RelativeAligner(anchors=0), "`anchors` must be at least 1. Received: 0"),
        (KernelRidgeAligner(gamma=-1.0), "`gamma` must be positive. Received: -1.0"),
        (KernelRidgeAligner(alpha=np.inf), "`alpha` must be positive. Received: inf"),
    ],
)
def test_parameters_out_of_range_are_refused(aligner, message):
    with pytest.raises(ValueError, match=message):
        aligner.fit(*pilots())


@pytest.mark.parametrize("changed", ["tx", "rx"])
def test_constant_pilots_are_refused(aligner, changed):
    given = dict(zip(("tx", "rx"), pilots(), strict=True))
    given[changed] = np.zeros_like(given[changed])
    with pytest.raises(ValueError, match=f"`{changed}` must vary"):
        aligner.fit(**given)


def test_integers_are_refused():
    aligner = ProcrustesAligner().fit(*pilots())
    with pytest.raises(ValueError, match=r"must be floating-point\. Received: int32"):
        aligner.translate(tf.ones([2, 12], tf.int32))


def test_too_many_pilots_for_a_kernel_are_refused():
    with pytest.raises(ValueError, match=r"at most 10000 pilots\. Received: 10001"):
        KernelRidgeAligner().fit(*np.arange(20_002.0).reshape(2, -1, 1))


def test_kernels_cost_operations_for_every_pilot():
    tx, rx = pilots()
    size = (12, 20, 1, 2, 2)
    linear = linear_flops(*size)
    assert aligner_cost(ProcrustesAligner().fit(tx, rx), *size)["flops"] == linear
    kernel = KernelRidgeAligner(0.3, 0.1).fit(tx, rx)
    cost = aligner_cost(kernel, *size)
    assert cost["flops"] == linear_flops(20, *size[1:]) + 2 * 400 * (12 + 20)
    assert cost["parameters"] == 4 * 20 + 20 * 4 + 400 * (12 + 20)  # translations [20] are sent
