# SPDX-License-Identifier: Apache-2.0
"""Information in each modality of the generated features, measured by scikit-learn probes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from sionna_semcom.datasets import GENERATED_PARTS, generated_features, generated_parts


@pytest.fixture(scope="module")
def data():
    return generated_features()


def probe(data, modalities, part):
    """Test accuracy of a network that predicts a part from some modalities."""
    train, test = data.arrays("train"), data.arrays("test")
    x, y = (np.concatenate([a[name] for name in modalities], axis=1) for a in (train, test))
    model = MLPClassifier((64,), alpha=1e-2, max_iter=80, early_stopping=True, random_state=0)
    model.fit(x, generated_parts(train["label"])[part])
    return model.score(y, generated_parts(test["label"])[part])


OWN = {
    "text": ("redundant", "unique_text"),
    "audio": ("redundant", "unique_audio"),
    "vision": ("redundant", "unique_vision"),
}


@pytest.mark.parametrize("part", GENERATED_PARTS)
@pytest.mark.parametrize("modality", OWN)
def test_a_modality_has_its_own_parts_and_no_others(data, modality, part):
    accuracy = probe(data, [modality], part)
    if part in OWN[modality]:
        assert accuracy > 0.97
    else:
        assert abs(accuracy - 0.5) < 0.045  # four standard deviations of 2,000 guesses


@pytest.mark.parametrize(
    ("modalities", "known"),
    [(("text", "audio"), True), (("text", "vision"), False), (("audio", "vision"), False)],
)
def test_the_synergistic_part_needs_text_and_audio(data, modalities, known):
    accuracy = probe(data, modalities, "synergistic")
    assert accuracy > 0.97 if known else abs(accuracy - 0.5) < 0.045


def test_form(data):
    assert data.shapes == {"text": (40,), "audio": (30,), "vision": (30,)}
    assert data.num_classes == 32
    assert [len(split) for split in data.splits.values()] == [4000, 1000, 2000]
    assert set(data.checksums) == {"training samples", "validation samples", "test samples"}
    batch = next(iter(data.train(10)))
    assert batch["label"].dtype == "int32"


def test_classes_are_fair_and_bits_independent(data):
    label = np.concatenate([split.label for split in data.splits.values()])
    counts = np.bincount(label, minlength=32)
    assert len(counts) == 32
    assert ((counts - 7000 / 32) ** 2 / (7000 / 32)).sum() < 61.1  # chi-squared, 31 degrees, 0.001


def test_parts_are_the_digits_of_the_class():
    parts = generated_parts(np.arange(32).reshape(4, 8))
    assert list(parts) == list(GENERATED_PARTS)
    total = sum(values << GENERATED_PARTS[name] for name, values in parts.items())
    np.testing.assert_array_equal(total, np.arange(32).reshape(4, 8))
    assert generated_parts(np.int32(16))["synergistic"] == 1
    for wrong in ([32], [-1]):
        with pytest.raises(
            ValueError, match=f"`label` must be classes 0 to 31. Received: {wrong[0]}"
        ):
            generated_parts(np.array(wrong))
    with pytest.raises(ValueError, match=r"`label` must be classes 0 to 31. Received: float64"):
        generated_parts(np.array([0.5]))


def test_the_seed_decides():
    first, again, other = (generated_features(20, 10, 10, seed=seed) for seed in (3, 3, 4))
    for split in first.splits:
        for name, values in first.arrays(split).items():
            np.testing.assert_array_equal(values, again.arrays(split)[name])
    assert not np.array_equal(first.splits["train"].label, other.splits["train"].label)


def test_options():
    data = generated_features(20, 10, 10, dims=(3, 4, 5), noise=0.0, modalities=["vision", "text"])
    assert data.shapes == {"vision": (5,), "text": (3,)}
    noisy = generated_features(2000, 10, 10, noise=2.0).splits["train"].features["text"]
    assert noisy.std(0) == pytest.approx(np.sqrt(5), rel=0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_train": 0}, "`num_train` must be at least 1. Received: 0"),
        ({"num_test": -1}, "`num_test` must be at least 1. Received: -1"),
        ({"dims": (3, 4)}, r"`dims` must be three positive numbers. Received: \(3, 4\)"),
        ({"dims": (3, 4, 0)}, "`dims` must be three positive numbers"),
        ({"noise": -1.0}, "`noise` must be at least 0. Received: -1"),
        ({"noise": float("nan")}, "`noise` must be at least 0. Received: nan"),
        ({"modalities": ["smell"]}, "`modalities` must be some of text, audio, vision"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        generated_features(**{"num_train": 5, "num_validation": 5, "num_test": 5, **options})


def test_more_samples_are_of_the_same_mixture():
    few, many = generated_features(20, 10, 10), generated_features(6100, 510, 1510)
    for name, split in few.splits.items():
        np.testing.assert_array_equal(split.label, many.splits[name].label[: len(split)])
        for modality, values in split.features.items():
            own = many.splits[name].features[modality]
            np.testing.assert_array_equal(values, own[: len(split)])
    train = many.splits["train"]
    model = MLPClassifier((64,), alpha=1e-2, max_iter=80, early_stopping=True, random_state=0)
    model.fit(train.features["vision"][:6000], train.label[:6000] % 2)
    assert model.score(train.features["vision"][6000:], train.label[6000:] % 2) > 0.97
    assert len(np.unique(train.label[6000:])) > 25
    assert not np.array_equal(train.label[6000:6010], many.splits["validation"].label[500:])
