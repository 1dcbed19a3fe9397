# SPDX-License-Identifier: Apache-2.0
import keras
import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import ebnodb2no

from sionna_semcom._seeding import set_seed
from sionna_semcom.datasets import FeatureSplit, MultimodalFeatures
from sionna_semcom.link import AWGNLink, FlatFadingLink
from sionna_semcom.systems import (
    DigitalFeatures,
    DigitalFeaturesSettings,
    FeatureTransmission,
    FeatureTransmissionSettings,
)
from sionna_semcom.systems.decision.vectors import as_vectors

SHAPES = {"text": (6,), "audio": (5, 4)}


def samples(count, seed=0):
    """Two classes in the ratio 7 to 3, which both modalities determine."""
    rng = np.random.default_rng(seed)
    label = (rng.uniform(size=count) < 0.7).astype(np.int32)
    sign = 2.0 * label - 1.0 - 0.4
    lengths = rng.integers(1, 6, count)
    text = 0.7 * rng.standard_normal([count, 6])
    text[:, 0] += sign
    audio = 0.7 * rng.standard_normal([count, 5, 4])
    audio[:, :, 0] += sign[:, np.newaxis]
    audio[np.arange(5) >= lengths[:, np.newaxis]] = 0.0
    return {
        "text": text.astype(np.float32),
        "audio": audio.astype(np.float32),
        "audio_length": lengths.astype(np.int32),
        "label": label,
    }


def build(link=None, **options):
    return DigitalFeatures(SHAPES, 2, samples(1000), link=link or AWGNLink(), **options)


@pytest.fixture(scope="module")
def trained():
    set_seed(1)
    system = build()
    system.compile(keras.optimizers.Adam(1e-2))
    data = tf.data.Dataset.from_tensor_slices(samples(1000)).batch(50)
    system.fit(data, epochs=10, verbose=0)
    return system


def accuracy(system, batch, snr_db):
    return float(np.mean(tf.function(system.measure)(batch, tf.constant(snr_db))["acc2"]))


def test_vectors_hold_all_features_and_the_means_of_real_frames():
    batch = samples(7)
    noisy = batch["audio"].copy()
    noisy[np.arange(5) >= batch["audio_length"][:, np.newaxis]] = 99.0
    vectors = as_vectors(batch | {"audio": noisy}, SHAPES)
    np.testing.assert_array_equal(vectors[:, :6], batch["text"])
    for row, frames, length in zip(vectors, batch["audio"], batch["audio_length"], strict=True):
        np.testing.assert_allclose(row[6:], frames[:length].mean(0), atol=1e-6)
    none = as_vectors(batch | {"audio_length": np.zeros(7, np.int32)}, SHAPES)
    np.testing.assert_array_equal(none[:, 6:], 0)
    missing = as_vectors(batch, SHAPES, tf.constant([[0.0, 1.0]] * 7))
    np.testing.assert_array_equal(missing[:, :6], 0)


def test_it_decides_well_at_high_snr_and_by_the_prior_at_low_snr(trained):
    batch = samples(1000, seed=1)
    clean = accuracy(trained, batch, np.inf)
    assert clean > 0.95
    assert accuracy(trained, batch, 20.0) == clean
    prior = np.mean(batch["label"])
    assert accuracy(trained, batch, -25.0) == pytest.approx(prior, abs=0.01)
    between = accuracy(trained, batch, 1.0)
    assert prior + 0.02 < between < clean - 0.02


def test_what_arrives_is_what_the_source_coder_made_or_zeros(trained):
    batch = samples(400, seed=2)
    vectors = trained.encode(*trained.prepare(batch))
    sent = trained.coder.encode(vectors.numpy()).symbols * trained._scale
    np.testing.assert_allclose(trained.receive(vectors, tf.constant(0.0)), sent, rtol=1e-6)
    got = trained.receive(vectors, tf.constant(10 ** (-0.1))).numpy()
    intact = np.all(np.isclose(got, sent), -1)
    assert 0.05 < np.mean(intact) < 0.95
    np.testing.assert_array_equal(got[~intact], 0)


def test_codewords_fill_the_symbols_at_unit_power():
    sizes, powers = [], []

    class Meter(AWGNLink):
        def transmit(self, symbols, no):
            sizes.append(symbols.shape[1])
            powers.append(np.mean(np.abs(symbols) ** 2))
            return super().transmit(symbols, no)

    batch = samples(300)
    for num_bits_per_symbol, coderate in ((2, 0.25), (2, 0.9), (4, 0.5), (6, 0.75)):
        options = {"num_bits_per_symbol": num_bits_per_symbol, "coderate": coderate}
        system = build(Meter(), **options)
        system(batch, snr_db=10.0)
        assert system.num_info_bits == int(coderate * 25 * num_bits_per_symbol)
        assert system.summary([batch])["channel_uses"] == 25
    assert sizes == [25] * 4
    np.testing.assert_allclose(powers, 1.0, atol=0.05)


def test_summary_says_what_the_source_coder_did(trained):
    batches = [samples(300, seed=3), samples(200, seed=4)]
    figures = trained.summary(batches)
    assert figures["information_bits"] == 25
    assert 0 < figures["mean_bits"] <= 25
    assert 0 <= figures["cut"] < 0.1
    assert figures["components"] == len(trained.coder.code_.scales)
    assert figures["bandwidth_ratio"] == 25 / 26
    wild = [{**batches[0], "text": 10 * batches[0]["text"]}]
    assert trained.summary(wild)["cut"] > 0.2


