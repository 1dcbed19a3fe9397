# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="call-arg"
"""Latents: saving, loading, selection and batches."""

from __future__ import annotations

import hashlib

import h5py
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from sionna_semcom.datasets import LatentPairs, LatentsData, LatentSplit
from sionna_semcom.simulation import TrainingSettings

from .latent_pairs import head as head
from .latent_pairs import make_splits, write


@pytest.fixture
def pairs(head):
    return LatentPairs(make_splits(), *head, {"images": "abc", "receiver": "def"})


def same(first, second):
    assert set(first.splits) == set(second.splits)
    for name, split in first.splits.items():
        for part in ("tx", "rx", "label"):
            one, other = getattr(split, part), getattr(second.splits[name], part)
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(first.kernel, second.kernel)
    np.testing.assert_array_equal(first.bias, second.bias)
    return True


def test_what_is_saved_is_loaded(pairs, tmp_path):
    path = tmp_path / "folder" / "latents.h5"
    pairs.save(path)
    loaded = LatentPairs.load(path)
    assert same(pairs, loaded)
    assert loaded.checksums == pairs.checksums
    assert loaded.num_classes == 4
    assert loaded.shapes == {"tx": (3,), "rx": (5,)}
    assert [p.name for p in path.parent.iterdir()] == ["latents.h5"]


def test_a_file_of_others_is_its_own_checksum(head, tmp_path):
    path = tmp_path / "mine.h5"
    write(path, make_splits(), head)
    loaded = LatentPairs.load(path)
    assert same(LatentPairs(make_splits(), *head), loaded)
    assert loaded.checksums == {"mine.h5": hashlib.sha256(path.read_bytes()).hexdigest()}
    again = tmp_path / "again.h5"
    loaded.save(again)
    assert LatentPairs.load(again).sources == loaded.checksums


@pytest.mark.parametrize(
    ("changed", "differing"),
    [
        ("train/tx", "training and validation samples"),
        ("val/rx", "training and validation samples"),
        ("head/bias", "training and validation samples"),
        ("test/label", "test samples"),
    ],
)
def test_the_content_of_a_file_is_part_of_its_checksums(pairs, tmp_path, changed, differing):
    path = tmp_path / "latents.h5"
    pairs.save(path)
    with h5py.File(path, "r+") as file:
        file[changed][0] = 1 + file[changed][0]
    loaded = LatentPairs.load(path)
    assert loaded.sources == {"images": "abc", "receiver": "def"}
    found = {key for key in loaded.checksums if loaded.checksums[key] != pairs.checksums[key]}
    assert found == {differing}
    sources = LatentPairs(loaded.splits, loaded.kernel, loaded.bias, pairs.sources, identified=True)
    assert sources.checksums == pairs.sources


def test_other_test_samples_do_not_change_what_training_depends_on(pairs):
    splits = {**pairs.splits, "test": pairs.splits["validation"]}
    other = LatentPairs(splits, pairs.kernel, pairs.bias)
    first = LatentPairs(pairs.splits, pairs.kernel, pairs.bias)
    sources = TrainingSettings().sources
    assert (
        sources(first.checksums) == sources(other.checksums) != sources(pairs.subset(8).checksums)
    )
    assert first.checksums != other.checksums


def test_other_types_of_numbers_are_converted(head, tmp_path):
    splits = {
        name: LatentSplit(s.tx.astype(float), s.rx.astype(float), s.label.astype(np.uint8))
        for name, s in make_splits().items()
    }
    write(tmp_path / "latents.h5", splits, head)
    assert same(LatentPairs(make_splits(), *head), LatentPairs.load(tmp_path / "latents.h5"))


