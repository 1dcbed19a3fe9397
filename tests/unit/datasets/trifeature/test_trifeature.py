# SPDX-License-Identifier: Apache-2.0
"""Trifeature: rules of pairs, splits, batches and the image file."""

from __future__ import annotations

import itertools

import h5py
import numpy as np
import pytest
from scipy.stats import chi2_contingency, chisquare

from sionna_semcom.datasets import COLORS, SHAPES, TEXTURES, Trifeature
from sionna_semcom.datasets.trifeature import trifeature

KEYS = ["shape", "texture_1", "texture_2", "color_1", "color_2", "obeys"]
COUNTS = {"num_train": 600, "num_probing": 201, "num_validation": 200, "num_test": 301}
FEW = {"size": 8, "num_train": 40, "num_probing": 30, "num_validation": 20, "num_test": 10}
SPLITS = {"unique": ["train", "validation", "test"]}
SPLITS["synergy"] = ["train", "probing", "validation", "test"]


@pytest.fixture
def labeled(monkeypatch):
    """Images with one pixel, which contains the requested classes."""

    def draw(shapes, textures, colors, size, generator):
        return np.stack([shapes, textures, colors], -1).astype(np.uint8)[:, None, None]

    monkeypatch.setattr(trifeature, "draw", draw)


@pytest.fixture
def forbidden(monkeypatch):
    """Function that makes all later drawing fail."""

    def draw(*_):
        raise AssertionError("drawn")

    return lambda: monkeypatch.setattr(trifeature, "draw", draw)


def joined(batches):
    batches = list(batches)
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def split_of(data, name):
    """All pairs of a split, with training pairs in the order of drawing."""
    if name == "train":
        return joined(data.train(COUNTS["num_train"], 1))
    return joined(getattr(data, name)(64))


def same(first, second):
    assert first.keys() == second.keys()
    return all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("question", SPLITS)
def test_batches_are_dictionaries(question):
    data = Trifeature(question, **FEW)
    assert data.shapes == {"image_1": (8, 8, 3), "image_2": (8, 8, 3)}
    for batches in (data.train(7), data.probing(7), data.validation(7), data.test(7)):
        batch = next(iter(batches))
        found = {name: (tuple(v.shape), v.dtype.name) for name, v in batch.items()}
        pictures = dict.fromkeys(("image_1", "image_2"), ((7, 8, 8, 3), "float32"))
        assert found == pictures | dict.fromkeys([*KEYS, "label"], ((7,), "int32"))
        for name in pictures:
            values = batch[name].numpy()
            assert values.min() == 0 and 0.8 < values.max() <= 1
            np.testing.assert_allclose(255 * values, np.round(255 * values), atol=1e-4)


@pytest.mark.parametrize("question", SPLITS)
def test_pictures_show_their_labels_and_share_the_shape(labeled, question):
    data = Trifeature(question, **COUNTS)
    for name in SPLITS[question]:
        pairs = split_of(data, name)
        for n in (1, 2):
            shown = np.round(255 * pairs[f"image_{n}"][:, 0, 0]).astype(int)
            for place, key in enumerate(("shape", f"texture_{n}", f"color_{n}")):
                np.testing.assert_array_equal(shown[:, place], pairs[key])


def test_textures_and_colors_are_independent(labeled):
    pairs = split_of(Trifeature("unique", **COUNTS), "train")
    for one, other in itertools.combinations(KEYS[:-1], 2):
        table = np.zeros((10, 10))
        np.add.at(table, (pairs[one], pairs[other]), 1)
        assert chi2_contingency(table).pvalue > 1e-3, (one, other)
    for key in KEYS[:-1]:
        assert chisquare(np.bincount(pairs[key], minlength=10)).pvalue > 1e-3, key
    assert abs(pairs["obeys"].mean() - 0.1) < 0.04  # by chance


def mapping_of(pairs):
    """Textures of first images, with colors of second images."""
    return set(zip(pairs["texture_1"].tolist(), pairs["color_2"].tolist(), strict=True))


def obeying(pairs, wanted=1):
    return {name: values[pairs["obeys"] == wanted] for name, values in pairs.items()}


