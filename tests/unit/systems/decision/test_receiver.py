# SPDX-License-Identifier: Apache-2.0
"""Decisions after each of several transmissions: stopping and number of transmissions."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from sionna_semcom._seeding import set_seed
from sionna_semcom.link import AWGNLink, FlatFadingLink, RetransmissionLink, UplinkLink
from sionna_semcom.simulation import sim_metrics
from sionna_semcom.systems import DigitalFeatures, TDeepSC, TwoStageVIB

SHAPES = {"text": (6,), "vision": (5,)}
SIZE, CLASSES = 40, 5


def system(link, num_classes=CLASSES, kind=TwoStageVIB, **options):
    sizes = {"width": 16, "unimodal_dim": 4, "received_dim": 4} if kind is TwoStageVIB else {}
    options = {"transmitted_dim": 8, **sizes, **options}
    return kind(SHAPES, num_classes, link=link, **options)


@pytest.fixture
def batch():
    draw = np.random.default_rng(0)
    inputs = {name: draw.normal(size=(SIZE, *shape)) for name, shape in SHAPES.items()}
    tensors = {name: tf.constant(values, tf.float32) for name, values in inputs.items()}
    return {**tensors, "label": tf.constant(draw.integers(0, CLASSES, SIZE), tf.int32)}


def rounds(one, batch):
    """Outputs after each transmission, with the random draws of a call with the same seed."""
    set_seed("rounds")
    received = one.receive_each(one.encodings(batch), one.noise_power(0.0))
    return [one.decode(one._features(part)).numpy() for part in received]


def measured(one, batch):
    set_seed("rounds")
    return {name: value.numpy() for name, value in one.measure(batch, 0.0).items()}


@pytest.mark.parametrize("sends", ["again", "parts"])
@pytest.mark.parametrize("knows", [True, False])
def test_a_receiver_stops_at_the_first_decision_that_is_sure(batch, sends, knows):
    link = RetransmissionLink(FlatFadingLink(), num_transmissions=4, sends=sends)
    one = system(link, receiver_knows_noise=knows)
    outputs = rounds(one, batch)
    posteriors = np.stack([special.softmax(part, -1).max(-1) for part in outputs])
    one.confidence = float(np.quantile(posteriors, 0.7))
    sure = posteriors >= one.confidence
    counts = np.where(sure.any(0), sure.argmax(0) + 1, 4)
    assert set(counts) > {1, 4}
    decided = np.stack(outputs).argmax(-1)[counts - 1, np.arange(SIZE)]
    figures = measured(one, batch)
    np.testing.assert_array_equal(figures["transmissions"], counts)
    np.testing.assert_array_equal(figures["accuracy"], decided == batch["label"])
    each = 4 if sends == "again" else 1  # symbols of a row of four
    np.testing.assert_allclose(figures["spent_channel_uses"], counts * each)


def test_rows_of_several_users_in_turn_are_asked_for_again(batch):
    """The number of transmissions of a row does not depend on other users."""
    users = UplinkLink(num_users=3, num_rx_ant=4, model="flat", csi="perfect", fft_size=12)
    one = system(RetransmissionLink(users, num_transmissions=3))
    posteriors = special.softmax(np.stack(rounds(one, batch)), -1).max(-1)
    one.confidence = float(np.median(posteriors))
    sure = posteriors >= one.confidence
    counts = np.where(sure.any(0), sure.argmax(0) + 1, 3)
    assert len(set(counts)) > 1
    np.testing.assert_array_equal(measured(one, batch)["transmissions"], counts)


@pytest.mark.parametrize(("confidence", "expected"), [(1e-6, 1), (None, 3)])
def test_a_receiver_that_is_easy_or_asks_no_questions(batch, confidence, expected):
    one = system(RetransmissionLink(AWGNLink(), num_transmissions=3))
    one.confidence = confidence
    figures = measured(one, batch)
    assert np.all(figures["transmissions"] == expected)
    decided = rounds(one, batch)[expected - 1].argmax(-1)
    np.testing.assert_array_equal(figures["accuracy"], decided == batch["label"])


def test_effective_snr_is_that_of_what_arrived(batch):
    one = system(RetransmissionLink(AWGNLink(), num_transmissions=2, sends="parts"))
    one.confidence = 1e-6
    np.testing.assert_allclose(measured(one, batch)["effective_snr_mean"], 0.0, atol=1e-4)


def test_simulations_report_percentiles_and_costs(batch):
    one = system(RetransmissionLink(FlatFadingLink(num_rx_ant=2), num_transmissions=2))
    one.confidence = 0.5
    result = sim_metrics(one, [batch, batch, batch], [0.0, 20.0], progress=False)
    found = result.curves[""].metrics
    assert set(one.link.settings.metric_names) <= set(found)
    assert np.all(found["effective_snr_p5"].mean < found["effective_snr_p50"].mean)
    assert np.all((found["transmissions"].mean >= 1) & (found["transmissions"].mean <= 2))


def test_each_part_is_sent_with_the_power_of_a_latent(batch, monkeypatch):
    link = RetransmissionLink(AWGNLink(), num_transmissions=2, sends="parts")
    one, sent = system(link), []
    transmit = link.link.transmit_in_turn
    monkeypatch.setattr(
        link.link, "transmit_in_turn", lambda x, no: sent.append(x.numpy()) or transmit(x, no)
    )
    one(batch, snr_db=0.0)
    one.receive_each(one.encodings(batch), tf.constant(1.0))
    for symbols in sent:
        assert symbols.shape == (2, SIZE, 2)
        np.testing.assert_allclose(np.mean(np.abs(symbols) ** 2, -1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("kind", [TwoStageVIB, TDeepSC])
def test_successive_training_asks_for_a_decision_after_each_part(batch, kind):
    link = RetransmissionLink(AWGNLink(), num_transmissions=2, sends="parts")
    small = {} if kind is TwoStageVIB else {"width": 8, "num_heads": 2}
    small |= {"dropout": 0.0, "snr_db": 0.0, "successive": True}
    one = system(link, kind=kind, **small)
    set_seed("rounds")
    one.batch_loss(batch, False)
    found = float(one._task_tracker.result())
    losses = [np.mean(one.task.loss(batch["label"], part)) for part in rounds(one, batch)]
    assert found == pytest.approx(np.mean(losses), rel=1e-4)
    one.compile("adam")
    one.train_on_batch(batch)


def test_parts_must_be_whole_symbols(batch):
    one = system(RetransmissionLink(AWGNLink(), num_transmissions=3, sends="parts"))
    with pytest.raises(ValueError, match=r"in 3 parts must be a multiple of 6.*latent_dim=8"):
        one(batch, snr_db=0.0)


def test_confidence_is_saved_with_the_system(tmp_path):
    one = system(RetransmissionLink(FlatFadingLink(), num_transmissions=3, sends="parts"))
    one.confidence = 0.75
    one.save(tmp_path / "one.keras")
    again = type(one).from_config(one.get_config())
    assert again.confidence == 0.75
    assert again.link.settings == one.link.settings


@pytest.mark.parametrize("confidence", [0.0, 1.5, -1.0, np.nan])
def test_what_is_no_probability_is_refused(confidence):
    with pytest.raises(ValueError, match=r"confidence must lie in \(0, 1\]. Received"):
        system(AWGNLink()).confidence = confidence


def test_scores_and_bits_have_no_posterior():
    with pytest.raises(ValueError, match=r"score has no posterior probability. Received: 0.9"):
        system(AWGNLink(), num_classes=0).confidence = 0.9
    with pytest.raises(ValueError, match=r"receivers that decide on latents. Received: 0.9"):
        DigitalFeatures.settings_class().check_confidence(0.9)
