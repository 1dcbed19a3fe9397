# SPDX-License-Identifier: Apache-2.0
"""Labels and other columns of an HDF5 file do not become modalities."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sionna_semcom.datasets import MultimodalFeatures, read_features
from sionna_semcom.datasets.features.names import is_label_like

from .feature_files import write_features

COUNT = 60
LABEL = np.random.default_rng(0).permutation(np.arange(COUNT) % 2)


def file(tmp_path, **others):
    draw = np.random.default_rng(1)
    one = {
        "text": draw.normal(size=(COUNT, 4)).astype(np.float32),
        "face": draw.normal(size=(COUNT, 5, 3)).astype(np.float32),
        "classification_labels": LABEL,
        "id": np.array([f"v{row}_0" for row in range(COUNT)], "S"),
        **others,
    }
    return write_features(tmp_path / "mine.h5", {"train": one, "test": one})


OTHERS = {
    "labels": LABEL[:, None].astype(np.float32),
    "label": LABEL.astype(float),
    "regression_labels_T": np.linspace(-1, 1, COUNT)[:, None],
    "classification_labels_A": LABEL[:, None].astype(float),
    "annotations": np.array([[b"Negative"], [b"Positive"]] * (COUNT // 2)),
    "target": np.stack([LABEL, 1 - LABEL], 1).astype(np.float32),
    "emotionScores": np.zeros((COUNT, 7)),
    "y_true": LABEL[:, None].astype(float),
    "sentiment": LABEL.astype(np.float32)[:, None],
    "speaker_id": np.zeros((COUNT, 1), int),
    "weight": np.ones(COUNT),
}


@pytest.mark.parametrize("name", OTHERS)
def test_labels_are_no_modality(tmp_path, name):
    """Only the label determines the class, so that a probe is at chance."""
    data = MultimodalFeatures.load(file(tmp_path, **{name: OTHERS[name]}))
    assert list(data.shapes) == ["text", "face"]
    assert data.splits["train"].notes == [f"ignored: {name}"]
    train = data.arrays("train")
    half = COUNT // 2
    probe = LogisticRegression(C=0.01).fit(train["text"][:half], train["label"][:half])
    assert probe.score(train["text"][half:], train["label"][half:]) < 0.75


AMBIGUOUS = {
    "counts": (np.ones((COUNT, 30), np.int64), r"counts \(60, 30\) \(int64\) may be a modality"),
    "flags": (np.ones((COUNT, 3), bool), r"flags .* may be a modality"),
    "emotion_embedding": (np.ones((COUNT, 128)), "emotion_embedding .* or labels"),
    "labels": (np.ones((COUNT, 5, 3)), "labels .* or labels"),
    "extra": (LABEL[:, None].astype(np.float32), "`extra` has classification_labels among"),
    "coded": (np.eye(2)[LABEL], "`coded` has classification_labels among"),
    "wave": (np.ones((COUNT, 30), complex), "wave .* may be a modality"),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_may_be_either_is_refused_with_what_to_do(tmp_path, name):
    values, message = AMBIGUOUS[name]
    path = file(tmp_path, **{name: values})
    with pytest.raises(ValueError, match=rf"mine.h5`.*: train: {message}.*`modalities`"):
        MultimodalFeatures.load(path)
    chosen = MultimodalFeatures.load(path, modalities=["face", "text"])
    assert list(chosen.shapes) == ["face", "text"]
    assert list(read_features([path], modalities=["text"]).shapes) == ["text"]


def test_numbers_of_any_type_are_read_where_they_are_named(tmp_path):
    counts = np.random.default_rng(2).integers(0, 200, (COUNT, 30)).astype(np.uint8)
    labels = LABEL[:, None].astype(np.float32)
    embedding = np.ones((COUNT, 128))
    path = file(tmp_path, counts=counts, emotion_embedding=embedding, labels=labels)
    data = MultimodalFeatures.load(path, modalities=["counts", "emotion_embedding"])
    np.testing.assert_array_equal(data.splits["train"].features["counts"], counts)
    with pytest.raises(
        ValueError, match=r"`modalities` must be some of text, counts, emotion_.*: none_of_them"
    ):
        MultimodalFeatures.load(path, modalities=["none_of_them"])


@pytest.mark.parametrize("dtype", [np.float16, np.int16, np.uint8])
def test_usual_modalities_may_have_any_type(tmp_path, dtype):
    audio = np.arange(COUNT * 3).reshape(COUNT, 3).astype(dtype)
    train = MultimodalFeatures.load(file(tmp_path, audio=audio)).splits["train"]
    np.testing.assert_array_equal(train.features["audio"], audio)


def test_complex_features_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"`audio` must be .* real ones. Received: complex64"):
        MultimodalFeatures.load(file(tmp_path, audio=np.ones((COUNT, 3), np.complex64)))


@pytest.mark.parametrize("name", ["face_length", "face_len", "face_lens"])
def test_lengths_under_another_name_are_not_overlooked(tmp_path, name):
    path = file(tmp_path, **{name: np.ones(COUNT, int)})
    with pytest.raises(ValueError, match=f"it must call lengths face_lengths, not {name}"):
        MultimodalFeatures.load(path)


@pytest.mark.parametrize("name", ["mylabels", "class_token_free", "video", "yaw", "acoustic"])
def test_words_decide(name):
    assert is_label_like(name) is (name == "class_token_free")


def test_long_names_give_short_messages(tmp_path):
    with pytest.raises(ValueError, match="name of at most 64 characters") as error:
        MultimodalFeatures.load(file(tmp_path, **{"x" * 30_000: np.ones((COUNT, 3))}))
    assert len(str(error.value)) < 600
