# SPDX-License-Identifier: Apache-2.0
"""Table and notes on multimodal features."""

from __future__ import annotations

import io

import numpy as np
from rich.console import Console

from sionna_semcom.cli.features_table import features_notes, features_table
from sionna_semcom.datasets import FeatureSplit, MultimodalFeatures


def split(prefix, count, notes=()):
    draw = np.random.default_rng(count)
    audio = draw.uniform(1, 2, (count, 6, 2)).astype(np.float32)
    lengths = np.arange(count) % 5
    audio[np.arange(6) >= lengths[:, None]] = 0
    audio[1, 0, 0], audio[2, 1, 1] = np.nan, -np.inf
    text = draw.normal(size=(count, 4)).astype(np.float32)
    text[0], text[1], text[2, 3] = 0, np.nan, 3e38
    names = [f"{prefix}{row // 2}_{row}" for row in range(count)]
    features = {"text": text, "audio": audio}
    return FeatureSplit(
        features, {"audio": lengths}, np.linspace(-3, 3, count), names, {}, list(notes)
    )


def lines_of(*what):
    out = io.StringIO()
    Console(file=out, width=80).print(*what, sep="\n")
    return [" ".join(line.split()) for line in out.getvalue().splitlines()]


def test_lengths_missing_samples_and_replaced_values_are_shown():
    data = MultimodalFeatures({"train": split("a", 10), "test": split("b", 4)})
    lines = lines_of(features_table(data, "Features"))
    for line in (
        "samples 10 4",
        "videos 5 2",
        "text 4 4",
        "audio 6 x 2 6 x 2",
        "scores -3 to 3 -3 to 3",
        "frames of audio, mean 2.0 1.5",
        "frames of audio, most 4 3",
        "without text 2 2",
        "without audio 2 1",
        "replaced in text 5 5",
        "replaced in audio 2 2",
    ):
        assert line in lines
    assert not features_notes(data)


def test_notes_say_what_was_ignored_and_where():
    first, second = "ignored: annotations", "read from 'dev'"
    splits = {
        "train": split("a", 10, [first]),
        "validation": split("b", 4, [second, first]),
        "test": split("c", 4, [first]),
    }
    told = lines_of(*features_notes(MultimodalFeatures(splits)))
    assert told == ["Ignored: annotations", "Validation: read from 'dev'"]


def test_videos_of_two_splits_and_repeated_names_are_told():
    repeated = split("b", 4)
    repeated.id[:] = "b0_0"
    splits = {"train": split("a", 10), "validation": repeated, "test": split("a", 4)}
    told = lines_of(*features_notes(MultimodalFeatures(splits)))
    assert told == [
        "Validation: 3 of 4 ids are repeated",
        "Test: 2 of 2 videos are also in an earlier split",
    ]
