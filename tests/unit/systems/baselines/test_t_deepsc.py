# SPDX-License-Identifier: Apache-2.0
import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom._seeding import set_seed
from sionna_semcom.link import AWGNLink
from sionna_semcom.metrics import decision_limit
from sionna_semcom.systems import TDeepSC, TDeepSCSettings, TwoStageVIB

SHAPES = {"text": (6,), "audio": (5, 4)}
SMALL = {"width": 16, "num_heads": 2, "num_tokens": 2, "transmitted_dim": 8}


def samples(count, seed=0):
    """Two classes. Each modality determines the class of half of the samples."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, count)
    told = rng.integers(0, 2, count)
    sign = 2.0 * label - 1.0
    text = 0.3 * rng.standard_normal([count, 6])
    text[:, 0] += sign * told
    audio = 0.3 * rng.standard_normal([count, 5, 4])
    audio[:, 0, 0] += sign * (1 - told)
    return {
        "text": tf.constant(text, tf.float32),
        "audio": tf.constant(audio, tf.float32),
        "audio_length": tf.constant(rng.integers(1, 6, count), tf.int32),
        "label": tf.constant(label, tf.int32),
    }


@pytest.fixture(scope="module")
def trained():
    set_seed(1)  # of the link as well: some one in ten trainings gets stuck
    system = TDeepSC(SHAPES, 2, link=AWGNLink(), snr_db=(-12, 20), dropout=0.0, **SMALL)
    system.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, 480)))
    data = tf.data.Dataset.from_tensor_slices(samples(2000)).batch(50)
    system.fit(data, epochs=12, verbose=0)
    return system


def accuracy(system, batch, snr_db, present=None):
    return float(np.mean(system.measure(batch, snr_db, present)["acc2"]))


def send(system, batch, present=None):
    return system(batch, snr_db=np.inf, present=present)


def test_it_learns_and_approaches_the_limit_at_every_snr(trained):
    batch = samples(2000, seed=1)
    clean = accuracy(trained, batch, np.inf)
    assert clean > 0.95
    assert accuracy(trained, batch, 20.0) == pytest.approx(clean, abs=0.02)
    for snr_db in (-6.0, -12.0):
        limit = decision_limit(clean, trained.num_symbols, snr_db)
        assert limit - 0.1 < accuracy(trained, batch, snr_db) < limit + 0.03
    assert accuracy(trained, batch, -60.0) == pytest.approx(0.5, abs=0.05)


def test_a_missing_modality_is_not_looked_at(trained):
    batch = samples(50)
    expected = send(trained, batch, ["text"])
    for changed in ({"audio": batch["audio"] + 9.0}, {"audio_length": 0 * batch["audio_length"]}):
        np.testing.assert_array_equal(send(trained, batch | changed, ["text"]), expected)
    assert not np.allclose(send(trained, batch), expected)


def test_padding_is_not_looked_at(trained):
    batch = samples(50)
    real = tf.sequence_mask(batch["audio_length"], 5)[..., tf.newaxis]
    other = batch | {"audio": tf.where(real, batch["audio"], 7.0)}
    np.testing.assert_allclose(send(trained, other), send(trained, batch), atol=1e-5)


def test_a_sequence_without_a_frame_is_as_one_that_is_missing(trained):
    batch = samples(20)
    empty = batch | {"audio_length": tf.zeros([20], tf.int32)}
    np.testing.assert_allclose(send(trained, empty), send(trained, batch, ["text"]), atol=1e-5)


def test_it_sends_as_much_as_what_it_is_compared_with():
    options = {"transmitted_dim": 50}
    ours = TwoStageVIB(SHAPES, 2, link=AWGNLink(), **options)
    system = TDeepSC(SHAPES, 2, link=AWGNLink(), **options)
    data = [samples(4)]
    for figure in ("channel_uses", "transmitted_dim", "bandwidth_ratio"):
        assert system.summary(data)[figure] == ours.summary(data)[figure]
    powers = []

    class Meter(AWGNLink):
        def transmit(self, symbols, no):
            powers.append(np.mean(np.abs(symbols) ** 2))
            return super().transmit(symbols, no)

    for one in (ours, system):
        one.link = Meter()
        send(one, data[0])
    np.testing.assert_allclose(powers, 1.0, rtol=1e-5)


def test_eager_and_graph_agree_and_all_weights_have_gradients(trained):
    batch = samples(8)
    graph = tf.function(send)(trained, batch)
    np.testing.assert_allclose(graph, send(trained, batch), atol=1e-5)
    with tf.GradientTape() as tape:
        loss = trained.total_loss(batch, training=True)
    for weight, gradient in zip(
        trained.trainable_weights,
        tape.gradient(loss, trained.trainable_weights),
        strict=True,
    ):
        assert gradient is not None and np.all(np.isfinite(gradient)), weight.path


@pytest.mark.parametrize("num_classes", [0, 3])
def test_scores_and_many_classes(num_classes):
    system = TDeepSC({"text": (6,)}, num_classes, link=AWGNLink(), **SMALL)
    assert send(system, samples(4)).shape == (4, max(num_classes, 1))


def test_one_token_a_modality_needs_no_block_of_its_own():
    system = TDeepSC({"text": (6,)}, 2, link=AWGNLink(), **SMALL | {"num_tokens": 1})
    assert send(system, samples(4)).shape == (4, 1)


@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        ({"text": (6,)}, {"num_tokens": 0}, "num_tokens: .*greater than 0. Received: 0"),
        ({"text": (6,)}, {"num_blocks": 0}, "num_blocks: .*greater than 0. Received: 0"),
        ({"text": (6,)}, {"num_heads": 3}, "`width` must be a multiple of `num_heads`.*16 and 3"),
        ({"image": (8, 8, 3)}, {}, "'image' must be vectors .* or sequences"),
    ],
)
def test_impossible_sizes_are_refused(shapes, options, message):
    with pytest.raises(ValueError, match=message):
        TDeepSC(shapes, 2, link=AWGNLink(), **SMALL | options)


def test_settings_refuse_heads_that_cannot_share_the_width():
    with pytest.raises(ValueError, match=r"multiple of `num_heads`. Received: 10 and 4"):
        TDeepSCSettings(kind="t_deepsc", width=10)
