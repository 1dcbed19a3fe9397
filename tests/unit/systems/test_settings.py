# SPDX-License-Identifier: Apache-2.0
"""Valid and invalid settings of systems."""

from types import SimpleNamespace

import pytest
import tensorflow as tf
from pydantic import ValidationError

from sionna_semcom.link import AWGNLink
from sionna_semcom.systems import SYSTEMS, Classifier, SystemSettings

SHAPES = {"image": (8, 8, 1), "audio": (16, 8, 1), "text": (10,)}
DATA = SimpleNamespace(shapes=SHAPES, num_classes=10, normalization={}, labels={})


def parse(**settings):
    return SYSTEMS.validate({"kind": "centroid", **settings})


def test_settings_build_what_they_say():
    settings = parse(
        mode="conventional",
        latent_dim={"image": 8, "audio": 5, "text": 2},
        contrastive_weight=0,
        loss_weights={"text": 0.5},
    )
    system = settings.build(DATA, AWGNLink(), (0.0, 10.0))
    assert system.mode == "conventional"
    assert system.num_symbols == 8
    assert system.loss_weights == {"image": 1.0, "audio": 1.0, "text": 0.5}


def test_a_classifier_is_built_for_its_modality():
    classifier = parse(kind="classifier", modality="audio").build(DATA, AWGNLink(), 0.0)
    assert isinstance(classifier, Classifier)
    assert classifier({"audio": tf.zeros([2, 16, 8, 1])}).shape == (2, 10)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"latent_dims": 3}, "latent_dims"),
        ({"latent_dim": 0}, "greater than 0"),
        ({"mode": "shouting"}, "'end_to_end', 'paper' or 'conventional'"),
        ({"latent_dim": {"image": 4, "audio": 6}}, "need mode 'conventional'"),
        ({"mode": "conventional", "modality_dropout": 0.2}, "sends the centroid in training"),
        ({"mode": "paper", "modality_dropout": 0.2}, "sends the centroid in training"),
        ({"loss_weights": {"text": 0}}, "greater than 0"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValidationError, match=message):
        parse(**settings)


@pytest.mark.parametrize(
    ("kind", "modes"),
    [
        ("two_stage_vib", {None: True, "latent": True, "decision": False}),
        ("feature_transmission", {None: True, "latent": True}),
        ("comm", {None: True}),
        ("centroid", {None: False, "paper": False}),
        ("classifier", {None: False}),
    ],
)
def test_what_can_be_probed_is_declared(kind, modes):
    settings = parse(kind=kind)
    assert {mode: settings.can_be_probed(mode) for mode in modes} == modes


def test_a_mode_is_not_known_by_its_name():
    class Named(SystemSettings):
        modes = ("no_latent",)

    assert not Named().can_be_probed("no_latent")


def test_an_unknown_system_is_refused():
    with pytest.raises(ValueError, match=r"kind must be one of .*classifier, centroid.*'pigeon'"):
        parse(kind="pigeon")


def test_unknown_modalities_are_refused():
    with pytest.raises(ValueError, match=r"`latent_dim` must name the modalities"):
        parse(mode="conventional", latent_dim={"image": 4}, contrastive_weight=0).build(
            DATA, AWGNLink(), 0.0
        )
    with pytest.raises(ValueError, match=r"`loss_weights` may name image, audio, text"):
        parse(loss_weights={"smell": 1.0}).build(DATA, AWGNLink(), 0.0)