@pytest.mark.parametrize("num_classes", [2, 3, 4])
def test_without_a_head_it_is_the_logistic_regression_of_scikit_learn(tmp_path, num_classes):
    splits = make_splits(num_classes)
    write(tmp_path / "latents.h5", splits)
    pairs = LatentPairs.load(tmp_path / "latents.h5")
    train, test = splits["train"], splits["test"]
    scaler = StandardScaler().fit(train.rx)
    model = LogisticRegression(C=0.1).fit(scaler.transform(train.rx), train.label)
    logits = test.rx @ pairs.kernel + pairs.bias
    np.testing.assert_array_equal(logits.argmax(-1), model.predict(scaler.transform(test.rx)))
    probabilities = np.exp(logits - np.logaddexp.reduce(logits, -1, keepdims=True))
    expected = model.predict_proba(scaler.transform(test.rx))
    np.testing.assert_allclose(probabilities, expected, atol=2e-3)
    assert pairs.receiver_accuracy == model.score(scaler.transform(test.rx), test.label)


def test_a_class_that_training_lacks_is_never_decided():
    splits = make_splits()
    splits["train"] = splits["train"][splits["train"].label != 2]
    pairs = LatentPairs(splits)
    decided = (splits["test"].rx @ pairs.kernel + pairs.bias).argmax(-1)
    assert set(decided) == {0, 1, 3}


def test_receiver_accuracy_is_that_of_the_head_on_the_test(pairs):
    test = pairs.splits["test"]
    decided = [np.argmax(pairs.kernel.T @ latent + pairs.bias) for latent in test.rx]
    assert pairs.receiver_accuracy == np.mean(decided == test.label)


@pytest.mark.parametrize("count", [1, 3, 4, 21, 58, 60])
def test_subsets_are_balanced_and_without_replacement(pairs, count):
    train = pairs.subset(count, seed=2).splits["train"]
    shares = np.bincount(train.label, minlength=4)
    assert len(train) == sum(shares) == count
    assert max(shares) - min(shares) <= 1
    rows = train.tx[:, 0].astype(int)
    assert len(set(rows)) == count
    for part in ("tx", "rx", "label"):  # pairs stay together
        np.testing.assert_array_equal(
            getattr(train, part), getattr(pairs.splits["train"], part)[rows]
        )


def test_subsets_depend_on_the_seed(pairs):
    def draw(seed):
        return pairs.subset(22, seed).splits["train"]

    np.testing.assert_array_equal(draw(1).tx, draw(1).tx)
    assert not np.array_equal(draw(1).tx, draw(2).tx)
    favored = {tuple(np.bincount(draw(seed).label)) for seed in range(20)}
    assert len(favored) > 2  # the classes that get one more than others are drawn, too


def test_a_subset_can_be_drawn_from_again(pairs):
    subset = pairs.subset(22, seed=3)
    assert len(subset.subset(8).splits["train"]) == 8


def test_only_training_is_drawn_from(pairs):
    subset = pairs.subset(8)
    assert subset.sources == pairs.sources
    assert subset.checksums["test samples"] == pairs.checksums["test samples"]
    assert subset.kernel is pairs.kernel
    assert subset.receiver_accuracy == pairs.receiver_accuracy
    assert subset.splits["test"] is pairs.splits["test"]
    assert subset.splits["validation"] is pairs.splits["validation"]
    assert pairs.subset(None) is pairs
    assert len(pairs.splits["train"]) == 60


@pytest.mark.parametrize("count", [61, 1000])
def test_more_than_there_are_is_refused(pairs, count):
    with pytest.raises(ValueError, match=rf"`count` must leave .* which has 15. Received: {count}"):
        pairs.subset(count)


@pytest.mark.parametrize("count", [0, -3])
def test_no_pilots_are_refused(pairs, count):
    with pytest.raises(ValueError, match=rf"`count` must be positive. Received: {count}"):
        pairs.subset(count)


def test_an_unbalanced_set_has_too_few_of_a_class(head):
    splits = make_splits()
    rows = np.flatnonzero((splits["train"].label != 1) | (np.arange(60) < 20))
    splits["train"] = splits["train"][rows]
    pairs = LatentPairs(splits, *head)
    assert len(pairs.subset(20).splits["train"]) == 20
    with pytest.raises(ValueError, match=r"10 pilots to class 1, which has 5. Received: 40"):
        pairs.subset(40)


