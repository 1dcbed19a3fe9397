# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="call-arg"
from __future__ import annotations

import hashlib

import h5py
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from sionna_semcom.datasets import SPLITS, LatentPairs, LatentSplit


def make_split(count, num_classes=4, first=0):
    """Latents of classes in turns; the first feature of ``tx`` is the sample's number."""
    draw = np.random.default_rng([count, first])
    label = np.arange(count, dtype=np.int32) % num_classes
    centers = np.random.default_rng(0).normal(size=(num_classes, 5))
    rx = (centers[label] + draw.normal(size=(count, 5))) * [1, 2, 3, 4, 0] + 7
    tx = np.column_stack([first + np.arange(count), draw.normal(size=(count, 2))])
    return LatentSplit(tx.astype(np.float32), rx.astype(np.float32), label)


def make_splits(num_classes=4):
    sizes = {"train": (60, 0), "validation": (20, 60), "test": (400, 80)}
    return {name: make_split(count, num_classes, first) for name, (count, first) in sizes.items()}


@pytest.fixture
def head():
    draw = np.random.default_rng(5)
    return draw.normal(size=(5, 4)).astype(np.float32), draw.normal(size=4).astype(np.float32)


@pytest.fixture
def pairs(head):
    return LatentPairs(make_splits(), *head, {"images": "abc", "receiver": "def"})


def write(path, splits, head=()):
    """The file that a user makes with h5py alone."""
    with h5py.File(path, "w") as file:
        for name, split in splits.items():
            for part in ("tx", "rx", "label"):
                file[f"{SPLITS[name]}/{part}"] = getattr(split, part)
        for part, values in zip(("kernel", "bias"), head, strict=False):
            file[f"head/{part}"] = values


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
    assert LatentPairs.load(again).checksums == loaded.checksums


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
    assert subset.checksums == pairs.checksums
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
    """Numbers of the samples of a split as they come, and what comes with them."""
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
    """9 batches of 16: two passes and 24 of 60 pairs."""
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


def nan(values):
    changed = np.array(values, float)
    changed.flat[3] = np.nan
    return changed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tx": nan(np.zeros((6, 2)))}, "`tx` must be finite"),
        ({"rx": np.full((6, 2), np.inf)}, "`rx` must be finite"),
        ({"tx": np.zeros((5, 2))}, r"\[n, d\], \[n, m\] and \[n\]. Received: \(5, 2\), \(6, 2\)"),
        ({"rx": np.zeros(6)}, r"\[n, d\], \[n, m\] and \[n\]"),
        ({"label": np.zeros((6, 1), int)}, r"\[n, d\], \[n, m\] and \[n\].*\(6, 1\)"),
        ({"label": np.arange(6) - 1}, "`label` must hold classes 0, 1"),
        ({"label": np.arange(6) + 0.5}, "`label` must hold classes 0, 1"),
        (
            {"tx": np.zeros((0, 2)), "rx": np.zeros((0, 2)), "label": np.zeros(0, int)},
            "`label` must hold classes 0, 1",
        ),
    ],
)
def test_splits_that_are_wrong_are_refused(tmp_path, changes, message):
    parts = {"tx": np.zeros((6, 2)), "rx": np.zeros((6, 2)), "label": np.arange(6) % 3, **changes}
    with pytest.raises(ValueError, match=message):
        LatentSplit(**parts)
    path = tmp_path / "latents.h5"
    write(path, make_splits())
    with h5py.File(path, "r+") as file:
        for part, values in parts.items():
            del file[f"val/{part}"]
            file[f"val/{part}"] = values
    with pytest.raises(
        ValueError, match=rf"latents.h5` is damaged or no file of latents.*{message}"
    ):
        LatentPairs.load(path)


@pytest.mark.parametrize("missing", ["val", "test/rx", "head/bias", "head/kernel"])
def test_what_is_missing_is_named(tmp_path, head, missing):
    path = tmp_path / "latents.h5"
    write(path, make_splits(), head)
    with h5py.File(path, "r+") as file:
        del file[missing]
    with pytest.raises(ValueError, match=rf"latents.h5` is damaged .*: it has no {missing}"):
        LatentPairs.load(path)


