# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from sionna_semcom.datasets import FeatureSplit
from sionna_semcom.datasets.features.split import hold_out, video_of

SIGNAL = np.full(6, 0x7FA00000, np.uint32).view(np.float32)  # NaN at which processors complain


def parts(**changes):
    """Six samples of two modalities; audio has 0 to 3 frames."""
    audio = np.ones((6, 3, 2), np.float32)
    lengths = np.arange(6) % 4
    audio[np.arange(3) >= lengths[:, None]] = 0
    usual = {
        "features": {"text": np.arange(24.0).reshape(6, 4), "audio": audio},
        "lengths": {"audio": lengths},
        "label": np.linspace(-3, 3, 6),
        "id": [f"v_{row // 2}_{row}" for row in range(6)],
        "others": {"classification_labels": [0.0, 1.0] * 3, "raw_text": [b"a", "b"] * 3},
    }
    return {**usual, **changes}


def test_what_is_given_is_converted():
    split = FeatureSplit(**parts())
    assert split.features["text"].dtype == split.label.dtype == np.float32
    assert split.lengths["audio"].dtype == split.others["classification_labels"].dtype == np.int32
    assert split.others["raw_text"].tolist() == ["a", "b"] * 3
    assert split.shapes == {"text": (4,), "audio": (3, 2)}
    assert split.kind == "regression"
    assert FeatureSplit(**parts(label=np.arange(6, dtype=np.uint8))).kind == "classification"


def test_infinite_values_and_nan_are_kept():
    text = np.full((6, 4), np.nan)
    text[0, 0], text[1, 1] = -np.inf, 1e300
    split = FeatureSplit(**parts(features={"text": text}, lengths={}))
    assert split.features["text"][0, 0] == -np.inf
    assert split.features["text"][1, 1] == np.inf
    assert np.isnan(split.features["text"]).sum() == 22


def test_samples_and_modalities_are_chosen_together():
    split = FeatureSplit(**parts())[np.array([4, 1])].select(["audio"])
    assert split.id.tolist() == ["v_2_4", "v_0_1"]
    assert split.lengths["audio"].tolist() == [0, 1]
    assert split.others["classification_labels"].tolist() == [0, 1]
    assert split.shapes == {"audio": (3, 2)}