def rows_in_order(pairs, split, batch_size):
    """Indices of the samples of a split in their order, and their other entries."""
    batches = list(getattr(pairs, split)(batch_size))
    found = {key: np.concatenate([batch[key] for batch in batches]) for key in batches[0]}
    return (found["tx"][:, 0] - pairs.splits[split].tx[0, 0]).astype(int), found


@pytest.mark.parametrize("split", ["validation", "test"])
def test_every_pair_comes_once(pairs, split):
    rows, found = rows_in_order(pairs, split, 30)
    assert sorted(rows) == list(range(len(pairs.splits[split])))
    assert list(found) == ["tx", "rx", "label"]
    assert found["label"].dtype == "int32"
    for part in ("tx", "rx", "label"):
        np.testing.assert_array_equal(found[part], getattr(pairs.splits[split], part)[rows])


@pytest.mark.parametrize("split", ["validation", "test"])
def test_pairs_come_in_the_same_random_order_whatever_the_batches(pairs, head, split):
    rows, _ = rows_in_order(pairs, split, 30)
    assert not np.array_equal(rows, np.sort(rows))
    again, _ = rows_in_order(LatentPairs(make_splits(), *head), split, 7)
    np.testing.assert_array_equal(again, rows)


def test_batches_are_alike_where_the_file_is_sorted_by_class(head):
    splits = make_splits()
    splits["test"] = splits["test"][np.argsort(splits["test"].label, kind="stable")]
    means = [np.mean(batch["label"] == 0) for batch in LatentPairs(splits, *head).test(100)]
    assert max(means) < 0.5  # in the file's order it is all of the first batch


def test_training_takes_every_pair_once_before_any_is_repeated(pairs):
    """9 batches of 16 are two passes over 60 pairs, plus 24 pairs."""
    batches = list(pairs.train(16, 9, seed=1))
    rows = np.concatenate([batch["tx"][:, 0] for batch in batches]).astype(int)
    assert len(rows) == 144
    assert sorted(rows[:60]) == sorted(rows[60:120]) == list(range(60))
    assert rows[:60].tolist() != rows[60:120].tolist()
    train = pairs.splits["train"]
    np.testing.assert_array_equal(np.concatenate([b["rx"] for b in batches]), train.rx[rows])
    np.testing.assert_array_equal(np.concatenate([b["label"] for b in batches]), train.label[rows])


@pytest.mark.parametrize(("batch_size", "steps"), [(30, 2), (50, 1), (100, 1)])
def test_without_steps_the_pairs_are_filled_once(pairs, batch_size, steps):
    assert [len(b["label"]) for b in pairs.train(batch_size)] == [batch_size] * steps


def test_training_depends_on_the_seed(pairs):
    def draw(seed):
        return np.concatenate([batch["tx"] for batch in pairs.train(20, 3, seed)])

    np.testing.assert_array_equal(draw(1), draw(1))
    assert not np.array_equal(draw(1), draw(2))


def test_relative_paths_are_found_here_or_below_the_folder_of_the_data(
    pairs, tmp_path, monkeypatch
):
    root, here = tmp_path / "data", tmp_path / "here"
    here.mkdir()
    pairs.save(root / "latents" / "mine.h5")
    monkeypatch.chdir(here)
    monkeypatch.delenv("SIONNA_SEMCOM_DATA", raising=False)
    settings = LatentsData(path="latents/mine.h5")
    with pytest.raises(FileNotFoundError):
        settings.load()
    monkeypatch.setenv("SIONNA_SEMCOM_DATA", str(root))
    assert same(pairs, settings.load())
    pairs.subset(6).save(here / "latents" / "mine.h5")  # comes first
    assert len(settings.load().splits["train"]) == 6
