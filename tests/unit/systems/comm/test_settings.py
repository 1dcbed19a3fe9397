# SPDX-License-Identifier: Apache-2.0
"""Settings of CoMM: resulting systems, and errors with the accepted values."""

import keras
import numpy as np
import pytest

from sionna_semcom.datasets import Digits, Trifeature, generated_features
from sionna_semcom.link import AWGNLink
from sionna_semcom.semantics import FeatureTokens, RandomAffine
from sionna_semcom.systems import CoMMSettings, CompressedCoMMSettings

SMALL = {"kind": "comm", "width": 32, "token_width": 16, "num_heads": 4, "projection": [12]}


@pytest.fixture(scope="module")
def pairs():
    return Trifeature("synergy", num_train=20, num_probing=4, num_validation=4, num_test=4)


def _build(data, **options):
    return CoMMSettings(**{**SMALL, **options}).build(data, AWGNLink(), (0.0, 10.0))


def test_pictures_features_and_digits_have_encoders(pairs):
    for data in (pairs, generated_features(32, 8, 8), Digits()):
        system = _build(data)
        batch = next(iter(data.train(4)))
        assert system.represent(batch).shape == (4, 32)
        assert set(system.augment(batch)) == set(batch)


def test_encoders_are_as_they_are_asked_for():
    system = _build(
        generated_features(32, 8, 8), encoders={"kind": "tokens", "width": 8, "num_tokens": 3}
    )
    for layer in system.tokens.values():
        assert isinstance(layer, FeatureTokens)
        assert layer.token_shape == (3, 8)


def test_augmentations_are_as_they_are_asked_for(pairs):
    chain = [
        {"kind": "affine", "angle": 10, "mirror": False},
        {"kind": "noise", "stddev": 0.1},
        {"kind": "drop", "rate": 0.3},
    ]
    layers = _build(pairs, augmentations={"image_1": chain}).augmentations
    affine, noise, drop = layers["image_1"].layers
    assert isinstance(affine, RandomAffine) and affine.angle == 10 and not affine.mirror
    assert isinstance(noise, keras.layers.GaussianNoise) and noise.stddev == 0.1
    assert isinstance(drop, keras.layers.Dropout) and drop.rate == 0.3
    assert len(layers["image_2"].layers) == 2


def test_sharing_needs_two_pictures_of_one_shape():
    with pytest.raises(ValueError, match="two images of one shape"):
        _build(generated_features(32, 8, 8), encoders={"kind": "tokens", "shared": True})


def test_targets_have_the_sizes_that_the_data_know(pairs):
    system = _build(pairs, objective="supervised", targets=["texture_1", "obeys", "label"])
    sizes = {name: task.num_classes for name, task in system.tasks.items()}
    assert sizes == {"texture_1": 10, "obeys": 2, "label": 2}


def test_names_of_metrics_are_those_that_are_measured(pairs):
    batch = next(iter(pairs.train(8)))
    settings = CoMMSettings(**SMALL, objective="supervised", targets=["obeys", "shape"])
    measured = settings.build(pairs, AWGNLink(), 10.0).measure(batch, 10.0)
    assert set(measured) <= set(settings.metric_names(pairs.shapes))
    few = CompressedCoMMSettings(kind="compressed_comm", sender=SMALL)
    measured = few.build(pairs, AWGNLink(), 10.0).measure(batch, 10.0)
    assert set(measured) == set(few.metric_names(pairs.shapes))


def test_a_sender_that_is_fine_tuned_has_a_teacher(pairs):
    options = {"kind": "compressed_comm", "sender": SMALL}
    frozen, tuned = (
        CompressedCoMMSettings(**options, fine_tune=one).build(pairs, AWGNLink(), 10.0)
        for one in (False, True)
    )
    assert frozen.teacher is None and not frozen.sender.trainable_weights
    assert tuned.teacher is not None and tuned.sender.trainable_weights
    assert not tuned.teacher.trainable_weights


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"objective": "supervised", "targets": ["taste"]}, "targets may name label, shape"),
        (
            {"augmentations": {"sound": [{"kind": "noise", "stddev": 0}]}},
            "augmentations may name image_1, image_2",
        ),
        (
            {"augmentations": {"image_1": [{"kind": "drop", "rate": 0.1, "frames": True}]}},
            "drop is for samples with 2 axes. Received: image_1",
        ),
        ({"encoders": {"kind": "two_stage_vib"}}, "image_1"),
        ({"encoders": {"kind": "centroid"}}, "may name"),
    ],
)
def test_what_the_data_do_not_have_is_refused(pairs, options, message):
    with pytest.raises(ValueError, match=message):
        _build(pairs, **options)


def test_pictures_of_one_shape_may_share_an_encoder(pairs, tmp_path):
    encoders = {"kind": "tokens", "filters": [4, 6], "shared": True}
    system, other = (_build(pairs, encoders=encoders) for _ in range(2))
    assert system.encoders["image_1"] is system.encoders["image_2"]
    apart = _build(pairs, encoders={**encoders, "shared": False})
    saved = system.encoders["image_1"].count_params()
    assert system.count_params() == apart.count_params() - saved
    batch = next(iter(pairs.test(4)))
    system(batch, training=True)  # moves what batch normalization keeps
    assert np.abs(other.represent(batch) - system.represent(batch)).max() > 1e-3
    system.save_weights(tmp_path / "shared.weights.h5")
    other.load_weights(tmp_path / "shared.weights.h5")
    np.testing.assert_array_equal(other.represent(batch), system.represent(batch))


@pytest.mark.parametrize(
    "options",
    [
        {"objective": "simclr"},
        {"objective": "supervised"},
        {"targets": ["label"]},
        {"width": 30},
        {"projection": []},
        {"encoders": {"kind": "tokens", "filters": []}},
        {"encoders": {"kind": "bert"}},
        {"augmentations": {"image_1": [{"kind": "drop", "rate": 1.0}]}},
        {"augmentations": {"image_1": [{"kind": "affine", "zoom": -1}]}},
        {"augmentations": {"image_1": [{"kind": "noise", "stddev": 1.5}]}},
        {"augmentations": {"image_1": []}},
        {"encoders": {"kind": "tokens", "width": 30}},
    ],
)
def test_impossible_settings_are_refused(options):
    with pytest.raises(ValueError):
        CoMMSettings(**{**SMALL, **options})