def test_a_new_link_takes_effect_at_once(trained):
    batch = samples(500, seed=5)
    awgn = accuracy(trained, batch, 6.0)
    trained.link = FlatFadingLink(num_tx_ant=1, num_rx_ant=1)
    fading = accuracy(trained, batch, 6.0)
    trained.link = AWGNLink()
    assert fading < awgn - 0.02
    assert accuracy(trained, batch, 6.0) == awgn


def test_a_decision_can_be_sent_instead(trained):
    batch = samples(300, seed=6)
    clean = accuracy(trained, batch, np.inf)
    trained.mode = "decision"
    assert accuracy(trained, batch, 0.0) == clean
    trained.mode = "latent"


def test_missing_modalities_are_sent_as_their_mean_and_trained_for():
    keras.utils.set_random_seed(1)
    system = build(modality_dropout=0.4, coderate=0.9)
    system.compile(keras.optimizers.Adam(1e-2))
    data = tf.data.Dataset.from_tensor_slices(samples(1000)).batch(50)
    system.fit(data, epochs=10, verbose=0)
    batch = samples(500, seed=7)
    without = {name: batch[name] for name in ("text", "label")}
    alone = np.mean(system.measure(without, np.inf, ["text"])["acc2"])
    assert np.mean(batch["label"]) + 0.1 < alone < accuracy(system, batch, np.inf)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"coderate": 0.2}, "At least 12 information bits .* Received: 10 in 25 symbols of 2 bits"),
        ({"transmitted_dim": 6}, "Received: 3 in 3 symbols of 2 bits at `coderate` 0.5"),
        ({"coderate": 0.99}, r"coderate: .*less than or equal to 0.95"),
        ({"num_bits_per_symbol": 3}, "num_bits_per_symbol: Input should be 2, 4, 6 or 8"),
        ({"num_components": 40}, "`num_components` must not exceed 10"),
    ],
)
def test_what_cannot_be_sent_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)


def _data(count=200):
    batch = samples(count)
    split = FeatureSplit(
        {name: batch[name] for name in SHAPES},
        {"audio": batch["audio_length"]},
        batch["label"],
        np.array([f"v{i // 10}_{i}" for i in range(count)]),
    )
    return MultimodalFeatures({"train": split, "test": split})


def test_settings_build_what_they_say():
    data = _data()
    system = DigitalFeaturesSettings(kind="digital_features", coderate=0.9).build(
        data, AWGNLink(), 5.0
    )
    assert system.num_info_bits == 45
    again = DigitalFeaturesSettings(kind="digital_features", coderate=0.9).build(
        data, AWGNLink(), 5.0
    )
    vectors = as_vectors(data.arrays("train"), SHAPES).numpy()
    np.testing.assert_array_equal(system.coder.quantize(vectors), again.coder.quantize(vectors))
    bound = FeatureTransmissionSettings(kind="feature_transmission").build(data, AWGNLink(), 5.0)
    assert bound.summary(data.test(50))["channel_uses"] == 13


def test_settings_refuse_what_does_not_fit_before_anything_runs():
    with pytest.raises(ValueError, match="At least 12 information bits must fit"):
        DigitalFeaturesSettings(kind="digital_features", transmitted_dim=10)


@pytest.mark.parametrize("width", [0, 16])
def test_features_as_they_are_do_not_know_the_link(width):
    keras.utils.set_random_seed(1)
    system = FeatureTransmission(SHAPES, 2, link=AWGNLink(), width=width)
    with pytest.raises(ValueError, match=r"`mode` must be one of latent\. Received: 'decision'"):
        system.mode = "decision"
    system.compile(keras.optimizers.Adam(1e-2))
    data = tf.data.Dataset.from_tensor_slices(samples(1000)).batch(50)
    system.fit(data, epochs=6, verbose=0)
    batch = samples(500, seed=1)
    assert accuracy(system, batch, np.inf) == accuracy(system, batch, -30.0) > 0.95
    assert system.summary([batch])["channel_uses"] == 13


def test_ebno_is_that_of_the_information_bits():
    """Information bits per symbol of a codeword, as in Sionna."""
    system = build(transmitted_dim=24, num_bits_per_symbol=4, coderate=0.5)
    rate = system.num_info_bits / (system.num_symbols * 4)
    no = 10 ** (-(3.0 + system.snr_offset_db("ebno_db")) / 10)
    assert no == pytest.approx(float(ebnodb2no(3.0, 4, rate)), rel=1e-5)
    assert system.snr_offset_db("snr_db") == 0.0
    with pytest.raises(ValueError, match="needs a `link_budget`"):
        system.snr_offset_db("tx_power_dbm")


@pytest.mark.parametrize("mode", ["latent", "decision"])
def test_its_bits_are_counted_where_they_are_sent(trained, mode):
    """Without codewords, all decisions are based on the mean. Such a decision has no bits."""
    batch = samples(200, seed=7)
    trained.mode = mode
    for snr_db, wrong in ((40.0, 0.0), (-20.0, 1.0)):
        for measure in (trained.measure, tf.function(trained.measure, autograph=False)):
            figures = measure(batch, tf.constant(snr_db))
            assert {"bler", "ber"}.isdisjoint(figures) is (mode == "decision")
            if mode == "latent":
                assert figures["bler"].dtype == tf.bool
                np.testing.assert_array_equal(figures["bler"], np.full(200, wrong))
                assert np.mean(figures["ber"]) == pytest.approx(0.45 * wrong, abs=0.05)
    trained.mode = "latent"
    assert {"bler", "ber", "acc2"} <= set(trained.settings.metric_names(["text"]))