@pytest.mark.parametrize("seed", [0, 5])
def test_training_pairs_obey_and_half_of_the_others_do(labeled, seed):
    data = Trifeature("synergy", seed=seed, **COUNTS)
    train = split_of(data, "train")
    assert (train["obeys"] == 1).all()
    mapping = mapping_of(train)
    textures, colors = zip(*sorted(mapping), strict=True)
    assert list(textures) == sorted(colors) == list(range(10))  # a permutation
    for name in SPLITS["synergy"][1:]:
        pairs = split_of(data, name)
        count = len(pairs["obeys"])
        assert set(pairs["obeys"]) == {0, 1}
        assert abs(2 * pairs["obeys"].sum() - count) <= 1
        assert mapping_of(obeying(pairs)) == mapping
        assert not mapping_of(obeying(pairs, 0)) & mapping


def test_the_mapping_is_of_the_seed(labeled):
    mappings = [
        frozenset(mapping_of(split_of(Trifeature("synergy", seed=seed, **COUNTS), "train")))
        for seed in (0, 0, 1, 2)
    ]
    assert mappings[0] == mappings[1]
    assert len(set(mappings)) == 3


def test_neither_picture_tells_whether_a_pair_obeys(labeled):
    data = Trifeature("synergy", **{**COUNTS, "num_probing": 600})
    pairs = split_of(data, "probing")
    for key in KEYS[:-1]:
        table = np.zeros((10, 2))
        np.add.at(table, (pairs[key], pairs["obeys"]), 1)
        assert chi2_contingency(table).pvalue > 1e-3, key
    wrong = obeying(pairs, 0)
    mapping = dict(mapping_of(split_of(data, "train")))
    steps = (wrong["color_2"] - np.array([mapping[t] for t in wrong["texture_1"]])) % 10
    assert chisquare(np.bincount(steps, minlength=10)[1:]).pvalue > 1e-3  # any wrong color
    halves = pairs["obeys"].reshape(2, 300).mean(1)
    assert np.abs(halves - 0.5).max() < 0.1  # in any order


@pytest.mark.parametrize("question", SPLITS)
def test_splits_share_no_picture(question):
    data = Trifeature(question, size=16, num_train=300, num_probing=100, num_validation=100)
    pictures = []
    for batches in (data.train(300, 1), data.validation(), data.test()):
        pairs = joined(batches)
        pictures += [x.tobytes() for n in (1, 2) for x in pairs[f"image_{n}"][:300]]
    if question == "synergy":
        pairs = joined(data.probing())
        pictures += [x.tobytes() for n in (1, 2) for x in pairs[f"image_{n}"]]
    assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("question", SPLITS)
def test_the_seed_decides_everything(question):
    one, again, other = (Trifeature(question, seed=seed, **FEW) for seed in (3, 3, 4))
    for name in ("probing", "validation", "test"):
        pairs = [joined(getattr(data, name)()) for data in (one, again, other)]
        assert same(*pairs[:2])
        for key in ("image_1", "image_2", "shape", "texture_1"):
            assert not np.array_equal(pairs[0][key], pairs[2][key])
    assert same(joined(one.train(8, 5, seed=1)), joined(again.train(8, 5, seed=1)))


def test_what_is_asked():
    unique, synergy = (Trifeature(question, **FEW) for question in SPLITS)
    assert len(SHAPES) == len(TEXTURES) == len(COLORS) == 10
    for data in (unique, synergy):
        assert data.labels == dict.fromkeys(KEYS[:-1], 10) | {"obeys": 2}
    assert (unique.num_classes, synergy.num_classes) == (10, 2)
    shared, combined = joined(unique.test()), joined(synergy.test())
    np.testing.assert_array_equal(shared["label"], shared["shape"])
    np.testing.assert_array_equal(combined["label"], combined["obeys"])
    assert same(
        unique.parts(shared),
        {
            "redundant": shared["shape"],
            "unique_image_1": shared["texture_1"],
            "unique_image_2": shared["texture_2"],
        },
    )
    assert same(synergy.parts(combined), {"synergistic": combined["obeys"]})


def test_probes_learn_from_training_pairs_unless_for_synergy(labeled):
    unique, synergy = (Trifeature(question, **COUNTS) for question in SPLITS)
    probing, train = joined(unique.probing()), split_of(unique, "train")
    assert len(probing["shape"]) == 600
    for key in KEYS:
        np.testing.assert_array_equal(np.bincount(probing[key]), np.bincount(train[key]))
    assert len(joined(synergy.probing())["shape"]) == 201
    assert same(probing, joined(Trifeature(**{**COUNTS, "num_probing": 7}).probing()))