def test_files_that_are_none_are_refused(tmp_path, head):
    path = tmp_path / "latents.h5"
    with pytest.raises(FileNotFoundError, match=r"No file of latents .*latents.h5"):
        LatentPairs.load(path)
    write(path, make_splits(), head)
    whole = path.read_bytes()
    for raw in (b"", b"text", whole[:1000]):
        path.write_bytes(raw)
        with pytest.raises(ValueError, match=r"latents.h5` is damaged or no file of latents"):
            LatentPairs.load(path)
    path.write_bytes(whole)
    with h5py.File(path, "r+") as file:
        del file["test/rx"]
        file["test/rx/inner"] = [1.0]  # a group in place of the latents
    with pytest.raises(ValueError, match=r"latents.h5` is damaged .*: it has no test/rx"):
        LatentPairs.load(path)


@pytest.mark.parametrize(
    ("kernel", "bias", "message"),
    [
        ((4, 4), (4,), r"a kernel \[5, num_classes\].*\(4, 4\) and \(4,\)"),
        ((5, 3), (3,), r"for 4 classes. Received: \(5, 3\)"),
        ((5, 4), (5,), r"\(5, 4\) and \(5,\)"),
        ((5,), (), r"\(5,\) and \(\)"),
        ((5, 4), None, "both a kernel and a bias"),
        (None, (4,), "both a kernel and a bias"),
    ],
)
def test_heads_that_do_not_fit_are_refused(kernel, bias, message):
    parts = [None if shape is None else np.zeros(shape) for shape in (kernel, bias)]
    with pytest.raises(ValueError, match=message):
        LatentPairs(make_splits(), *parts)


def test_heads_must_be_finite(head):
    for parts in ((nan(head[0]), head[1]), (head[0], nan(head[1]))):
        with pytest.raises(ValueError, match="head must be finite"):
            LatentPairs(make_splits(), *parts)


def test_splits_must_belong_together():
    splits = make_splits()
    with pytest.raises(ValueError, match=r"`splits` must be train, validation, test. Received: tr"):
        LatentPairs({"train": splits["train"]})
    splits["test"] = LatentSplit(np.zeros((4, 2)), np.zeros((4, 5)), np.arange(4))
    with pytest.raises(ValueError, match="latents of the same sizes"):
        LatentPairs(splits)


@pytest.mark.parametrize(
    ("part", "values", "message"),
    [
        ("tx", np.ones((60, 3), np.complex64), "train/tx` must be .* real ones. Received: complex"),
        ("rx", np.ones((60, 5), complex), "train/rx` must be .* real ones. Received: complex128"),
        ("tx", np.full((60, 3), b"1.5"), "train/tx` must be an array of numbers"),
        ("tx", np.full((60, 3), 1e300), "`tx` must be finite"),
        ("label", np.full(60, 2**32 + 1), "must hold classes 0, 1, .* Received: 4294967297"),
        ("label", np.full(60, 2**31), "must hold classes 0, 1, .* Received: 2147483648"),
        ("label", np.full(60, 1e10), "must hold classes 0, 1, .* Received: 10000000000"),
        ("label", np.full(60, np.nan), "must hold classes 0, 1, .* Received: nan"),
        ("label", np.full(60, 1 + 1j), "must hold classes 0, 1, .* Received: complex128"),
        ("label", np.full(60, b"1"), "must hold classes 0, 1, .* Received: .S1"),
    ],
)
def test_nothing_is_lost_in_conversion(tmp_path, part, values, message):
    path = tmp_path / "latents.h5"
    write(path, make_splits())
    with h5py.File(path, "r+") as file:
        del file[f"train/{part}"]
        file[f"train/{part}"] = values
    with pytest.raises(ValueError, match=message):
        LatentPairs.load(path)


def test_labels_given_as_arrays_are_checked_before_they_are_cast():
    for label in (2**32 + 1, 2**31, -1):
        with pytest.raises(ValueError, match=rf"`label` must hold classes .* Received: {label}"):
            LatentSplit(np.zeros((6, 2)), np.zeros((6, 2)), np.full(6, label))
    with pytest.raises(ValueError, match=r"`tx` must be .* real ones"):
        LatentSplit(np.zeros((6, 2), complex), np.zeros((6, 2)), np.zeros(6, int))


def test_labels_that_are_no_classes_take_no_memory():
    splits = make_splits()
    label = splits["test"].label.copy()
    label[0] = 2**31 - 1
    with pytest.raises(
        ValueError, match=r"`label` must hold classes 0, 1, .* Received: 2147483647"
    ):
        LatentSplit(splits["test"].tx, splits["test"].rx, label)
