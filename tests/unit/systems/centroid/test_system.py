# SPDX-License-Identifier: Apache-2.0
"""CentroidSystem: transmission, reconstruction, training and errors."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.link import AWGNLink
from sionna_semcom.semantics import modalities
from sionna_semcom.systems import CentroidSystem, Classifier

from .silent_link import SilentLink

SHAPES = {"image": (8, 8, 1), "audio": (16, 8, 1), "text": (10,)}


NAMES = list(SHAPES)


@pytest.fixture
def batch():
    rng = np.random.default_rng(3)
    labels = np.arange(20, dtype=np.int32) % 10
    prototypes = {name: rng.uniform(size=(10, *SHAPES[name])) for name in ("image", "audio")}
    samples = {name: tf.constant(p[labels], tf.float32) for name, p in prototypes.items()}
    return samples | {"text": tf.one_hot(labels, 10), "label": tf.constant(labels)}


def make(mode="end_to_end", latent_dim=6, snr_db=(0.0, 20.0), **options):
    return CentroidSystem(
        modalities(SHAPES, latent_dim), link=AWGNLink(), mode=mode, snr_db=snr_db, **options
    )


class SpyLink(AWGNLink):
    """Records the transmitted symbols."""

    def transmit(self, symbols, no):
        self.sent = symbols
        return super().transmit(symbols, no)


@pytest.mark.parametrize(
    ("mode", "symbols", "reals"), [("end_to_end", 3, 6), ("paper", 3, 6), ("conventional", 9, 18)]
)
def test_what_crosses_the_link(mode, symbols, reals, batch):
    system = make(mode)
    system.link = SpyLink()
    outputs = system(batch, snr_db=10.0)
    assert {name: tuple(x.shape) for name, x in outputs.items()} == {
        name: (20, *shape) for name, shape in SHAPES.items()
    }
    assert system.link.sent.shape == (20, symbols)
    assert system.num_symbols == symbols
    power = np.mean(np.abs(system.link.sent) ** 2, -1)
    np.testing.assert_allclose(power, 1.0, rtol=1e-5)
    summary = system.summary([batch])
    assert summary["tti"] == reals
    assert summary["channel_uses"] == symbols
    assert summary["toi"] == 64 + 128 + 10


def test_the_centroid_is_what_is_sent(batch):
    system = make()
    system.link = SpyLink()
    system(batch, snr_db=np.inf, present=["audio"])
    only_audio = system.embed(batch)["audio"].numpy()
    sent = np.concatenate([np.real(system.link.sent), np.imag(system.link.sent)], -1)
    np.testing.assert_allclose(sent / np.sqrt(3), only_audio, atol=1e-6)
    system(batch, snr_db=np.inf)
    mean = sum(system.embed(batch).values()).numpy()
    sent = np.concatenate([np.real(system.link.sent), np.imag(system.link.sent)], -1)
    cosine = np.sum(sent * mean, -1) / np.linalg.norm(sent, axis=-1) / np.linalg.norm(mean, axis=-1)
    np.testing.assert_allclose(cosine, 1.0, atol=1e-5)


def test_paper_mode_trains_decoders_on_their_own_embedding(batch):
    system = make("paper")
    system.link = SpyLink()
    system(batch, snr_db=10.0, training=True)
    assert system.link.sent.shape == (20, 9)
    system(batch, snr_db=10.0)
    assert system.link.sent.shape == (20, 3)


@pytest.mark.parametrize(
    ("mode", "dropout"),
    [("end_to_end", 0.0), ("end_to_end", 0.3), ("paper", 0.0), ("conventional", 0.0)],
)
def test_training_reaches_every_weight_and_lowers_the_loss(mode, dropout, batch):
    system = make(mode, modality_dropout=dropout)
    system.compile(keras.optimizers.Adam(3e-3))
    before = [w.numpy() for w in system.trainable_weights]
    data = tf.data.Dataset.from_tensors(batch).repeat(40)
    history = system.fit(data, epochs=2, verbose=0).history
    assert history["loss"][1] < 0.8 * history["loss"][0]
    assert set(history) == {"loss", "contrastive", *NAMES}
    after = [w.numpy() for w in system.trainable_weights]
    assert all(np.any(a != b) for a, b in zip(after, before, strict=True))
    assert np.isfinite(system.evaluate(data.take(2), verbose=0, return_dict=True)["loss"])


def test_every_subset_of_modalities_reconstructs_all(batch):
    system = make()
    for present in (["image"], ["audio", "text"], NAMES):
        figures = system.measure(batch, 10.0, present)
        assert set(figures) >= {"image_mse", "image_psnr", "audio_mae", "text_accuracy"}
        assert all(value.shape == (20,) for value in figures.values())
    assert figures["text_accuracy"].dtype == tf.bool
    with pytest.raises(ValueError, match=r"`present` must name some of image.*\['smell'\]"):
        system.measure(batch, 10.0, ["smell"])
    with pytest.raises(ValueError, match=r"`present` must name some of .*\[\]"):
        system.measure(batch, 10.0, [])
    with pytest.raises(ValueError, match="only be reconstructed where the centroid is sent"):
        make("conventional").measure(batch, 10.0, ["image"])


def test_dropout_in_training_sends_the_centroid_of_what_is_left(batch):
    system = make(modality_dropout=0.99)
    system.link = SpyLink()
    system(batch, snr_db=np.inf, training=True)
    sent = np.concatenate([np.real(system.link.sent), np.imag(system.link.sent)], -1) / np.sqrt(3)
    alone = np.stack(list(system.embed(batch).values()))
    nearest = np.abs(sent - alone).max(-1).min(0)
    assert np.mean(nearest < 1e-5) > 0.8  # two of three are missing, nearly always


@pytest.mark.parametrize("mode", ["end_to_end", "paper"])
def test_only_what_is_present_needs_to_be_there(mode, batch):
    system = make(mode)
    outputs = system({"audio": batch["audio"]}, snr_db=np.inf, present=["audio"])
    expected = system(batch, snr_db=np.inf, present=["audio"])
    for name in NAMES:
        np.testing.assert_array_equal(outputs[name], expected[name])
    with pytest.raises(ValueError, match="`inputs` must hold image, audio, text"):
        system({"audio": batch["audio"]}, snr_db=np.inf)


def test_a_new_link_takes_effect_after_training(batch):
    system = make(snr_db=30.0)
    system.compile(keras.optimizers.Adam())
    data = tf.data.Dataset.from_tensors(batch)
    system.fit(data, verbose=0)
    system.evaluate(data, verbose=0)
    system.predict(data, verbose=0)
    system.link = SilentLink()
    outputs = system.predict(data, verbose=0)["image"]
    np.testing.assert_allclose(outputs, np.broadcast_to(outputs[:1], outputs.shape), atol=1e-6)
    terms = [system.evaluate(data, verbose=0, return_dict=True)["image"]]
    terms.append(system.fit(data, verbose=0).history["image"][0])
    expected = np.mean((outputs - batch["image"]) ** 2)
    np.testing.assert_allclose(terms, expected, rtol=1e-4)


def test_a_new_mode_takes_effect_after_training(batch):
    system = make("conventional")
    system.compile(keras.optimizers.Adam())
    data = tf.data.Dataset.from_tensors(batch)
    system.fit(data, verbose=0)
    system.predict(data, verbose=0)
    system.link = spy = SpyLink()
    system.mode = "end_to_end"
    system.fit(data, verbose=0)
    assert spy.sent.shape == (20, 3)
    system.mode = "conventional"
    system.predict(data, verbose=0)
    assert spy.sent.shape == (20, 9)


def test_a_mode_that_cannot_be_is_refused_whenever_it_is_set():
    system = make("conventional", {"image": 8, "audio": 5, "text": 2}, contrastive_weight=0.0)
    with pytest.raises(ValueError, match="need mode 'conventional'"):
        system.mode = "paper"
    assert system.mode == "conventional"


def test_dropout_is_not_ignored_after_a_change_of_mode(batch):
    system = make(modality_dropout=0.2)
    system.compile(keras.optimizers.Adam())
    system.mode = "paper"  # to be compared with, not to be trained
    assert system.measure(batch, 10.0)["image_mse"].shape == (20,)
    with pytest.raises(ValueError, match="`modality_dropout` needs mode 'end_to_end'"):
        system.fit(tf.data.Dataset.from_tensors(batch), verbose=0)


def test_an_snr_range_is_drawn_from_and_infinity_is_noiseless(batch):
    system = make(snr_db=(-3.0, 9.0))
    drawn = []
    for _ in range(50):
        system(batch)
        drawn.append(float(system.last_snr_db))
    assert -3.0 <= min(drawn) < 0.0 < 6.0 < max(drawn) <= 9.0
    first, second = (system(batch, snr_db=np.inf)["image"] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_noise_hurts(batch):
    system = make(snr_db=20.0)
    system.compile(keras.optimizers.Adam(3e-3))
    system.fit(tf.data.Dataset.from_tensors(batch).repeat(100), verbose=0)
    good, bad = (np.mean(system.measure(batch, snr)["image_mse"]) for snr in (20.0, -10.0))
    assert good < 0.7 * bad


def test_a_loss_that_is_not_finite_stops_training(batch):
    system = make(snr_db=7.0)
    system.compile(keras.optimizers.Adam())
    broken = batch | {"image": batch["image"] * np.nan}
    data = (
        tf.data.Dataset.from_tensors(batch)
        .repeat(2)
        .concatenate(tf.data.Dataset.from_tensors(broken))
    )
    with pytest.raises(FloatingPointError, match=r"nan in step 3 at an SNR of 7.00 dB.*none"):
        system.fit(data, verbose=0)


@pytest.mark.parametrize("present", [None, ["audio"]])
def test_measures_the_same_under_xla(present, batch):
    system = make()
    eager = system.measure(batch, np.inf, present)
    measure = tf.function(lambda b, snr: system.measure(b, snr, present), jit_compile=True)
    compiled = measure(batch, tf.constant(np.inf))
    assert set(compiled) == set(eager)
    for name, figures in eager.items():
        np.testing.assert_allclose(compiled[name], figures, rtol=1e-4, atol=1e-5)
    noisy = measure(batch, tf.constant(0.0))["image_mse"]
    assert np.all(np.isfinite(noisy)) and np.any(noisy != compiled["image_mse"])


def test_a_batch_of_one(batch):
    one = {key: value[:1] for key, value in batch.items()}
    assert all(np.isfinite(v).all() for v in make().measure(one, 5.0).values())


def test_a_judge_says_what_is_still_recognizable(batch):
    judge = Classifier(SHAPES["image"], modality="image")
    judge.compile(keras.optimizers.Adam(3e-3))
    judge.fit(tf.data.Dataset.from_tensors(batch).repeat(100), shuffle=False, verbose=0)
    assert np.all(judge.recognizes(batch["image"], batch["label"]))
    system = make()
    system.recognizers["image"] = judge
    assert system.measure(batch, 0.0)["image_recognized"].dtype == tf.bool


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "telepathy"}, "mode: Input should be 'end_to_end'.*'telepathy'"),
        ({"latent_dim": {"image": 6, "audio": 4, "text": 2}}, "need mode 'conventional'"),
        ({"mode": "paper", "modality_dropout": 0.2}, "`modality_dropout` needs mode 'end_to_end'"),
        ({"mode": "conventional", "modality_dropout": 0.2}, "`modality_dropout` needs mode"),
        ({"snr_db": (25.0, -5.0)}, r"`snr_db` must be .*\(25.0, -5.0\)"),
    ],
)
def test_impossible_settings_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)
    with pytest.raises(ValueError, match="at least one modality"):
        CentroidSystem([], link=AWGNLink())


def test_conventional_mode_may_share_symbols_unevenly(batch):
    system = make("conventional", {"image": 8, "audio": 5, "text": 2}, contrastive_weight=0.0)
    assert system.num_symbols == 4 + 3 + 1
    assert not any("recall" in key for key in system.summary([batch]))
    assert system.measure(batch, 3.0)["audio_mae"].shape == (20,)
