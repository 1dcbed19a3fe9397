# SPDX-License-Identifier: Apache-2.0
"""CentroidSystem with a learned fusion: transmitted latents, recall, training and errors."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sionna.phy import config

from sionna_semcom.link import AWGNLink
from sionna_semcom.semantics import modalities
from sionna_semcom.systems import CentroidSettings, CentroidSystem, CoMMSettings, transfer_weights

from .test_system import SHAPES, SpyLink

LATENT, UNIQUE = 6, 3
LEARNED = {"fusion": "learned", "unique_dim": UNIQUE}
DATA = {
    "image": tf.random.stateless_uniform([8, 8, 8, 1], [1, 2]),
    "audio": tf.random.stateless_uniform([8, 16, 8, 1], [3, 4]),
    "text": tf.one_hot(tf.range(8), 10),
    "label": tf.range(8),
}


def make(**options):
    sizes = {"latent_dim": LATENT, **LEARNED, **options}
    return CentroidSystem(SHAPES, link=SpyLink(), **sizes)


def latents(system, **options):
    """Latents of unit norm that ``system`` sends."""
    system(DATA, snr_db=np.inf, **options)
    sent = system.link.sent.numpy()
    return np.concatenate([sent.real, sent.imag], -1) / np.sqrt(LATENT / 2)


def shift_unique(system, name, value):
    """Add ``value`` to the numbers of an encoder that are not aligned."""
    bias = system.encoders[name].layers[-1].bias
    bias.assign_add(tf.concat([tf.zeros([LATENT]), tf.fill([UNIQUE], value)], 0))


def open_fusion(system):
    """Move the last layer of the fusion away from zero, where it starts."""
    kernel = system.latent_fusion.correction.layers[-1].kernel
    kernel.assign(0.3 * config.tf_rng.normal(kernel.shape))


@pytest.mark.parametrize("present", [None, ["audio"], ["image", "text"]])
def test_an_untrained_fusion_sends_the_centroid(present):
    system = make()
    total = np.sum([x.numpy() for x in system.embed(DATA, present).values()], 0)
    expected = total / np.linalg.norm(total, axis=-1, keepdims=True)
    np.testing.assert_allclose(latents(system, present=present), expected, atol=1e-6)


def test_it_costs_what_the_centroid_costs():
    system = make()
    system(DATA, snr_db=10.0)
    assert system.link.sent.shape == (8, LATENT // 2)
    summary = system.summary([DATA])
    assert (summary["channel_uses"], summary["tti"]) == (LATENT // 2, LATENT)
    assert system.embed(DATA)["image"].shape == (8, LATENT)


def test_what_is_unique_is_sent_but_not_aligned():
    system = make()
    open_fusion(system)
    before, recall = latents(system), system.summary([DATA])
    embedded = system.embed(DATA)
    shift_unique(system, "audio", 1.0)
    assert np.abs(latents(system) - before).max() > 1e-2
    np.testing.assert_allclose(np.linalg.norm(latents(system), axis=-1), 1.0, rtol=1e-5)
    for name, embedding in system.embed(DATA).items():
        np.testing.assert_array_equal(embedding, embedded[name])
    assert system.summary([DATA]) == recall


def test_what_is_missing_is_neither_needed_nor_sent():
    system = make()
    open_fusion(system)
    alone = latents(system, present=["audio"])
    shift_unique(system, "image", 5.0)
    np.testing.assert_array_equal(latents(system, present=["audio"]), alone)
    outputs = system({"audio": DATA["audio"]}, snr_db=np.inf, present=["audio"])
    assert {name: tuple(x.shape[1:]) for name, x in outputs.items()} == SHAPES


def test_dropout_in_training_fuses_what_is_left():
    system = make(modality_dropout=0.99)
    open_fusion(system)
    sent = latents(system, training=True)
    alone = np.stack([latents(system, present=[name]) for name in SHAPES])
    assert np.mean(np.abs(sent - alone).max(-1).min(0) < 1e-5) > 0.8  # nearly always one is left


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_training_reaches_every_weight_and_lowers_the_loss(dropout):
    system = make(modality_dropout=dropout)
    system.compile(keras.optimizers.Adam(3e-3))
    before = [weight.numpy() for weight in system.trainable_weights]
    history = system.fit(tf.data.Dataset.from_tensors(DATA).repeat(40), epochs=2, verbose=0).history
    assert history["loss"][1] < 0.8 * history["loss"][0]
    pairs = zip(system.trainable_weights, before, strict=True)
    assert all(np.any(after != old) for after, old in pairs)


def test_the_centroid_itself_has_no_further_weights():
    plain, learned = make(fusion="mean", unique_dim=0), make(unique_dim=0)
    assert plain.latent_fusion is None
    shapes = [tuple(weight.shape) for weight in learned.latent_fusion.weights]
    assert shapes == [(3 * (LATENT + 1), 128), (128,), (128, LATENT), (LATENT,)]
    assert learned.count_params() - plain.count_params() == sum(map(np.prod, shapes))


def test_it_starts_from_a_centroid_system_or_from_encoders_of_its_size():
    plain, learned = make(fusion="mean", unique_dim=0), make(unique_dim=0)
    parts = transfer_weights(learned, plain)
    assert len(parts) == 6
    outputs = [system(DATA, snr_db=np.inf)["image"] for system in (plain, learned)]
    np.testing.assert_allclose(*outputs, atol=1e-6)
    assert transfer_weights(make(), make())[-1] == "latent_fusion"

    def starts(settings, **other):
        return CentroidSettings(**settings).can_start_from(CentroidSettings(**other))

    assert starts({"fusion": "learned"})
    assert not starts(LEARNED)
    assert starts(LEARNED, **LEARNED)
    assert not starts(LEARNED, **LEARNED, fusion_units=64)
    encoders = {"kind": "centroid", "latent_dim": 19}
    assert CentroidSettings(**LEARNED).can_start_from(CoMMSettings(encoders=encoders))


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "paper"},
        {"mode": "conventional", "contrastive_weight": 0.0},
        {"transmitters": "separate"},
    ],
)
def test_other_modes_and_devices_are_refused_whenever_they_are_set(change):
    rule = r"`fusion` 'learned' needs mode 'end_to_end' and transmitters 'joint'. Received: "
    with pytest.raises(ValueError, match=rule):
        make(**change)
    name, value = next(iter(change.items()))
    system = make()
    with pytest.raises(ValueError, match=rule):
        setattr(system, name, value)
    if name == "mode":
        with pytest.raises(ValueError, match=rule):
            system.settings.check_evaluation(value, None)
    assert (system.mode, system.transmitters) == ("end_to_end", "joint")


def test_numbers_that_nothing_would_use_are_refused():
    with pytest.raises(ValueError, match=r"`unique_dim` needs fusion 'learned'. Received: .*3"):
        make(fusion="mean")
    with pytest.raises(ValueError, match=r"`unique_dim` must be less .* outputs \[3, 3, 3\]"):
        CentroidSystem(modalities(SHAPES, UNIQUE), link=AWGNLink(), **LEARNED)


def test_measures_the_same_under_xla():
    system = make()
    open_fusion(system)
    measure = tf.function(lambda batch: system.measure(batch, np.inf), jit_compile=True)
    for name, values in measure(DATA).items():
        expected = system.measure(DATA, np.inf)[name]
        np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-5)
