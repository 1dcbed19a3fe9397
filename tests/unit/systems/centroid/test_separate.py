# SPDX-License-Identifier: Apache-2.0
"""Centroids of devices that do not exchange their embeddings."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.link import AWGNLink, OverTheAirLink, UplinkLink
from sionna_semcom.losses import centroid
from sionna_semcom.mapping import LatentMapper
from sionna_semcom.systems import CentroidSystem
from sionna_semcom.systems.centroid.separate import agreement, send_centroid, weighted_mean

NAMES = ["image", "audio", "text"]
SHAPES = {"image": (8, 8, 1), "audio": (16, 8, 1), "text": (10,)}
ROW = {
    "csi": "perfect", "num_ofdm_symbols": 1, "fft_size": 8, "pilot_ofdm_symbol_indices": (),
}  # fmt: skip


@functools.cache
def air(num_users=3):
    return OverTheAirLink(model="awgn", num_users=num_users, **ROW)


@functools.cache
def users():
    return UplinkLink(model="flat", num_users=3, num_rx_ant=4, **ROW)


def embeddings(size=400, disagreement=0.5, dim=16):
    """Unit vectors around common vectors."""
    draw = np.random.default_rng(1)
    common = draw.normal(size=(size, dim))
    rows = {}
    for name in NAMES:
        vectors = common + disagreement * draw.normal(size=(size, dim))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        rows[name] = tf.constant(vectors, tf.float32)
    return rows


def sent(link, rows, no, mask=None):
    return send_centroid(link, rows, mask, NAMES, tf.constant(no), None, False)


def batch(size=6):
    draw = np.random.default_rng(2)
    label = tf.constant([0, 1, 2] * (size // 3), tf.int32)
    images = {name: draw.uniform(size=(size, *SHAPES[name])) for name in ("image", "audio")}
    images = {name: tf.constant(values, tf.float32) for name, values in images.items()}
    return {**images, "text": tf.one_hot(label, 10), "label": label}


def test_agreement_is_the_mean_correlation_of_pairs():
    rows = embeddings()
    mapper = LatentMapper()
    pairs = [("image", "audio"), ("image", "text"), ("audio", "text")]
    expected = np.mean([np.sum(rows[a] * rows[b], axis=1).mean() for a, b in pairs])
    assert float(agreement([mapper(x) for x in rows.values()])) == pytest.approx(expected, abs=1e-5)


def test_noise_over_the_air_is_that_of_one_transmitter_less_the_coherent_gain():
    """The closed form: 10 log10(N r^2) dB with the norm r of the mean of unit embeddings."""
    rows, no = embeddings(2000), 0.5
    mean = np.mean(list(rows.values()), axis=0)
    gain = 3 * np.mean(np.sum(mean**2, axis=1))
    received = sent(air(), rows, no)
    np.testing.assert_allclose(received.no_eff, no / gain, rtol=1e-3)
    # the demapper scales by 1 / (1 + no_eff) for the power that the centroid has
    estimate = received.latent * (1.0 + no / gain) / 8**0.5  # symbols of unit power to unit norm
    scaled = mean / np.sqrt(gain / 3)
    error = np.sum((estimate - scaled) ** 2, axis=1)  # of eight symbols, over their power of eight
    assert np.mean(error) == pytest.approx(no / gain, rel=0.05)


@pytest.mark.parametrize("link", [air, users])
def test_without_noise_the_centroid_arrives(link):
    rows = embeddings(300, disagreement=0.05)
    estimate = sent(link(), rows, 1e-6).latent.numpy()
    wanted = centroid(tf.stack(list(rows.values()))).numpy()
    cosine = np.sum(estimate * wanted, axis=1) / np.linalg.norm(estimate, axis=1)
    assert np.quantile(cosine, 0.05) > 0.99


def test_devices_that_send_nothing_do_not_count():
    rows = embeddings(200, disagreement=0.1)
    mask = tf.constant(np.tile([[1.0], [0.0], [1.0]], [1, 200]), tf.float32)
    estimate = sent(air(), rows, 1e-6, mask).latent.numpy()
    others = {name: rows[name] for name in ("image", "text")}
    alone = sent(air(), others, 1e-6).latent.numpy()
    wanted = centroid(tf.stack(list(others.values()))).numpy()
    for latent in (estimate, alone):
        cosine = np.sum(latent * wanted, axis=1) / np.linalg.norm(latent, axis=1)
        assert cosine.min() > 0.999
    assert np.mean(np.linalg.norm(estimate, axis=1)) == pytest.approx(8**0.5, rel=0.01)


def test_a_receiver_trusts_good_devices_more():
    """Inverse variances if the devices agree, and equal weights without noise."""
    symbols = tf.constant([[[1.0 + 0j], [2.0 + 0j]]], tf.complex64)
    present, noise = tf.ones([1, 2, 1]), tf.constant([[[1.0], [3.0]]])
    mean, no_eff = weighted_mean(symbols, noise, present, tf.constant(1.0))
    assert complex(mean[0, 0]) == pytest.approx((3 * 1 + 2) / 4, rel=1e-5)
    assert float(no_eff[0, 0]) == pytest.approx(1 / (1 + 1 / 3), rel=1e-5)
    mean, no_eff = weighted_mean(symbols, 0.0 * noise, present, tf.constant(0.5))
    assert complex(mean[0, 0]) == pytest.approx(1.5, rel=1e-5)
    assert float(no_eff[0, 0]) == pytest.approx(0.0, abs=1e-6)


def test_a_system_is_trained_through_the_air():
    system = CentroidSystem(
        SHAPES, link=air(), latent_dim=16, transmitters="separate", modality_dropout=0.3
    )
    system.compile("adam")
    before = [weight.numpy() for weight in system.trainable_weights]
    system.train_on_batch(batch())
    changed = [
        np.any(a != b.numpy()) for a, b in zip(before, system.trainable_weights, strict=True)
    ]
    assert all(changed)
    assert 0.0 < float(system.agreement.mean_power) <= 1.0
    outputs = system(batch(), snr_db=10.0, present=["audio"])
    assert {name: x.shape[1:] for name, x in outputs.items()} == SHAPES


def test_transmitters_may_part_after_training_and_cost_is_counted():
    system = CentroidSystem(SHAPES, link=AWGNLink(), latent_dim=16)
    assert "coherent_gain_db" not in system.static_metrics([batch()])
    system.transmitters, system.link = "separate", air()
    figures = system.static_metrics([batch()])
    assert figures["channel_uses"] == 8
    assert figures["coherent_gain_db"] <= 10 * np.log10(3) + 1e-6
    system.link = users()
    assert system.static_metrics([batch()])["channel_uses"] == 8
    assert set(system.measure(batch(), 10.0)) >= {"image_mse", "text_accuracy"}


def test_embeddings_of_their_own_need_a_link_that_tells_devices_apart():
    system = CentroidSystem(
        SHAPES, link=users(), mode="conventional", contrastive_weight=0.0,
        transmitters="separate", latent_dim={"image": 6, "audio": 6, "text": 4},
    )  # fmt: skip
    assert system(batch(), snr_db=30.0)["image"].shape == (6, 8, 8, 1)
    assert system.static_metrics([batch()])["channel_uses"] == 8 * -(-6 * 3 // 8) / 6
    system.link = air()
    with pytest.raises(ValueError, match="require a link that separates devices"):
        system(batch(), snr_db=10.0)


@pytest.mark.parametrize(
    ("link", "received"), [(AWGNLink, "AWGNLink"), (lambda: air(2), "num_users=2")]
)
def test_links_of_other_numbers_of_devices_are_refused(link, received):
    system = CentroidSystem(SHAPES, link=link(), latent_dim=16, transmitters="separate")
    message = f"needs a link of num_users=3, one for each modality. Received: {received}"
    with pytest.raises(ValueError, match=message):
        system(batch(), snr_db=10.0)
    with pytest.raises(ValueError, match="`transmitters` must be one of joint, separate"):
        setattr(system, "transmitters", "apart")  # noqa: B010 (a value that types refuse)
