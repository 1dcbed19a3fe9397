# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import h5py
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sionna_semcom.datasets import FeatureSplit, MultimodalFeatures
from sionna_semcom.datasets.batches import fixed_order
from sionna_semcom.datasets.data import DEVELOPMENT, TEST
from sionna_semcom.datasets.features.split import video_of
from sionna_semcom.simulation import TrainingSettings

from .feature_files import make_split, make_splits, same


def rows_of(data, batches):
    """Indices of the training samples in batches."""
    text = data.splits["train"].features["text"]
    numbers = np.concatenate([batch["text"][:, 0] for batch in batches])
    return np.round(numbers * text[:, 0].std() + text[:, 0].mean()).astype(int)


def test_batches_are_dictionaries():
    data = MultimodalFeatures(make_splits())
    assert data.shapes == {"text": (3,), "audio": (5, 3)}
    assert data.num_classes == 0
    for batches in (data.train(8), data.validation(8), data.test(8)):
        batch = next(iter(batches))
        found = {name: (tuple(v.shape), v.dtype.name) for name, v in batch.items()}
        assert found == {
            "text": ((8, 3), "float32"),
            "audio": ((8, 5, 3), "float32"),
            "audio_length": ((8,), "int32"),
            "label": ((8,), "float32"),
        }
    classes = MultimodalFeatures(make_splits("classification"))
    assert classes.num_classes == 4
    assert next(iter(classes.train(8)))["label"].dtype == "int32"


@pytest.mark.parametrize("split", ["validation", "test"])
def test_every_sample_comes_once(split):
    data = MultimodalFeatures(make_splits())
    batches = list(getattr(data, split)(batch_size=7))
    arrays = data.arrays(split)
    order = fixed_order(split, len(arrays["label"]))
    for name, values in arrays.items():
        np.testing.assert_array_equal(np.concatenate([b[name] for b in batches]), values[order])
    np.testing.assert_array_equal(arrays["audio_length"], data.splits[split].lengths["audio"])
    np.testing.assert_array_equal(arrays["label"], data.splits[split].label)


def test_training_statistics_standardize_all_splits():
    data = MultimodalFeatures(make_splits())
    train = data.splits["train"]
    real = np.arange(5) < train.lengths["audio"][:, None]
    for name, frames in (
        ("text", train.features["text"]),
        ("audio", train.features["audio"][real]),
    ):
        for split in data.splits:
            raw, values = data.splits[split].features[name], data.arrays(split)[name]
            expected = (raw - frames.mean(0)) / frames.std(0)
            if name == "audio":
                expected[np.arange(5) >= data.splits[split].lengths[name][:, None]] = 0
            np.testing.assert_allclose(values, expected, atol=2e-6)


def test_values_that_are_not_finite_are_counted_and_replaced():
    splits = make_splits()
    splits["train"].features["text"][:3, 1] = -np.inf
    splits["train"].features["text"][:, 2] = np.nan
    splits["test"].features["audio"][5, 4, 1] = np.inf
    data = MultimodalFeatures(splits)
    assert data.replaced == {
        "train": {"text": 43, "audio": 0},
        "validation": {"text": 0, "audio": 0},
        "test": {"text": 0, "audio": 1},
    }
    for split in data.splits:
        assert all(np.isfinite(values).all() for values in data.arrays(split).values())
        assert not data.arrays(split)["text"][:, 2].any()
    assert data.arrays("test")["audio"][5, 4, 1] == 0


def test_training_takes_every_sample_once_before_any_is_repeated():
    """9 batches of 16 are three passes over 40 samples, plus 24 samples."""
    data = MultimodalFeatures(make_splits())
    batches = list(data.train(16, 9, seed=1))
    rows = rows_of(data, batches)
    assert len(rows) == 144
    for first in (0, 40, 80):
        assert sorted(rows[first : first + 40]) == list(range(40))
    assert rows[:40].tolist() != rows[40:80].tolist()
    for name, values in data.arrays("train").items():  # what belongs together stays together
        np.testing.assert_array_equal(np.concatenate([b[name] for b in batches]), values[rows])


@pytest.mark.parametrize(("batch_size", "steps"), [(20, 2), (30, 1), (100, 1)])
def test_without_steps_the_samples_are_filled_once(batch_size, steps):
    data = MultimodalFeatures(make_splits())
    assert [len(b["label"]) for b in data.train(batch_size)] == [batch_size] * steps


