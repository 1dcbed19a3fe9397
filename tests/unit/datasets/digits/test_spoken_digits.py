# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil

import numpy as np
import pytest
from scipy.io import wavfile

from sionna_semcom.datasets import (
    LogMel,
    read_audiomnist,
    read_fsdd,
    split_by_recording,
    split_by_speaker,
)
from sionna_semcom.datasets.digits.spoken_digits import clip_files


def _origins(clips):
    """Speaker and recording of each sample."""
    fields = (clips.labels.tolist(), clips.speakers.tolist(), clips.repetitions.tolist())
    return set(zip(*fields, strict=True))


def test_fsdd(fsdd):
    clips = read_fsdd(fsdd)
    assert clips.spectrograms.shape == (240, 64, 32)
    expected = {(d, s, r) for d in range(10) for s in ("anna", "ben", "cleo") for r in range(8)}
    assert _origins(clips) == expected
    path = fsdd / "recordings" / "3_ben_0.wav"
    clip = clips.where((clips.labels == 3) & (clips.speakers == "ben") & (clips.repetitions == 0))
    waveform = wavfile.read(path)[1] / 2**15
    np.testing.assert_allclose(clip.spectrograms[0], LogMel.speech_8khz()(waveform), atol=1e-5)


def test_audiomnist_is_resampled(audiomnist, fsdd):
    """At 8 kHz, equal tones have equal spectrograms, except at the ends of the tones."""
    log_mel = LogMel.speech_8khz()
    clips, slow = read_audiomnist(audiomnist, log_mel), read_fsdd(fsdd)
    assert set(clips.speakers) == {"01", "02", "03"}
    np.testing.assert_array_equal(np.sort(clips.labels), np.sort(slow.labels))
    for digit in range(10):
        fast, expected = (c.spectrograms[c.labels == digit][0, :, 2:5] for c in (clips, slow))
        loud = expected > 0.75
        np.testing.assert_allclose(fast[loud], expected[loud], atol=0.01)
    assert read_audiomnist(audiomnist / "data" / "01").spectrograms.shape == (80, 128, 24)


@pytest.mark.parametrize("split", [split_by_recording, split_by_speaker])
def test_splits_are_complete_and_disjoint(fsdd, split):
    clips = read_fsdd(fsdd)
    parts = split(clips)
    assert list(parts) == ["train", "validation", "test"]
    keys = [_origins(part) for part in parts.values()]
    assert len(set.union(*keys)) == sum(map(len, keys)) == len(clips)
    assert all(set(p.labels) == set(range(10)) for p in parts.values())


def test_split_by_recording_follows_the_authors(fsdd):
    parts = split_by_recording(read_fsdd(fsdd))
    assert set(parts["test"].repetitions) == {0, 1, 2, 3, 4}
    assert set(parts["validation"].repetitions) == {5, 6}
    assert set(parts["train"].repetitions) == {7}


def test_split_by_speaker_shares_no_speaker(fsdd):
    parts = split_by_speaker(read_fsdd(fsdd))
    assert {name: set(p.speakers) for name, p in parts.items()} == {
        "train": {"anna"},
        "validation": {"ben"},
        "test": {"cleo"},
    }


def test_two_speakers_are_too_few(fsdd):
    clips = read_fsdd(fsdd)
    with pytest.raises(ValueError, match=r"at least 3 speakers. Received: anna, ben"):
        split_by_speaker(clips.where(clips.speakers != "cleo"))


@pytest.mark.parametrize("name", ["x_ben_0.wav", "3_ben.wav", "13_ben_0.wav", "3_ben_a.wav"])
def test_names_that_do_not_fit_are_refused(fsdd, name):
    shutil.copy(fsdd / "recordings" / "3_ben_0.wav", fsdd / name)
    with pytest.raises(ValueError, match=rf"must be named .*wav. Received: '{name}'"):
        read_fsdd(fsdd)


def test_audiomnist_needs_its_folders(audiomnist):
    shutil.copy(audiomnist / "data" / "01" / "3_01_0.wav", audiomnist / "data" / "02")
    with pytest.raises(ValueError, match=r"3_01_0.wav` must lie in .* Received: folder '02'"):
        read_audiomnist(audiomnist)


def test_wrong_sample_rate_is_refused(audiomnist):
    with pytest.raises(ValueError, match=r"0_01_0.wav` must have 8000 .* Received: 48000"):
        read_fsdd(audiomnist)


@pytest.mark.parametrize("read", [read_fsdd, read_audiomnist])
def test_missing_and_empty_folders_are_named(tmp_path, read):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FileNotFoundError, match=f"{folder}` must be a folder of WAV files"):
            read(folder)


def test_upper_case_and_linked_folders_are_read(fsdd, tmp_path):
    """Half of the files have another suffix, and a speaker is behind a symbolic link."""
    expected = read_fsdd(fsdd)
    for path in sorted((fsdd / "recordings").glob("*_ben_*.wav"))[::2]:
        path.rename(path.with_suffix(".WAV"))
    (tmp_path / "other").mkdir()
    for path in (fsdd / "recordings").glob("*_cleo_*.wav"):
        path.rename(tmp_path / "other" / path.name)
    (fsdd / "cleo").symlink_to(tmp_path / "other", target_is_directory=True)
    assert _origins(read_fsdd(fsdd)) == _origins(expected)
    assert len(read_fsdd(fsdd)) == len(expected)


def test_each_folder_is_read_once(fsdd):
    (fsdd / "again").symlink_to(fsdd / "recordings", target_is_directory=True)
    (fsdd / "recordings" / "round").symlink_to(fsdd, target_is_directory=True)
    assert len(clip_files(fsdd)) == 240
    assert clip_files(fsdd)[0].parent == fsdd / "recordings"


def test_recordings_of_other_formats_are_told(fsdd):
    (fsdd / "README.md").write_text("text")
    assert len(clip_files(fsdd)) == 240
    for n in range(3):
        (fsdd / f"{n}_ben_0.FLAC").write_bytes(b"")
    (fsdd / "0_ben_0.mp3").write_bytes(b"")
    with pytest.warns(UserWarning, match=r"fsdd` has files that are not read: 3 .flac, 1 .mp3"):
        assert len(clip_files(fsdd)) == 240
