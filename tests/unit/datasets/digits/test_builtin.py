# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil

import h5py
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier

from sionna_semcom.datasets import Digits, LogMel
from sionna_semcom.datasets.digits import builtin
from sionna_semcom.datasets.digits.builtin import synthesize as synthesize


@pytest.fixture(scope="module")
def spoken():
    return builtin.read_spoken()


def test_digits():
    digits = Digits()
    assert digits.shapes == {"image": (8, 8, 1), "audio": (64, 32, 1), "text": (10,)}
    assert set(digits.checksums) == {"digits.csv.gz", "spoken_digits.h5"}
    for part in ("train 1297 + 2160", "validation 100 + 240", "test 400 + 480"):
        assert part in digits.description
    batches = [*digits.train(), *digits.validation(), *digits.test()]
    for name in ("image", "audio"):
        values = np.concatenate([batch[name] for batch in batches])
        assert (values.min(), values.max()) == (0.0, 1.0)


def test_handwritten_digits_are_those_of_scikit_learn():
    parts = builtin.read_handwritten()
    images, labels = map(np.concatenate, zip(*parts.values(), strict=True))
    expected = load_digits()
    np.testing.assert_array_equal(16 * images, expected.images)
    np.testing.assert_array_equal(labels, expected.target)


def test_spoken_digits_are_small():
    assert builtin.SPOKEN_DIGITS.stat().st_size <= 5e6


def test_voices_are_many_and_shared_by_no_two_splits(spoken):
    voices = {name: set(clips.speakers) for name, clips in spoken.items()}
    assert voices == {name: set(names) for name, names in synthesize.voices().items()}
    assert {name: len(names) for name, names in voices.items()} == {
        "train": 36,
        "validation": 4,
        "test": 8,
    }
    variants = [voice.split("+")[1] for names in voices.values() for voice in names]
    assert len(set(variants)) == 48


def test_every_voice_says_every_digit_its_own_way(spoken):
    for clips in spoken.values():
        for voice in set(clips.speakers):
            np.testing.assert_array_equal(
                np.bincount(clips.labels[clips.speakers == voice]), [6] * 10
            )
    values = np.concatenate([clips.spectrograms for clips in spoken.values()])
    assert len(np.unique(values.reshape(len(values), -1), axis=0)) == len(values)


def test_what_is_learned_from_some_voices_holds_for_the_others(spoken):
    """A linear classifier of spectrograms is far above chance for speakers of the test split."""
    train, test = spoken["train"], spoken["test"]
    model = RidgeClassifier(1e3).fit(train.spectrograms.reshape(2160, -1) / 255, train.labels)
    assert model.score(test.spectrograms.reshape(480, -1) / 255, test.labels) > 0.85


def test_files_are_read_as_they_were_written(tmp_path, spoken):
    log_mel, clips = LogMel.speech_8khz(), spoken["validation"]
    exact = clips.spectrograms / 255 + 0.001
    names = {"train": [], "validation": sorted(set(clips.speakers)), "test": []}
    path = tmp_path / "copy.h5"
    synthesize.write_spoken(
        path,
        type(clips)(exact, clips.labels, clips.speakers, clips.repetitions),
        names,
        log_mel,
        "-",
    )
    copy = builtin.read_spoken(path)["validation"]
    for name, values in vars(clips).items():
        np.testing.assert_array_equal(getattr(copy, name), values)
    with h5py.File(path) as file:
        assert LogMel.model_validate_json(file.attrs["log_mel"]) == log_mel


@pytest.mark.parametrize("size", [0, 100, 2_000_000])
def test_truncated_files_are_refused(tmp_path, size):
    path = tmp_path / "spoken.h5"
    path.write_bytes(builtin.SPOKEN_DIGITS.read_bytes()[:size])
    with pytest.raises(ValueError, match=r"spoken.h5` must be a whole HDF5 file. Received: \w+"):
        builtin.read_spoken(path)


def test_changed_and_missing_spectrograms_are_refused(tmp_path):
    path = tmp_path / "spoken.h5"
    shutil.copy(builtin.SPOKEN_DIGITS, path)
    with h5py.File(path, "r+") as file:
        file["spectrograms"][5, 3, 2] ^= 1
    with pytest.raises(
        ValueError, match=r"spoken.h5` must hold spectrograms of SHA-256 \w+. Received"
    ):
        builtin.read_spoken(path)
    with h5py.File(path, "r+") as file:
        del file["labels"]
    with pytest.raises(
        ValueError, match=r"spoken.h5` must be a whole HDF5 file. Received: .*labels"
    ):
        builtin.read_spoken(path)
    with pytest.raises(FileNotFoundError, match=r"nowhere.h5` must be a file of spoken digits"):
        builtin.read_spoken(tmp_path / "nowhere.h5")


def test_synthesis_gives_what_is_shipped(spoken):
    with h5py.File(builtin.SPOKEN_DIGITS) as file:
        origin = file.attrs["origin"]
    if shutil.which("espeak-ng") is None or synthesize.origin() != origin:
        pytest.skip(f"needs {origin}")
    voice = synthesize.voices()["test"][1]
    made = synthesize.synthesize([voice], LogMel.speech_8khz())
    shipped = spoken["test"].where(spoken["test"].speakers == voice)
    np.testing.assert_array_equal(made.labels, shipped.labels)
    np.testing.assert_array_equal(made.repetitions, shipped.repetitions)
    np.testing.assert_allclose(255 * made.spectrograms, shipped.spectrograms, atol=1.0)
