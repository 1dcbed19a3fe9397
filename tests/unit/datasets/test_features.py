# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from sionna_semcom.datasets import FeatureSplit, MultimodalFeatures
from sionna_semcom.datasets.feature_split import video_of

from .feature_files import same, write_features


def make_split(count, first=0, kind="regression"):
    """The first feature of ``text`` is the sample's number, audio has 0 to 5 frames."""
    draw = np.random.default_rng([count, first])
    text = np.column_stack([first + np.arange(count), draw.normal(5, 3, (count, 2))])
    lengths = np.arange(count) % 6
    audio = draw.normal(-2, 4, (count, 5, 3)).astype(np.float32)
    audio[np.arange(5) >= lengths[:, None]] = 0
    label = np.arange(count) % 4 if kind == "classification" else np.linspace(-3, 3, count)
    names = [f"v{(first + row) // 4}_{row}" for row in range(count)]
    others = {"raw_text": [f"wörd {row}" for row in range(count)]}
    return FeatureSplit({"text": text, "audio": audio}, {"audio": lengths}, label, names, others)


def make_splits(kind="regression"):
    sizes = {"train": (40, 0), "validation": (12, 40), "test": (20, 52)}
    return {name: make_split(*size, kind) for name, size in sizes.items()}


def rows_of(data, batches):
    """Which training samples batches hold."""
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
def test_every_sample_comes_once_in_order(split):
    data = MultimodalFeatures(make_splits())
    batches = list(getattr(data, split)(batch_size=7))
    arrays = data.arrays(split)
    for name, values in arrays.items():
        np.testing.assert_array_equal(np.concatenate([b[name] for b in batches]), values)
    np.testing.assert_array_equal(arrays["audio_length"], data.splits[split].lengths["audio"])
    np.testing.assert_array_equal(arrays["label"], data.splits[split].label)


def test_training_statistics_standardise_all_splits():
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
    """9 batches of 16 are three passes and 24 of 40 samples."""
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
    expected = (train - train.mean(0)) / train.std(0)  # without what is held out
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


def test_what_is_saved_is_loaded(tmp_path):
    splits = make_splits()
    splits["train"].features["text"][0, 1] = -np.inf
    splits["test"].features["audio"][5, 0, 0] = np.nan
    data = MultimodalFeatures(splits, checksums={"source": "abc"})
    path = tmp_path / "folder" / "features.h5"
    data.save(path)
    loaded = MultimodalFeatures.load(path)
    assert same(loaded.splits, splits)
    assert loaded.checksums["source"] == "abc"
    assert [p.name for p in path.parent.iterdir()] == ["features.h5"]
    some = MultimodalFeatures.load(path, modalities=["audio"], holdout=0.5)
    assert some.shapes == {"audio": (5, 3)}


def columns(count=6, **changes):
    """A split of vectors and sequences, as a user writes it."""
    draw = np.random.default_rng(count)
    audio = draw.uniform(1, 2, (count, 4, 2))
    audio[:, 3], audio[1] = 0, 0
    usual = {
        "text": draw.normal(size=(count, 3)).astype(np.float16),
        "audio": audio,
        "regression_labels": np.linspace(-1, 1, count),
        "classification_labels": np.arange(count, dtype=np.int8) % 2,
        "id": np.array([f"video{row // 2}_{row}" for row in range(count)], "S"),
    }
    return {name: v for name, v in {**usual, **changes}.items() if v is not None}


@pytest.mark.parametrize("valid", ["valid", "validation"])
def test_files_of_users(tmp_path, valid):
    path = write_features(
        tmp_path / "mine.h5", {"train": columns(), valid: columns(4), "test": columns(5)}
    )
    data = MultimodalFeatures.load(path)
    assert list(data.splits) == ["train", "validation", "test"]
    assert list(data.shapes) == ["text", "audio"]
    assert data.num_classes == 0
    train = data.splits["train"]
    assert train.lengths["audio"].tolist() == [3, 0, 3, 3, 3, 3]  # up to the last that is not zero
    assert train.id[0] == "video0_0"
    assert train.others["classification_labels"].tolist() == [0, 1] * 3
    assert data.checksums["mine.h5"] == hashlib.sha256(path.read_bytes()).hexdigest()
    classes = MultimodalFeatures.load(path, label="classification")
    assert classes.num_classes == 2
    np.testing.assert_allclose(
        classes.splits["train"].others["regression_labels"], np.linspace(-1, 1, 6), atol=1e-6
    )


