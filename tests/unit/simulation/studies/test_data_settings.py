# SPDX-License-Identifier: Apache-2.0
"""Multimodal features in studies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sionna_semcom.datasets import FeatureSplit, MultimodalFeatures, generated_features
from sionna_semcom.datasets.digits.digits import MODALITIES as DIGITS
from sionna_semcom.datasets.features.split import MODALITIES
from sionna_semcom.datasets.latents import LATENTS
from sionna_semcom.datasets.settings import DATASETS


def settings(**document: Any):
    return DATASETS.settings(document)


@pytest.fixture
def mosi(tmp_path):
    """A file with the format of CMU-MOSI, with labels of both kinds."""

    def split(count):
        features = {name: np.eye(count, 3 + n) for n, name in enumerate(MODALITIES)}
        others = {"classification_labels": np.arange(count) % 2}
        names = [f"v{row // 2}_{row}" for row in range(count)]
        return FeatureSplit(features, {}, np.linspace(-3, 3, count), names, others)

    path = tmp_path / "mosi" / "mosi_utterance.h5"
    MultimodalFeatures({"train": split(12), "test": split(4)}).save(path)
    return path


def test_a_file_of_features(mosi):
    data = settings(kind="features", path=str(mosi)).load()
    assert data.shapes == {"text": (3,), "audio": (4,), "vision": (5,)}
    assert data.num_classes == 0
    assert set(data.splits) == {"train", "test"}
    some = settings(
        kind="features",
        path=str(mosi),
        modalities=["vision", "text"],
        label="classification",
        holdout=0.5,
    )
    assert some.modalities == ("vision", "text")
    data = some.load()
    assert list(data.shapes) == ["vision", "text"]
    assert data.num_classes == 2
    assert len(data.splits["validation"]) == 6


def test_mosi(mosi, tmp_path, monkeypatch):
    monkeypatch.delenv("SIONNA_SEMCOM_DATA", raising=False)
    data = settings(kind="mosi", root=str(tmp_path), holdout=0.2).load()
    assert data.num_classes == 2
    assert [len(split) for split in data.splits.values()] == [10, 2, 4]
    assert settings(kind="mosi").holdout == 0
    mosi.rename(mosi.with_name("mosi_scores.h5"))
    scores = settings(kind="mosi", root=str(tmp_path), label="regression").load()
    assert scores.num_classes == 0
    np.testing.assert_allclose(scores.splits["test"].label, np.linspace(-3, 3, 4))
    mosi.with_name("mosi_scores.h5").rename(mosi)
    with pytest.raises(FileNotFoundError, match=r"Data 'mosi' need a folder: set data\.root"):
        settings(kind="mosi").load()
    monkeypatch.setenv("SIONNA_SEMCOM_DATA", str(tmp_path))
    assert settings(kind="mosi", modalities=["text"]).load().shapes == {"text": (3,)}


def test_generated_features():
    data = settings(kind="generated_features", num_train=30, num_test=20, seed=5).load()
    expected = generated_features(30, 1000, 20, seed=5)
    for split in expected.splits:
        for name, values in expected.arrays(split).items():
            np.testing.assert_array_equal(data.arrays(split)[name], values)
    text = settings(kind="generated_features", num_train=30, modalities=["text"]).load()
    assert set(text.shapes) == {"text"}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"kind": "mosi", "holdout": 1.0}, "less than 1"),
        ({"kind": "mosi", "modalities": []}, "at least 1 item"),
        ({"kind": "builtin", "modalities": ["smell"]}, "'image', 'audio' or 'text'"),
        ({"kind": "mosi", "modalities": ["text", "text"]}, "must differ. Received: text, text"),
        ({"kind": "features"}, "path"),
        ({"kind": "features", "path": "x", "label": "score"}, "'regression' or 'classification'"),
        ({"kind": "generated_features", "num_test": 0}, "greater than 0"),
        ({"kind": "generated_features", "noise": "nan"}, "noise"),
        ({"kind": "generated_features", "dims": [1, 2, 3]}, "dims"),
    ],
)
def test_wrong_settings_are_refused(document, message):
    with pytest.raises(ValueError, match=message):
        settings(**document)


def test_what_kinds_of_data_usually_have():
    found = {kind: settings.default_modalities() for kind, settings in DATASETS.items()}
    assert found["builtin"] == DIGITS
    assert found["latents"] == LATENTS
    assert found["features"] == found["mosi"] == found["generated_features"] == MODALITIES


def test_pictures_are_kept_where_the_user_keeps_caches(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    few = {"num_train": 6, "num_validation": 3, "num_test": 3, "num_probing": 4}
    data = settings(kind="trifeature", question="synergy", **few).load()
    assert data.shapes == {"image_1": (32, 32, 3), "image_2": (32, 32, 3)}
    assert len(list((tmp_path / "caches" / "sionna_semcom").iterdir())) == 1
    settings(kind="trifeature", size=16, cache=tmp_path / "own", **few).load()
    assert len(list((tmp_path / "own").iterdir())) == 1