@pytest.mark.parametrize("question", SPLITS)
def test_training_draws_without_replacement_by_its_seed(question):
    data = Trifeature(question, **FEW)
    one, again, other = (joined(data.train(16, 5, seed)) for seed in (1, 1, 2))
    assert same(one, again)
    assert not same(one, other)
    pictures = [x.tobytes() for x in one["image_1"]]
    assert len(pictures) == 80
    assert set(pictures[:40]) == set(pictures[40:])
    assert len(set(pictures[:40])) == 40
    assert pictures[:40] != pictures[40:]
    assert [len(batch["label"]) for batch in data.train(16)] == [16, 16]


@pytest.mark.parametrize("question", SPLITS)
def test_pictures_are_drawn_once_where_there_is_a_cache(tmp_path, forbidden, question):
    folder = tmp_path / "new" / "folder"
    drawn, kept = Trifeature(question, **FEW), Trifeature(question, cache=folder, **FEW)
    [path] = folder.iterdir()
    written = path.read_bytes()
    forbidden()
    read = Trifeature(question, cache=str(folder), **FEW)
    for name in ("probing", "validation", "test"):
        expected = joined(getattr(drawn, name)())
        assert same(expected, joined(getattr(kept, name)()))
        assert same(expected, joined(getattr(read, name)()))
    assert same(joined(drawn.train(9)), joined(read.train(9)))
    assert list(folder.iterdir()) == [path] and path.read_bytes() == written
    with pytest.raises(AssertionError, match="drawn"):
        Trifeature(question, **FEW)


CHANGES = [{key: value + 1} for key, value in FEW.items()] + [{"seed": 1}]


def test_other_arguments_are_other_files_and_checksums(tmp_path):
    first = Trifeature("synergy", cache=tmp_path, **FEW)
    for number, change in enumerate(CHANGES, 2):
        other = Trifeature("synergy", cache=tmp_path, **{**FEW, **change})
        assert len(list(tmp_path.iterdir())) == number
        trained_alike = not set(change) & {"size", "seed", "num_train"}
        assert (other.checksums == first.checksums) == trained_alike
    unique = Trifeature("unique", cache=tmp_path, **FEW)
    assert unique.checksums != first.checksums
    assert len(list(tmp_path.iterdir())) == len(CHANGES) + 2


def test_damaged_files_are_named(tmp_path):
    Trifeature(cache=tmp_path, **FEW)
    [path] = tmp_path.iterdir()
    whole = path.read_bytes()
    for raw in (b"", b"text", whole[:1000], whole[: len(whole) // 2]):
        path.write_bytes(raw)
        with pytest.raises(ValueError, match=rf"{path.name}` is damaged or not a file of pictures"):
            Trifeature(cache=tmp_path, **FEW)
        assert path.read_bytes() == raw
    path.write_bytes(whole)
    with h5py.File(path, "r+") as file:
        del file["test/color_2"]
    with pytest.raises(ValueError, match=rf"{path.name}` is damaged .*: it has no test/color_2"):
        Trifeature(cache=tmp_path, **FEW)


def test_without_a_cache_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(h5py, "File", None)
    Trifeature(**FEW)
    assert list(tmp_path.iterdir()) == []


def test_no_half_file_is_left_where_writing_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(h5py.File, "__setitem__", None)
    with pytest.raises(TypeError):
        Trifeature(cache=tmp_path, **FEW)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("question", SPLITS)
@pytest.mark.parametrize("name", FEW)
@pytest.mark.parametrize("value", [0, -3])
def test_sizes_and_numbers_must_be_positive(forbidden, question, name, value):
    forbidden()
    with pytest.raises(ValueError, match=f"`{name}` must be at least 1. Received: {value}"):
        Trifeature(question, **{**FEW, name: value})


def test_other_questions_are_refused():
    message = "`question` must be one of unique, synergy. Received: 'redundant'"
    with pytest.raises(ValueError, match=message):
        Trifeature("redundant", **FEW)
    data = Trifeature(**FEW)
    with pytest.raises(ValueError, match=r"`batch_size` must be at least 1. Received: 0"):
        data.train(0)
    with pytest.raises(ValueError, match=r"`steps` must be at least 1. Received: 0"):
        data.train(5, steps=0)
    with pytest.raises(ValueError, match=r"`batch_size` must be at least 1. Received: -1"):
        data.test(-1)
