# SPDX-License-Identifier: Apache-2.0
"""One device per modality, and fusion at the receiver."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.link import AWGNLink, OverTheAirLink, RetransmissionLink, UplinkLink
from sionna_semcom.systems import TwoStageVIB
from sionna_semcom.systems.vib.devices import receive_side_by_side
from sionna_semcom.systems.vib.settings import TwoStageVIBSettings

SHAPES = {"text": (6,), "audio": (4, 3), "vision": (5,)}
SIZES = {"width": 16, "unimodal_dim": 4, "received_dim": 4, "transmitted_dim": 6, "dropout": 0.0}
ROW = {
    "model": "flat", "csi": "perfect", "num_users": 3, "num_ofdm_symbols": 1, "fft_size": 6,
    "pilot_ofdm_symbol_indices": (),
}  # fmt: skip


@functools.cache
def users(**more):
    return UplinkLink(num_rx_ant=4, **ROW, **more)


def system(link=None, num_classes=2):
    link = link or users()
    return TwoStageVIB(SHAPES, num_classes, link=link, transmitters="separate", **SIZES)


def batch(size=12):
    draw = np.random.default_rng(0)
    rows = {name: draw.normal(size=(size, *shape)).astype("f") for name, shape in SHAPES.items()}
    rows["audio_length"] = draw.integers(1, 5, size).astype("i")
    rows["label"] = draw.integers(0, 2, size).astype("i")
    return {name: tf.constant(values) for name, values in rows.items()}


def test_devices_do_not_decide_step_by_step():
    with pytest.raises(ValueError, match=r"`successive` needs one transmitter.*'separate'"):
        TwoStageVIBSettings(transmitters="separate", successive=True)
    with pytest.raises(ValueError, match=r"confidence needs one transmitter.*0.9.*'separate'"):
        TwoStageVIBSettings(transmitters="separate").check_confidence(0.9)
    TwoStageVIBSettings(transmitters="separate").check_confidence(None)
    TwoStageVIBSettings(successive=True).check_confidence(0.9)


def test_devices_are_not_asked_again():
    """Neither by a confidence, nor by a link that sends the rows of one transmitter again."""
    one, rows = system(), batch()
    with pytest.raises(ValueError, match=r"^confidence needs one transmitter with all .*: 0.9,"):
        one.confidence = 0.9
    assert one.confidence is None
    assert all(value.shape[0] == 12 for value in one.measure(rows, 0.0).values())
    one.link = RetransmissionLink(users())
    with pytest.raises(ValueError, match=r"needs a link of num_users=3.*: RetransmissionLink$"):
        one.measure(rows, 0.0)


def test_no_device_sees_what_another_has():
    one, rows = system(), batch()
    inputs, presence = one.prepare(rows)
    encoded = one.encode(inputs, presence)
    assert encoded.shape == (12, 3, 6)
    changed = one.encode({**inputs, "text": inputs["text"] + 1.0}, presence)
    assert np.all(np.any(changed[:, 0] != encoded[:, 0], axis=-1))
    np.testing.assert_array_equal(changed[:, 1:], encoded[:, 1:])


def test_the_receiver_has_the_latents_side_by_side():
    """Almost without noise: each latent in units of its mean power, its quality, and a one."""
    latents = tf.random.normal([50, 3, 6])
    features = receive_side_by_side(users(), latents, tf.constant(1e-9), (-90.0, 90.0), True)
    features = features.numpy().reshape(50, 3, 6 + 3 + 1)
    power = np.sqrt(np.mean(latents.numpy() ** 2, axis=-1, keepdims=True) * 2)
    np.testing.assert_allclose(features[..., :6], latents / power, atol=0.02)
    np.testing.assert_array_equal(features[..., -1], 1.0)


def test_a_device_without_its_modality_sends_nothing_and_the_receiver_knows():
    one, rows = system(), batch()
    inputs, presence = one.prepare(rows, ["text", "vision"])
    encoded = one.encode(inputs, presence)
    np.testing.assert_array_equal(encoded[:, 1], 0.0)
    seen = one.receive(encoded, tf.constant(0.1)).numpy().reshape(12, 3, -1)
    np.testing.assert_array_equal(seen[:, 1], 0.0)
    np.testing.assert_array_equal(seen[:, [0, 2], -1], 1.0)
    assert one(rows, snr_db=10.0, present=["vision"]).shape == (12, 1)


def test_quality_is_the_mean_snr_of_the_devices_that_transmit():
    one, rows = system(num_classes=0), batch()
    for present in (["text", "vision"], None):
        encoded = one.encode(*one.prepare(rows, present))
        features = one.receive(encoded, tf.constant(0.1))
        each = features.numpy().reshape(12, 3, -1)[:, :, 6:9]
        there = [name in (present or SHAPES) for name in SHAPES]
        expected = 40 * each[:, there].mean((1, 2))
        np.testing.assert_allclose(one.quality(features), expected, rtol=1e-5)
        assert 0 < expected.mean() < 20
    silent = one.quality(tf.zeros([2, one.received_features]))
    np.testing.assert_array_equal(silent, one.quality_knots[0])


def test_scores_of_devices_are_calibrated():
    one, rows = system(num_classes=0), batch(60)
    rows["label"] = 2.0 + 0.1 * rows["text"][:, 0]

    def error():
        scores = one.task.score(one(rows, snr_db=10.0))
        return np.abs(scores - rows["label"]).mean()

    before = error()
    one.calibrate_score([rows])
    assert error() < 0.2 < before


@pytest.mark.parametrize(("access", "uses"), [("shared", 6), ("orthogonal", 18)])
def test_devices_share_resource_elements_or_have_their_own(access, uses):
    one = system(users(access=access))
    assert one.channel_uses(2) == uses  # two samples of three symbols fill a slot of six elements
    assert one.static_metrics([batch()])["channel_uses"] == uses / 2


def test_every_part_is_trained():
    one = system()
    one.compile("adam")
    before = [weight.numpy() for weight in one.trainable_weights]
    one.train_on_batch(batch(48))
    one.redundancy_weight.assign(0.4)
    one.train_on_batch(batch(48))
    pairs = zip(before, one.trainable_weights, strict=True)
    unchanged = [weight.path for old, weight in pairs if np.array_equal(old, weight.numpy())]
    assert not unchanged


def test_links_that_do_not_tell_devices_apart_are_refused():
    air = OverTheAirLink(**ROW)
    with pytest.raises(ValueError, match=r"needs a link that tells devices apart. Received: Over"):
        system(air)(batch(), snr_db=10.0)
    with pytest.raises(ValueError, match=r"needs a link of num_users=3.* Received: AWGNLink"):
        system(AWGNLink())(batch(), snr_db=10.0)


def test_no_device_can_decide_alone():
    settings = TwoStageVIBSettings(transmitters="separate")
    with pytest.raises(ValueError, match="'decision' needs one transmitter with all modalities"):
        settings.check_evaluation("decision", None)
