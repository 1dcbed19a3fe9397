# SPDX-License-Identifier: Apache-2.0
"""Small files of multimodal features in the published layouts."""

from __future__ import annotations

import json
import pickle

import h5py
import numpy as np

from sionna_semcom.datasets import FeatureSplit

COUNTS = {"train": 12, "valid": 4, "test": 6}
SHAPES = {"text": (5, 8), "audio": (9, 3), "vision": (7, 2)}
ALIGNED = {"text": (5, 8), "audio": (5, 3), "vision": (5, 2)}


def lengths_of(count, num_frames):
    """Lengths that cycle through 0 to T frames."""
    return np.arange(count) % (num_frames + 1)


def sequences(split, name, shape):
    """Sequences that are non-zero in valid frames, which come first, and their lengths."""
    count = COUNTS[split]
    draw = np.random.default_rng([count, *shape])
    values = draw.uniform(1, 2, (count, *shape)).astype(np.float32)
    lengths = lengths_of(count, shape[0])
    values[np.arange(shape[0]) >= lengths[:, None]] = 0
    return values, lengths


def scores(count):
    return np.linspace(-3, 3, count, dtype=np.float32)


def ids(split):
    """IDs of three clips per video. Names of videos contain underscores, as on YouTube."""
    return [f"{split}_v{row // 3}$_${row % 3}" for row in range(COUNTS[split])]


def mmsa(aligned):
    """``aligned_50.pkl`` or ``unaligned_50.pkl``."""
    content = {}
    for split, count in COUNTS.items():
        content[split] = one = {
            "raw_text": np.array([f"words of {row}" for row in range(count)], object),
            "id": ids(split),
            "annotations": ["Negative", "Positive"] * (count // 2),
            "regression_labels": scores(count),
            "classification_labels": np.arange(count, dtype=np.float64) % 3,
        }
        for name, shape in (ALIGNED if aligned else SHAPES).items():
            one[name], lengths = sequences(split, name, shape)
            if not aligned and name != "text":
                one[f"{name}_lengths"] = lengths.tolist()
        tokens = np.zeros((count, 3, 5), np.float32)
        tokens[:, 1] = np.arange(5) < lengths_of(count, 5)[:, None]
        one["text_bert"] = tokens
        one["text"][one["text"] == 0] = 0.25  # a transformer's output is not zero behind the mask
    return content


def multibench():
    """``mosi_data.pkl``: zero-padded in front, labels [n, 1, 1]."""
    content = {}
    for split, count in COUNTS.items():
        content[split] = {
            "labels": scores(count).reshape(count, 1, 1),
            "id": np.array([[f"{split}_v{r // 3}", str(r), str(r + 1)] for r in range(count)], "S"),
        }
        for name, shape in SHAPES.items():
            values, lengths = sequences(split, name, shape)
            padded = [np.roll(v, shape[0] - n, 0) for v, n in zip(values, lengths, strict=True)]
            content[split][name] = np.stack(padded)
    return content


def write_pickle(path, content, protocol=4):
    path.write_bytes(pickle.dumps(content, protocol))
    return path


def write_csd(path, data, root=None, metadata=None):
    """A computational sequence of ``{key: (intervals, features)}``, with the SDK's JSON strings."""
    with h5py.File(path, "w") as file:
        group = file.create_group(root or path.stem)
        for key, (intervals, features) in data.items():
            group[f"data/{key}/intervals"] = np.asarray(intervals, np.float64)
            group[f"data/{key}/features"] = features
        for name, value in {"root name": root, "computational sequence version": 1.0}.items():
            write_json(group, name, value)
        for name, value in (metadata or {}).items():
            write_json(group, name, value)
    return path


def write_json(group, name, value):
    dataset = group.create_dataset(f"metadata/{name}", (1,), dtype=h5py.string_dtype())
    dataset[0] = json.dumps(value)


def write_features(path, splits):
    """The HDF5 format of this package, written by h5py only."""
    with h5py.File(path, "w") as file:
        for name, columns in splits.items():
            for column, values in columns.items():
                file[f"{name}/{column}"] = values
    return path


def same(first, second):
    """Whether splits have equal values of equal types."""
    assert set(first) == set(second)
    for name, one in first.items():
        other = second[name]
        pairs = [(one.label, other.label), (one.id, other.id)]
        for part in ("features", "lengths", "others"):
            assert list(getattr(one, part)) == list(getattr(other, part)), part
            pairs += zip(getattr(one, part).values(), getattr(other, part).values(), strict=True)
        for mine, theirs in pairs:
            assert mine.dtype == theirs.dtype
            np.testing.assert_array_equal(mine, theirs)
    return True


def make_split(count, first=0, kind="regression"):
    """The first feature of ``text`` is the index of the sample. Audio has 0 to 5 frames."""
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