@pytest.mark.parametrize(
    ("modalities", "received"),
    [(["video"], "video"), ([], "none"), (["text", "text"], "text, text")],
)
def test_modalities_that_are_not_there_are_refused(modalities, received):
    with pytest.raises(ValueError, match=rf"some of text, audio, each once. Received: {received}"):
        FeatureSplit(**parts()).select(modalities)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": {}, "lengths": {}}, "must have a modality and a sample. Received: 0 mod"),
        ({"label": []}, "must have a modality and a sample. Received: 2 modalities, 0 samples"),
        ({"label": np.zeros(5)}, "as many samples. Received: label 5, id 6, text 6"),
        ({"id": ["a"] * 7}, "as many samples. Received: label 6, id 7"),
        ({"id": list(range(6))}, r"`id` must be strings \[n\]. Received: int"),
        ({"id": [["a"]] * 6}, r"`id` must be strings \[n\]. Received: shape \(6, 1\)"),
        ({"others": {"raw_text": ["a"]}}, "as many samples. Received: .* raw_text 1"),
        ({"others": {"emotion": ["a"] * 6}}, "`others` must be some of regression_labels, .*emot"),
        ({"label": np.full(6, 3.5)}, r"`label` must be scores \[n\] in \[-3, 3\]. Received: 3.5"),
        ({"label": np.full(6, 1e300)}, r"scores .* Received: 1e\+300"),
        ({"label": np.full(6, np.nan)}, r"scores \[n\] in \[-3, 3\]. Received: nan"),
        ({"label": np.zeros((6, 1))}, r"scores \[n\] in \[-3, 3\]. Received: shape \(6, 1\)"),
        ({"label": np.arange(6) - 1}, "`label` must be classes, whole numbers from 0 on.*d: -1"),
        ({"label": np.zeros((6, 1), int)}, r"classes \[n\]. Received: shape \(6, 1\)"),
        ({"others": {"classification_labels": SIGNAL}}, "whole numbers from 0 on. Received: nan"),
        ({"lengths": {"audio": SIGNAL}}, r"`audio_lengths` must be whole .* Received: nan"),
        ({"label": np.full(6, 2**32 + 1)}, "whole numbers from 0 on below 1048576.*d: 4294967297"),
        ({"label": np.full(6, 2**63, np.uint64)}, "whole numbers from 0 on below .*d: 92233720368"),
        (
            {"others": {"regression_labels": np.full(6, -128, np.int8)}},
            r"in \[-3, 3\]. Received: -128",
        ),
        ({"label": np.zeros(6, complex)}, "`label` must be .* real ones. Received: complex128"),
        ({"features": {"text": np.ones((6, 2), complex)}}, "`text` .* real ones.*d: complex128"),
        ({"features": {"text": np.array([[1.0]] * 6, object)}}, "`text` must be .*: object"),
        ({"label": SIGNAL}, r"scores \[n\] in \[-3, 3\]. Received: nan"),
        ({"label": ["happy"] * 6}, "`label` must be an array of numbers. Received: <U5"),
        (
            {"others": {"classification_labels": [0.5] * 6}},
            "`classification_labels` must be classes, whole numbers from 0 on. Received: 0.5",
        ),
        (
            {"others": {"regression_labels": [-4] * 6}},
            r"`regression_labels` must be scores \[n\] in \[-3, 3\]. Received: -4",
        ),
        ({"features": {"text": np.zeros(6)}}, r"`text` must be \[n, D\] or \[n, T, D\].*\(6,\)"),
        ({"features": {"text": np.zeros((6, 0))}}, r"`text` must be .* Received: \(6, 0\)"),
        ({"features": {"text": [["a"]] * 6}}, "`text` must be an array of numbers. Received: <U1"),
        ({"features": {"text": [[1], [1, 2]]}}, "`text` must be an array of numbers"),
        ({"features": {"label": np.zeros((6, 1))}}, "name of its own. Received: 'label'"),
        ({"features": {"a_length": np.zeros((6, 1))}}, "name of its own. Received: 'a_length'"),
        ({"features": {"a/b": np.zeros((6, 1))}}, "name of its own. Received: 'a/b'"),
        ({"lengths": {}}, r"`lengths` must .* sequences \(audio\). Received: none"),
        ({"lengths": {"audio": [0] * 6, "text": [1] * 6}}, "`lengths` must .* Received: audio, te"),
        ({"lengths": {"audio": [0] * 5}}, r"`audio_lengths` must be one .* 6 samples.*\(5,\)"),
        ({"lengths": {"audio": [4] * 6}}, "`audio_lengths` must be .* 0 to 3, .* Received: 4"),
        ({"lengths": {"audio": [-1] * 6}}, "`audio_lengths` must be .* Received: -1"),
        ({"lengths": {"audio": [0.5] * 6}}, "`audio_lengths` must be whole .* Received: 0.5"),
        ({"lengths": {"audio": [0] * 6}}, "`audio` must be zero after its real frames"),
    ],
)
def test_what_does_not_belong_together_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        FeatureSplit(**parts(**changes))


@pytest.mark.parametrize(
    ("name", "video"),
    [
        ("03bSnISJMiM_12", "03bSnISJMiM"),
        ("_dI--eQ6qVU_1", "_dI--eQ6qVU"),
        ("a_b$_$3", "a_b"),
        ("a_b$_$0.5_3.2", "a_b"),
        ("video", "video"),
        ("_1", "_1"),
    ],
)
def test_videos_of_samples(name, video):
    assert video_of(name) == video


@pytest.mark.parametrize(("share", "count"), [(0.01, 1), (0.4, 1), (0.5, 2), (0.7, 2)])
def test_whole_videos_are_kept_apart(share, count):
    split = FeatureSplit(**parts())
    kept = [hold_out(split, share, seed) for seed in range(8)]
    for train, held in kept:
        videos = [{video_of(name) for name in part.id} for part in (train, held)]
        assert not videos[0] & videos[1]
        assert len(videos[1]) == count
        assert sorted([*train.id, *held.id]) == sorted(split.id)
    assert len({tuple(held.id) for _, held in kept}) > 1
    assert hold_out(split, share, 3)[1].id.tolist() == kept[3][1].id.tolist()


@pytest.mark.parametrize("share", [0.0, 0.9, 1.0, -1.0, float("nan")])
def test_a_share_that_leaves_nothing_is_refused(share):
    with pytest.raises(ValueError, match=f"must leave one of 3 videos. Received: {share}"):
        hold_out(FeatureSplit(**parts()), share, 0)
