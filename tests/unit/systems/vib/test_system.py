# SPDX-License-Identifier: Apache-2.0
"""TwoStageVIB: loss, parts, receiver input, missing modalities, and training."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sionna.phy import config

from sionna_semcom import metrics
from sionna_semcom._seeding import reseed
from sionna_semcom.datasets import generated_features
from sionna_semcom.link import AWGNLink, FlatFadingLink, OFDMLink
from sionna_semcom.losses import redundancy_loss
from sionna_semcom.semantics import PairDiscriminators
from sionna_semcom.simulation import sim_metrics
from sionna_semcom.systems import TwoStageVIB

SHAPES = {"text": (6,), "audio": (4, 3), "vision": (5,)}


def _system(num_classes=2, **options):
    options = {"width": 16, "unimodal_dim": 4, "received_dim": 4, "transmitted_dim": 8, **options}
    return TwoStageVIB(SHAPES, num_classes, link=AWGNLink(), **options)


def _batch(size=12, num_classes=2):
    draw = np.random.default_rng(0)
    batch = {name: draw.normal(size=(size, *shape)).astype("f") for name, shape in SHAPES.items()}
    batch["audio_length"] = draw.integers(0, 5, size).astype("i")
    label = draw.integers(0, num_classes, size) if num_classes else draw.normal(size=size)
    batch["label"] = label.astype("i" if num_classes else "f")
    return {name: tf.constant(values) for name, values in batch.items()}


@pytest.mark.parametrize("num_classes", [0, 2, 5])
def test_it_decides_what_is_asked(num_classes, compiled):
    system, batch = _system(num_classes), _batch(num_classes=num_classes)
    outputs = compiled(lambda b: system(b, snr_db=10.0))(batch)
    assert outputs.shape == (12, num_classes if num_classes > 2 else 1)
    figures = compiled(lambda b: system.measure(b, 10.0))(batch)
    assert set(figures) == set(system.task.metric_names)


def test_the_loss_is_the_sum_of_its_parts(monkeypatch):
    judge = PairDiscriminators.call

    def in_one_order(*args, **kwargs):
        reseed("order")
        return judge(*args, **kwargs)

    monkeypatch.setattr(PairDiscriminators, "call", in_one_order)
    system = _system(snr_db=np.inf, beta=0.2, gamma=0.3, auxiliary_weight=0.5, dropout=0.0)
    system.redundancy_weight.assign(0.7)
    batch = _batch()
    latents, divergences = system.unimodal(batch)
    received = system.receive(system.encode(batch, tf.ones([12, 3])), tf.constant(0.0))
    outputs, divergence = system._decode(received, False)
    expected = tf.reduce_mean(system.task.loss(batch["label"], outputs))
    expected += 0.3 * tf.reduce_mean(divergence)
    for name, latent in latents.items():
        own = system.task.loss(batch["label"], system.heads[name](latent))
        expected += 0.5 * tf.reduce_mean(own) + 0.2 * tf.reduce_mean(divergences[name])
    expected += 0.7 * redundancy_loss(system.discriminators(latents).values())
    assert float(system.total_loss(batch, training=False)) == pytest.approx(float(expected), 1e-5)


def test_encoders_raise_what_discriminators_lower():
    """The gradient of the redundancy term is reversed at the latents of both modalities."""
    system, batch = _system(dropout=0.0), _batch()
    system.reversal.scale.assign(1.0)
    latents, _ = system.unimodal(batch)
    for name in SHAPES:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(latents[name])
            plain = redundancy_loss(_fixed(system, latents).values())
            turned = {key: system.reversal(latent) for key, latent in latents.items()}
            reversed_ = redundancy_loss(_fixed(system, turned).values())
        np.testing.assert_allclose(
            tape.gradient(reversed_, latents[name]), -tape.gradient(plain, latents[name]), atol=1e-7
        )


def _fixed(system, latents):
    """Discriminators with the same mismatched order in every call."""
    reseed("order")
    return system.discriminators(latents)


@pytest.mark.parametrize(
    "part",
    [{"redundancy_weight": 0.0}, {"auxiliary_weight": 0.0}, {"beta": None}, {"gamma": None}],
)
def test_each_part_can_be_left_out(part):
    whole, without = _system(), _system(**part)
    assert without.count_params() < whole.count_params()
    batch = _batch()
    with tf.GradientTape() as tape:
        loss = without.total_loss(batch, training=True)
    assert np.isfinite(loss)
    gradients = tape.gradient(loss, without.trainable_weights)
    assert all(gradient is not None for gradient in gradients)


def test_schedules_follow_the_paper():
    system = _system(redundancy_weight=0.4, warm_epochs=3)
    reversal, redundancy = system.schedules(50)
    assert [reversal.at(e) for e in (0, 1.5, 3, 50)] == pytest.approx([0, 0.5, 1, 1])
    assert [redundancy.at(e) for e in (0, 3, 26.5, 50)] == pytest.approx([0, 0, 0.2, 0.4])
    assert not _system(redundancy_weight=0.0).schedules(50)


def test_a_missing_modality_says_nothing():
    system, batch = _system(), _batch()
    other = {**batch, "audio": 9.0 * batch["audio"] + 1.0, "audio_length": tf.fill([12], 4)}
    run = [system(b, snr_db=np.inf, present=["text", "vision"]) for b in (batch, other)]
    np.testing.assert_array_equal(*run)
    del other["audio"], other["audio_length"]
    np.testing.assert_array_equal(system(other, snr_db=np.inf, present=["text", "vision"]), run[0])
    assert np.abs(system(batch, snr_db=np.inf) - run[0]).max() > 1e-4


def test_what_is_missing_or_unknown_is_refused():
    system, batch = _system(), _batch()
    with pytest.raises(ValueError, match=r"`present` must name some of text, audio, vision.*smell"):
        system(batch, snr_db=0.0, present=["smell"])
    for missing in ("text", "audio_length"):
        partial = {name: x for name, x in batch.items() if name != missing}
        with pytest.raises(ValueError, match=r"`inputs` must hold text, .*audio_length\. Received"):
            system(partial, snr_db=0.0)
    with pytest.raises(ValueError, match=r"transmitted_dim: .*greater than 0"):
        _system(transmitted_dim=0)


@pytest.mark.parametrize(
    "wrong",
    [{"beta": -1.0}, {"redundancy_weight": -1.0}, {"warm_epochs": -1}, {"num_samples": -2}],
)
def test_negative_weights_are_refused(wrong):
    with pytest.raises(ValueError, match=r"greater than or equal to 0\. Received.*-"):
        _system(**wrong)


def test_modalities_are_dropped_among_those_present():
    system = _system(modality_dropout=0.5)
    _, presence = system.prepare(_batch(500), ["text", "vision"], training=True)
    assert presence.shape[1] == 3
    np.testing.assert_array_equal(presence[:, 1], np.zeros(500))
    shares = np.mean(presence, 0)
    np.testing.assert_allclose(shares[[0, 2]], [0.625, 0.625], atol=0.08)  # one always stays


def test_weights_are_kept(tmp_path):
    system, other = _system(), _system()
    system.save_weights(tmp_path / "vib.weights.h5")
    other.load_weights(tmp_path / "vib.weights.h5")
    batch = _batch()
    np.testing.assert_array_equal(system(batch, snr_db=np.inf), other(batch, snr_db=np.inf))


def test_the_receiver_may_know_the_noise_or_not():
    knowing, unknowing = _system(), _system(receiver_knows_noise=False)
    assert knowing.received_features == 8 + 4
    assert unknowing.received_features == 8
    assert unknowing(_batch(), snr_db=3.0).shape == (12, 1)
    latents = config.tf_rng.normal([2, 8])
    told = knowing.receive(latents, tf.constant(1e-9))[:, 8:]
    limit = knowing.receive(latents, tf.constant(10**-2.1))[:, 8:]
    np.testing.assert_allclose(told, limit, atol=1e-6)  # no better than ever in training
    told = knowing.receive(latents, tf.constant(1e6))[:, 8:]
    limit = knowing.receive(latents, tf.constant(10**1.2))[:, 8:]
    np.testing.assert_allclose(told, limit, atol=1e-6)  # and no worse


def test_several_samples_are_averaged():
    system, batch = _system(num_samples=64, gamma=1e-3), _batch()
    one = _system(num_samples=1)
    one.set_weights(system.get_weights())
    spread = [np.std([s(batch, snr_db=np.inf) for _ in range(10)], 0).mean() for s in (system, one)]
    assert spread[0] < 0.4 * spread[1]


@pytest.mark.parametrize(
    "link",
    [
        FlatFadingLink(num_rx_ant=2),
        OFDMLink(model="CDL-C", delay_spread=100e-9, num_tx_ant=2, num_rx_ant=4),
    ],
    ids=["flat", "ofdm"],
)
def test_gradients_reach_every_weight_over_any_link(link):
    system = _system()
    system.link = link
    system.redundancy_weight.assign(0.4)
    system.reversal.scale.assign(1.0)

    @tf.function
    def gradients(batch):
        with tf.GradientTape() as tape:
            loss = system.total_loss(batch, training=True)
        return tape.gradient(loss, system.trainable_weights)

    for weight, gradient in zip(system.trainable_weights, gradients(_batch()), strict=True):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient).all(), weight.path
        dead = "key" in weight.path and "bias" in weight.path  # a softmax does not see it
        assert dead or np.abs(gradient).max() > 0, weight.path


def test_a_decision_that_is_repeated_meets_the_limit():
    """On AWGN, the error rate is that of the closed form for the accuracy without noise."""
    system = _system(transmitted_dim=6)
    system.mode = "decision"
    batch = {name: tf.tile(x, [200, *[1] * (len(x.shape) - 1)]) for name, x in _batch().items()}
    clean = float(np.mean(system.measure(batch, np.inf)["acc2"]))
    result = sim_metrics(system, [batch] * 20, [-9.0], progress=False)
    estimate = result.curve.metrics["acc2"][0]
    expected = metrics.decision_limit(clean, 3, -9.0)
    assert estimate.mean == pytest.approx(float(expected), abs=0.01)


def test_modes_are_checked():
    with pytest.raises(
        ValueError, match=r"`mode` must be one of latent, decision, limit.*'analog'"
    ):
        _system().mode = "analog"
    with pytest.raises(ValueError, match=r"where there are two classes.*num_classes=5"):
        _system(5).mode = "decision"


def test_it_learns_to_decide_over_the_link():
    """Generated data: four easy bits and a harder bit. Chance level is 1 of 32."""
    data = generated_features(3000, 200, 600)
    system = TwoStageVIB(
        data.shapes,
        data.num_classes,
        link=AWGNLink(),
        snr_db=(0.0, 20.0),
        transmitted_dim=12,
        dropout=0.0,
        beta=1e-4,
        gamma=1e-4,
        redundancy_weight=0.05,
    )
    system.compile(keras.optimizers.Adam(3e-3))
    system.fit(data.train(100), epochs=12, verbose=0, callbacks=system.schedules(12))
    result = sim_metrics(system, data.test(100), [-15.0, 20.0], progress=False)
    low, high = result.curve.metrics["accuracy"].mean
    assert high > 0.4
    assert low < 0.6 * high
    summary = system.summary(data.test(100))
    assert summary["channel_uses"] == 6
    assert all(summary[f"kl/{name}"] > 0 for name in (*data.shapes, "received"))