def test_training_depends_on_the_seed():
    data = MultimodalFeatures(make_splits())
    first, again, other = (rows_of(data, data.train(10, 4, seed)) for seed in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


@pytest.mark.parametrize("changes", [{"batch_size": 0}, {"steps": 0}])
def test_sizes_of_batches_are_checked(changes):
    (name,) = changes
    with pytest.raises(ValueError, match=f"`{name}` must be at least 1. Received: 0"):
        MultimodalFeatures(make_splits()).train(**changes)


def test_some_modalities():
    data = MultimodalFeatures(make_splits(), modalities=("audio",))
    assert set(next(iter(data.test()))) == {"audio", "audio_length", "label"}
    with pytest.raises(ValueError, match=r"some of text, audio, each once. Received: vision"):
        MultimodalFeatures(make_splits(), modalities=("vision",))


def test_videos_are_held_out_where_there_is_no_validation():
    splits = make_splits()
    del splits["validation"]
    data = MultimodalFeatures(splits, holdout=0.3, seed=2)
    assert [len(split) for split in data.splits.values()] == [28, 12, 20]
    videos = [{video_of(name) for name in split.id} for split in data.splits.values()]
    assert not videos[0] & videos[1]
    train = data.splits["train"].features["text"]
    expected = (train - train.mean(0)) / train.std(0)  # without held-out samples
    np.testing.assert_allclose(data.arrays("train")["text"], expected, atol=1e-5)
    other = MultimodalFeatures(splits, holdout=0.3, seed=3)
    assert set(other.splits["validation"].id) != set(data.splits["validation"].id)


def test_validation_that_is_there_is_kept():
    data = MultimodalFeatures(make_splits(), holdout=0.3)
    assert [len(split) for split in data.splits.values()] == [40, 12, 20]


def test_without_validation_there_is_none():
    splits = make_splits()
    del splits["validation"]
    data = MultimodalFeatures(splits)
    assert len(data.splits["train"]) == 40
    with pytest.raises(ValueError, match=r"one of train, test \(`holdout` .* Received: 'validatio"):
        data.validation()


def test_splits_must_belong_together():
    splits = make_splits()
    for some in ({"train": splits["train"]}, {**splits, "dev": splits["test"]}, {}):
        with pytest.raises(ValueError, match="`splits` must be train, test and"):
            MultimodalFeatures(some)
    with pytest.raises(ValueError, match=r"same modalities and shapes. Received: .*'test': {'a"):
        MultimodalFeatures({**splits, "test": splits["test"].select(["audio"])})
    with pytest.raises(ValueError, match=r"same kind of label. Received: .*'test': 'classif"):
        MultimodalFeatures({**splits, "test": make_split(20, 52, "classification")})
    for holdout in (-0.1, 1.0, float("nan")):
        with pytest.raises(
            ValueError, match=rf"`holdout` must be in \[0, 1\). Received: {holdout}"
        ):
            MultimodalFeatures(splits, holdout=holdout)


@pytest.mark.data
def test_mosi(data_root, tmp_path):
    """The published file, and the accuracy of a logistic regression on its features: 0.767."""
    path = data_root / "mosi" / "mosi_utterance.h5"
    data = MultimodalFeatures.load(path)
    assert data.shapes == {"text": (100,), "audio": (73,), "vision": (100,)}
    assert data.num_classes == 2
    videos = [{video_of(name) for name in split.id} for split in data.splits.values()]
    assert [len(split) for split in data.splits.values()] == [1447, 752]
    assert [len(names) for names in videos] == [62, 31]
    assert not videos[0] & videos[1]
    train, test = data.arrays("train"), data.arrays("test")
    x, y = (np.concatenate([a[name] for name in data.shapes], axis=1) for a in (train, test))
    model = LogisticRegression(C=0.01, max_iter=500).fit(x, train["label"])
    assert 0.74 < model.score(y, test["label"]) < 0.79
    data.save(tmp_path / "mosi.h5")
    assert same(MultimodalFeatures.load(tmp_path / "mosi.h5").splits, data.splits)


def test_test_videos_can_choose_settings_in_place_of_training_videos():
    splits = make_splits("classification")
    del splits["validation"]
    whole = MultimodalFeatures(splits)
    data = MultimodalFeatures(splits, development=0.4)
    videos = {name: {video_of(x) for x in split.id} for name, split in data.splits.items()}
    assert len(videos["validation"]) == 2
    assert len(videos["test"]) == 3
    assert not videos["validation"] & videos["test"]
    assert len(data.splits["train"]) == len(whole.splits["train"])
    changed = {name: data.checksums[name] for name in (DEVELOPMENT, TEST)}
    assert {**whole.checksums, **changed} == data.checksums
    assert whole.checksums[TEST] != data.checksums[TEST]
    fewer = MultimodalFeatures(splits, development=0.25)
    assert fewer.checksums[DEVELOPMENT] != data.checksums[DEVELOPMENT]
    assert MultimodalFeatures(splits, holdout=0.4).checksums != whole.checksums
    assert MultimodalFeatures(splits, modalities=["audio"]).checksums != whole.checksums


@pytest.mark.parametrize("name", ["validation", "test"])
def test_samples_that_are_not_trained_on_are_in_checksums(tmp_path, name):
    data = MultimodalFeatures(make_splits(), checksums={"source": "abc"})
    data.save(tmp_path / "x.h5")
    assert MultimodalFeatures.load(tmp_path / "x.h5").checksums == data.checksums
    with h5py.File(tmp_path / "x.h5", "r+") as file:
        file[f"{name}/text"][:] = 0.0
    other = MultimodalFeatures.load(tmp_path / "x.h5").checksums
    assert {key for key in other if other[key] != data.checksums[key]} == {f"{name} samples"}
    for calibrate in (False, True):
        sources = TrainingSettings(calibrate=calibrate).sources
        used = calibrate and name == "validation"
        assert (sources(other) != sources(data.checksums)) == used


def test_what_is_trained_on_tells_data_apart():
    splits = make_splits("classification")
    digests = {str(MultimodalFeatures(splits).checksums)}
    digests.add(str(MultimodalFeatures(make_splits()).checksums))
    train = splits["train"]
    other = FeatureSplit(
        {**train.features, "text": train.features["text"] + 1e-3},
        train.lengths,
        train.label,
        train.id,
    )
    digests.add(str(MultimodalFeatures({**splits, "train": other}).checksums))
    assert len(digests) == 3


def test_development_needs_test_videos_and_no_other_validation():
    splits = make_splits()
    with pytest.raises(ValueError, match=r"`development` must be zero where.*Received: 0\.4"):
        MultimodalFeatures(splits, development=0.4)
    del splits["validation"]
    with pytest.raises(ValueError, match=r"`development` must be in \[0, 1\)\. Received: 1"):
        MultimodalFeatures(splits, development=1)