def test_what_follows_the_lengths_is_padding(tmp_path):
    one = columns(audio=np.ones((6, 4, 2)), audio_lengths=[0, 1, 2, 3, 4, 4])
    path = write_features(tmp_path / "mine.h5", {"train": one, "test": one})
    audio = MultimodalFeatures.load(path).splits["train"].features["audio"]
    assert audio.sum((1, 2)).tolist() == [0, 2, 4, 6, 8, 8]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": None}, "it has no id, only text, audio, regression_labels, classif"),
        (
            {"regression_labels": None, "classification_labels": None},
            "it has no regression_labels or classification_labels, only text, audio, id",
        ),
        ({"text": np.zeros((5, 3))}, "as many samples. Received: .* text 5"),
        ({"audio_lengths": np.arange(5)}, r"`audio_lengths` must be one number .*\(5,\)"),
        ({"audio_lengths": np.arange(6)}, "`audio_lengths` must be .* 0 to 4, .* Received: 5"),
        ({"text_lengths": np.arange(6)}, r"`text` must be \[n, T, D\] as it has lengths.*\(6, 3\)"),
        ({"regression_labels": np.full(6, 5.0)}, r"scores \[n\] in \[-3, 3\]. Received: 5.0"),
        ({"classification_labels": np.full(6, 0.5)}, "whole numbers from 0 on. Received: 0.5"),
        ({"text": np.array([b"a"] * 6)}, "`text` must be an array of numbers"),
        ({"audio": np.zeros((6, 0, 2))}, "`audio` must have frames and features"),
        (
            {
                "text": np.zeros((0, 3)),
                "audio": None,
                "id": np.array([], "S"),
                "regression_labels": np.zeros(0),
                "classification_labels": None,
            },
            "must have a modality and a sample. Received: 1 modalities, 0 samples",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path, changes, message):
    path = write_features(tmp_path / "mine.h5", {"train": columns(), "test": columns(6, **changes)})
    with pytest.raises(
        ValueError, match=rf"mine.h5` is damaged or no file of fea.*: test: .*{message}"
    ):
        MultimodalFeatures.load(path)


def test_labels_and_splits_that_are_not_there(tmp_path):
    path = tmp_path / "mine.h5"
    one = columns(regression_labels=None)
    write_features(path, {"train": one, "test": one})
    with pytest.raises(ValueError, match=r"mine.h5.*: train: it has no regression_labels, only"):
        MultimodalFeatures.load(path, label="regression")
    with pytest.raises(ValueError, match=r"`label` must be one of .* Received: 'score'"):
        MultimodalFeatures.load(path, label="score")
    with pytest.raises(ValueError, match=r"mine.h5`: `modalities` must be some of text, audio"):
        MultimodalFeatures.load(path, modalities=["vision"])
    for names in (["train"], ["train", "test", "valid", "validation"]):
        write_features(path, {name: one for name in names})
        with pytest.raises(ValueError, match=r"mine.h5` .* must have train, test and one valid, n"):
            MultimodalFeatures.load(path)


def test_files_that_are_none_are_refused(tmp_path):
    path = tmp_path / "mine.h5"
    with pytest.raises(FileNotFoundError, match=r"No file of features .*mine.h5"):
        MultimodalFeatures.load(path)
    for raw in (b"", b"text"):
        path.write_bytes(raw)
        with pytest.raises(ValueError, match=r"mine.h5` is damaged or no file of features"):
            MultimodalFeatures.load(path)


def test_a_small_file_cannot_ask_for_all_memory(tmp_path):
    path = write_features(tmp_path / "mine.h5", {"train": columns(), "test": columns()})
    with h5py.File(path, "r+") as file:
        del file["train/text"]
        file.create_dataset("train/text", (10**9, 10**3), np.float32, chunks=(100, 100))
    with pytest.raises(ValueError, match="train/text says that it has 4000000000000 bytes"):
        MultimodalFeatures.load(path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "mine.h5"
    MultimodalFeatures(make_splits()).save(path)
    return path.read_bytes()


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_files_give_an_error_or_features(tmp_path, whole, data):
    raw = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path / "mine.h5"
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)) | st.just(len(raw)))])
    try:
        loaded = MultimodalFeatures.load(path)
    except ValueError as error:
        assert "mine.h5`" in str(error)
    else:
        assert all(np.isfinite(v).all() for v in loaded.arrays("train").values())


@pytest.mark.data
def test_mosi(data_root, tmp_path):
    """The copy as it is, and what can be read from its features: 0.767 by logistic regression."""
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
    assert data.checksums == whole.checksums  # models are the same
    assert MultimodalFeatures(splits, holdout=0.4).checksums != whole.checksums
    assert MultimodalFeatures(splits, modalities=["audio"]).checksums != whole.checksums


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
