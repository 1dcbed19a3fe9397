# SPDX-License-Identifier: Apache-2.0
"""CoMM: loss of embeddings, gradients of all terms, masks, link, and objectives."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.link import AWGNLink, FlatFadingLink, OFDMLink
from sionna_semcom.losses import comm_terms
from sionna_semcom.systems import CoMM
from sionna_semcom.systems.comm.objectives import objective_terms, term_names

SHAPES = {"picture": (16, 16, 3), "words": (5, 6), "numbers": (7,)}
SMALL = {"width": 32, "token_width": 16, "num_heads": 4, "projection": (24, 12)}

SUPERVISED = {"objective": "supervised", "targets": {"label": 3}}


def _system(shapes=SHAPES, **options):
    return CoMM(shapes, link=AWGNLink(), **{**SMALL, **options})


def _batch(size=8, seed=0):
    draw = np.random.default_rng(seed)
    batch = {name: draw.uniform(size=(size, *shape)) for name, shape in SHAPES.items()}
    batch = {name: tf.constant(values, tf.float32) for name, values in batch.items()}
    batch["words_length"] = tf.constant(draw.integers(1, 6, size), tf.int32)
    batch["label"] = tf.constant(draw.integers(0, 3, size), tf.int32)
    return batch


class Same(keras.layers.Layer):
    """No augmentation, so that losses have a closed form."""

    def call(self, samples, training=False):
        return samples


def test_terms_are_those_of_the_embeddings():
    system = _system(augmentations={name: Same() for name in SHAPES})
    batch = _batch()
    together = system.projection(system.represent(batch))
    alone = {name: system.projection(system.represent(batch, [name])) for name in SHAPES}
    expected = comm_terms(together, together, alone, 0.1)
    found = objective_terms(system, batch, training=False)
    assert set(found) == set(term_names("comm", SHAPES, ()))
    for name, term in expected.items():
        np.testing.assert_allclose(found[name], term, rtol=1e-4, atol=1e-5)
    total = system.batch_loss(batch, training=False)
    np.testing.assert_allclose(total, tf.add_n(list(expected.values())), rtol=1e-4)


@pytest.mark.parametrize("name", term_names("comm", SHAPES, ()))
def test_every_term_reaches_every_encoder(name):
    system, batch = _system(), _batch()
    with tf.GradientTape() as tape:
        term = objective_terms(system, batch, training=True)[name]
    variables = [v for layer in system.tokens.values() for v in layer.trainable_variables]
    by_layer = iter(tape.gradient(term, variables))
    for modality, layer in system.tokens.items():
        norms = [float(tf.norm(next(by_layer))) for _ in layer.trainable_variables]
        assert np.isfinite(norms).all() and np.median(norms) > 1e-4, modality


def test_a_missing_modality_has_no_influence_at_all(compiled):
    system, batch = _system(num_blocks=1), _batch()
    other = {**_batch(seed=1), "picture": batch["picture"]}
    read = compiled(lambda b: system.represent(b, ["picture"]))
    np.testing.assert_array_equal(read(batch), read(other))
    only = system.represent({"picture": batch["picture"]}, ["picture"])
    np.testing.assert_allclose(only, read(batch), atol=1e-5)


def test_frames_that_are_padding_have_no_influence():
    system, batch = _system(num_blocks=1), _batch()
    real = tf.sequence_mask(batch["words_length"], 5, tf.float32)[..., None]
    other = {**batch, "words": batch["words"] * real + 9.0 * (1.0 - real)}
    assert not np.array_equal(batch["words"], other["words"])
    np.testing.assert_array_equal(system.represent(batch), system.represent(other))


def test_without_noise_the_representation_arrives_up_to_its_norm():
    system, batch = _system(), _batch()
    sent, received = system.represent(batch).numpy(), system(batch, snr_db=np.inf).numpy()
    expected = sent / np.sqrt(np.mean(sent**2, -1, keepdims=True))
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(system.measure(batch, np.inf)["mse"], 0.0, atol=1e-8)


def test_noise_costs_what_linear_estimates_cannot_save():
    system, batch = _system(), _batch(256)
    error = tf.reduce_mean(system.measure(batch, 0.0)["mse"])
    assert float(error) == pytest.approx(0.5, abs=0.03)  # 1 / (1 + SNR)


@pytest.mark.parametrize("objective", ["comm", "joint", "alone", "clip"])
def test_training_lowers_the_loss_and_logs_each_term(objective):
    shapes = {"picture": SHAPES["picture"], "numbers": SHAPES["numbers"]}
    system, batch = _system(shapes, objective=objective), _batch(16)
    system.compile(keras.optimizers.Adam(3e-3))
    data = tf.data.Dataset.from_tensors(batch).repeat(15)
    logs = system.fit(data, epochs=2, verbose=0).history
    assert logs["loss"][1] < logs["loss"][0]
    assert set(logs) == {"loss", *term_names(objective, shapes, ())}
    total = sum(logs[name][1] for name in term_names(objective, shapes, ()))
    assert logs["loss"][1] == pytest.approx(total, rel=1e-4)


def test_clip_puts_what_modalities_say_alone_behind_each_other():
    system, batch = _system(objective="clip"), _batch()
    assert system.represent(batch).shape == (8, 3 * 32)
    there = system.represent(batch, ["words"]).numpy()
    whole = system.represent(batch).numpy()
    np.testing.assert_array_equal(there[:, 32:64], whole[:, 32:64])
    assert not there[:, :32].any() and not there[:, 64:].any()


def test_supervised_training_decides_through_the_link():
    shapes = {"numbers": (7,)}
    batch = _batch(64)
    batch["numbers"] += 3.0 * tf.one_hot(batch["label"], 7)
    system = _system(shapes, objective="supervised", targets={"label": 3}, snr_db=(0, 10))
    system.compile(keras.optimizers.Adam(3e-3))
    system.fit(tf.data.Dataset.from_tensors(batch).repeat(60), verbose=0)
    figures = {
        snr_db: float(
            tf.reduce_mean(tf.cast(system.measure(batch, snr_db)["label_accuracy"], tf.float32))
        )
        for snr_db in (-20.0, 20.0)
    }
    assert figures[20.0] > 0.95 > figures[-20.0]
    assert set(system.aggregates) == {"label_f1"}
    assert system.projection is None


@pytest.mark.parametrize(
    "link", [FlatFadingLink(), OFDMLink(num_tx_ant=2, num_rx_ant=2)], ids=["fading", "ofdm"]
)
def test_it_crosses_any_link(link):
    system, batch = _system(), _batch()
    system.link = link
    received = tf.function(system.__call__)(batch, snr_db=10.0)
    assert received.shape == (8, 32) and np.isfinite(received).all()
    assert system.summary([batch])["channel_uses"] >= 16


def test_what_it_costs():
    figures = _system().summary([_batch()])
    assert figures["channel_uses"] == 16
    assert figures["bandwidth_ratio"] == pytest.approx(16 / (768 + 30 + 7))
    system = _system()
    assert figures["parameters"] == system.count_params() - system.projection.count_params()


@pytest.mark.parametrize("options", [{}, {"objective": "clip"}, SUPERVISED], ids=str)
def test_weights_come_back(options, tmp_path):
    system, batch = _system(**options), _batch()
    system.save_weights(tmp_path / "comm.weights.h5")
    other = _system(**options)
    other.load_weights(tmp_path / "comm.weights.h5")
    np.testing.assert_array_equal(other.represent(batch), system.represent(batch))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shapes": {}}, "at least one modality"),
        ({"shapes": {"odd": (1, 2, 3, 4)}}, "odd"),
        ({"objective": "simclr"}, "simclr"),
        ({"shapes": {"numbers": (7,)}, "objective": "clip"}, "two modalities"),
        ({"objective": "supervised"}, "targets"),
        ({"targets": {"label": 3}}, "targets"),
        ({"width": 30}, "`width` must be a multiple of `num_heads`. Received: 30 and"),
        ({"projection": ()}, "projection"),
        ({"temperature": 0}, "temperature"),
        ({"encoders": {}}, "`encoders` must be for picture"),
        ({"augmentations": {"smell": Same()}}, "augmentations may name picture"),
        ({"snr_db": (3, 1)}, "snr_db"),
    ],
)
def test_what_is_impossible_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        _system(**options)


def test_unknown_and_missing_modalities_are_named():
    system, batch = _system(), _batch()
    with pytest.raises(ValueError, match="smell"):
        system(batch, present=["smell"])
    del batch["words_length"]
    with pytest.raises(ValueError, match="words_length"):
        system(batch)
