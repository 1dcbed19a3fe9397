"""Neural aligners: power, channel knowledge and training."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.alignment import (
    ComplexAligner,
    ComplexDense,
    EigenbasisAligner,
    HardThresholding,
    on_magnitude,
)

from ..problems import channels, pilots, statistics


def test_activation_keeps_the_phase_and_bends_the_magnitude():
    z = channels(50, dtype=tf.complex64)
    found = on_magnitude(z).numpy()
    np.testing.assert_allclose(np.angle(found), np.angle(z), atol=1e-5)
    expected = keras.activations.gelu(np.abs(z), approximate=False)
    np.testing.assert_allclose(np.abs(found), expected, atol=1e-5)


def test_activation_has_a_gradient_at_zero():
    z = tf.zeros([3], tf.complex64)
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = tf.reduce_sum(tf.math.real(on_magnitude(z)))
    np.testing.assert_allclose(tape.gradient(value, z), np.full(3, 0.5), atol=1e-5)


def test_complex_layer_is_a_complex_product():
    layer = ComplexDense(3)
    layer.build((None, 4))
    layer.bias[1].assign([1.0, 2.0, 3.0])
    x = channels(5, 4, dtype=tf.complex64)
    kernel = layer.kernel[0].numpy() + 1j * layer.kernel[1].numpy()
    np.testing.assert_allclose(layer(x), x.numpy() @ kernel + 1j * np.array([1, 2, 3]), atol=1e-5)


def test_complex_layer_keeps_the_conventions_of_keras():
    layer = ComplexDense(3, name="mine", dtype="float64", trainable=False)
    layer.build((None, 4))
    assert layer(channels(5, 4)).dtype == tf.complex128
    layer.prune(0.1)
    again = ComplexDense.from_config(layer.get_config())
    assert (again.name, again.units, again.dtype, again.trainable) == ("mine", 3, "float64", False)


def test_complex_weights_are_circular():
    layer = ComplexDense(200)
    layer.build((None, 300))
    real, imag = (part.numpy().ravel() for part in layer.kernel)
    assert abs(np.corrcoef(real, imag)[0, 1]) < 0.02
    assert np.mean(real**2 + imag**2) == pytest.approx(1 / 300, rel=0.05)


def test_pruned_weights_are_the_small_ones_and_stay_zero():
    layer = ComplexDense(20)
    layer.build((None, 30))
    magnitude = np.hypot(*(part.numpy() for part in layer.kernel))
    threshold = float(np.median(magnitude))
    HardThresholding([layer], threshold).on_epoch_end(0)
    assert layer.sparsity == pytest.approx(0.5, abs=0.01)
    np.testing.assert_array_equal(layer.mask.numpy(), magnitude > threshold)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.abs(layer(channels(7, 30, dtype=tf.complex64))) ** 2)
    gradient = tape.gradient(loss, layer.kernel[0].value)
    assert np.all(gradient.numpy()[magnitude <= threshold] == 0)
    assert np.any(gradient.numpy()[magnitude > threshold] != 0)


def make(kind):
    if kind == "complex":
        return ComplexAligner(statistics(), 2, 3, 4)
    return EigenbasisAligner(statistics(), 2, 3, (16,), (16,))


@pytest.mark.parametrize("kind", ["complex", "eigenbasis"])
def test_power_limit_holds_for_every_latent(kind):
    h = channels(5, 2, 4, 3, dtype=tf.complex64)
    tx = tf.constant(np.stack([pilots(count=6, seed=n)[0] for n in range(5)]), tf.float32)
    pair = make(kind).design(h, tf.constant(0.1))
    x = pair.precode(tx)
    assert x.shape == (5, 6, 2, 3)
    power = np.sum(np.abs(x) ** 2, (-2, -1))
    np.testing.assert_allclose(power, np.full((5, 6), 2.0), rtol=1e-6)
    assert pair.decode(tf.linalg.matvec(h[:, None], x)).shape == (5, 6, 20)


def test_eigenbasis_hides_all_but_the_gains():
    """Rotations at both ends change the transmitted symbols, but not the received latents."""
    aligner = make("eigenbasis")
    h = channels(3, 2, 4, 3, dtype=tf.complex64)
    left, right = (
        tf.linalg.qr(channels(3, 2, size, size, seed=size, dtype=tf.complex64))[0]
        for size in (4, 3)
    )
    rotated = left @ h @ right
    tx = tf.constant(np.broadcast_to(pilots(count=6)[0], (3, 6, 12)), tf.float32)

    def arrive(channel):
        pair = aligner.design(channel, tf.constant(0.1))
        return pair.decode(tf.linalg.matvec(channel[:, None], pair.precode(tx)))

    np.testing.assert_allclose(arrive(rotated), arrive(h), atol=2e-3)


@pytest.mark.parametrize(
    ("kind", "shape", "message"),
    [
        ("complex", (5, 2, 4, 2), r"shape \[..., 2, 4, 3\], which .*Received: \(5, 2, 4, 2\)"),
        ("complex", (5, 2, 3, 3), r"shape \[..., 2, 4, 3\]"),
        ("eigenbasis", (5, 2, 4, 4), r"\[..., 2, N_R, N_T\] with min\(N_R, N_T\) = 3, .*4, 4\)"),
        ("eigenbasis", (5, 1, 4, 3), r"\[..., 2, N_R, N_T\].*Received: \(5, 1, 4, 3\)"),
    ],
)
def test_channels_of_other_sizes_are_refused(kind, shape, message):
    with pytest.raises(ValueError, match=message):
        make(kind).design(channels(*shape, dtype=tf.complex64), tf.constant(0.1))


@pytest.mark.parametrize("kind", ["complex", "eigenbasis"])
def test_every_weight_has_a_gradient(kind):
    aligner = make(kind)
    h = channels(5, 2, 4, 3, dtype=tf.complex64)
    tx = tf.constant(np.broadcast_to(pilots(count=6)[0], (5, 6, 12)), tf.float32)
    with tf.GradientTape() as tape:
        pair = aligner.design(h, tf.constant(0.1))
        loss = tf.reduce_mean(pair.decode(tf.linalg.matvec(h[:, None], pair.precode(tx))) ** 2)
    gradients = tape.gradient(loss, aligner.trainable_weights)
    assert len(gradients) > 4
    assert all(g is not None and np.isfinite(g).all() and np.any(g != 0) for g in gradients)
