# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from sionna_semcom.datasets import MultimodalFeatures
from sionna_semcom.datasets.features.computational_sequences import MOSEI_COLUMNS, read_csd

from .feature_files import write_csd
from .sequence_files import TIMES, WORDS, by_video, frames, read
from .sequence_files import files as files


def test_features_are_those_of_words(files):
    split = read(files)
    assert split.id.tolist() == [f"{v}$_${n}" for v in ("a_1", "b", "c-2") for n in (0, 1)]
    assert split.label.tolist() == [-3, 1.5] * 3
    assert split.others["raw_text"].tolist() == ["the film", "was good"] * 3
    assert split.shapes == {"text": (2, 2), "audio": (2, 3)}
    assert split.lengths["text"].tolist() == split.lengths["audio"].tolist() == [2] * 6
    np.testing.assert_allclose(split.features["text"][0], [[1, 10], [2, 20]])
    np.testing.assert_allclose(
        split.features["audio"][1], [[4.5, 5.5, 6.5], [5.5, 6.5, 7.5]], atol=1e-5
    )


def test_without_words_the_text_has_them(files):
    del files["words"]
    split = read(files)
    assert split.shapes == {"text": (4, 2), "audio": (4, 3)}
    assert split.lengths["audio"].tolist() == [3, 4] * 3  # with silences; 3 to 4 s is behind 3.2
    assert split.features["text"][0, :, 0].tolist() == [0, 1, 2, 0]
    assert "raw_text" not in split.others


def test_other_columns(files, tmp_path):
    assert read(files, column="happy").label.tolist() == [0, 3] * 3
    with pytest.raises(ValueError, match=r"labels.csd` has no column 'fear', only sentiment, hap"):
        read(files, column="fear")
    values = np.arange(14, dtype=np.float32).reshape(2, 7) % 3
    files["labels"] = write_csd(tmp_path / "mosei.csd", by_video([[0, 3], [3, 7]], values))
    assert len(MOSEI_COLUMNS) == 7
    assert read(files, column="disgust").label.tolist() == [values[0, 5], values[1, 5]] * 3
    files["labels"] = write_csd(tmp_path / "one.csd", by_video([[0, 3], [3, 7]], values[:, :1]))
    assert read(files).label.tolist() == [values[0, 0], values[1, 0]] * 3
    files["labels"] = write_csd(tmp_path / "two.csd", by_video([[0, 3], [3, 7]], values[:, :2]))
    with pytest.raises(ValueError, match=r"two.csd` has no column 'sentiment'"):
        read(files)


def test_keys_of_segments(files, tmp_path):
    """Files with keys video[segment]. Missing segments are taken from the video."""
    labels = {f"b[{n}]": ([[3 * n, 3 * n + 3]], [[float(n)]]) for n in (2, 0, 1)}
    files["labels"] = write_csd(tmp_path / "keyed.csd", labels)
    times, features = frames(0, 7, 0.5, 3)
    files["audio"] = write_csd(
        tmp_path / "keyed_audio.csd", {"b[1]": (times, features * 0 + 9), "b": (times, features)}
    )
    split = read(files)
    assert split.id.tolist() == ["b$_$0", "b$_$1", "b$_$2"]
    assert split.lengths["audio"].tolist() == [2, 2, 0]
    assert split.features["audio"][:, :, 0].tolist() == [[1.5, 2.5], [9, 9], [0, 0]]
    words = {"b[1]": ([[50, 51], [40, 41]], np.array([[b"later"], [b"now"]]))}
    files["words"] = write_csd(tmp_path / "keyed_words.csd", words)
    assert read(files).others["raw_text"].tolist() == ["", "now later", ""]  # in order of time


def test_what_is_missing(files, tmp_path):
    """A video without frames, a video without words, and words without frames have no features."""
    times, features = frames(0, 2, 0.5)
    files["audio"] = write_csd(tmp_path / "some.csd", {"b": (times, features)})
    files["words"] = write_csd(
        tmp_path / "some_words.csd", {v: (TIMES, np.array(WORDS, "S32")[:, None]) for v in "bd"}
    )
    split = read(files)
    assert split.lengths["text"].tolist() == [0, 0, 2, 2, 0, 0]
    assert split.lengths["audio"].tolist() == [0, 0, 2, 0, 0, 0]
    np.testing.assert_array_equal(split.features["audio"][2, :, 0], [1.5, np.nan])
    assert not split.features["audio"][[0, 1, 3, 4, 5]].any()


@pytest.mark.parametrize("missing", ["no frames", "no numbers"])
def test_videos_without_a_modality_do_not_distort_the_others(files, tmp_path, missing):
    """Frames of one of five videos have the value 100. Zeros of missing frames are outliers."""
    videos = [f"v{number}" for number in range(5)]
    draw = np.random.default_rng(1)
    times, _ = frames(0, 7, 0.2)
    audio = {v: (times, draw.normal(100, 8, (len(times), 2)).astype(np.float32)) for v in videos}
    for video in videos[1:4]:
        audio[video][1][:] = np.nan
    audio = {v: a for v, a in audio.items() if missing == "no numbers" or np.isfinite(a[1]).all()}
    words = {video: (TIMES, np.array(WORDS, "S32")[:, None]) for video in videos}
    text = {video: (TIMES, np.ones((7, 1))) for video in videos}
    labels = {video: ([[0, 3.2], [3.2, 7]], [[-1.0], [1.0]]) for video in videos}
    contents = {"words": words, "text": text, "audio": audio, "labels": labels}
    paths = {name: write_csd(tmp_path / f"{name}.csd", data) for name, data in contents.items()}
    split = read(paths)
    assert split.lengths["audio"].tolist() == [2, 2, 0, 0, 0, 0, 0, 0, 2, 2]
    data = MultimodalFeatures({"train": split, "test": split})
    there = data.arrays("train")["audio"][[0, 1, 8, 9], :2]
    np.testing.assert_allclose(there.std((0, 1)), 1, atol=1e-5)
    assert data.replaced["train"]["audio"] == 0


def test_frames_at_instants(files, tmp_path):
    times, features = frames(0, 7, 0.2, 3)
    middles = np.repeat(times.mean(1, keepdims=True), 2, 1)
    expected = read(files).features["audio"]
    files["audio"] = write_csd(tmp_path / "instants.csd", by_video(middles, features))
    np.testing.assert_allclose(read(files).features["audio"], expected, atol=1e-5)


def test_the_only_column_of_labels_needs_no_name(files, tmp_path):
    """As in ``CMU_MOSI_Opinion_Labels.csd``."""
    data = by_video([[0, 3.2], [3.2, 7]], [[-1.0], [2.0]])
    path = tmp_path / "CMU_MOSI_Opinion_Labels.csd"
    files["labels"] = write_csd(path, data, None, {"dimension names": ["sentiment score"]})
    for column in (None, "sentiment", "sentiment score", "Sentiment Score", "0"):
        assert read(files, column=column).label.tolist() == [-1, 2] * 3
    for column in ("happy", "1", "score of others"):
        with pytest.raises(ValueError, match=rf"no column '{column}', only sentiment score\."):
            read(files, column=column)
    for name in ("arousal", "sentiment_score"):
        files["labels"] = write_csd(path, data, None, {"dimension names": [name]})
        assert read(files).label.tolist() == [-1, 2] * 3


def test_columns_without_names_are_chosen_by_number(files, tmp_path):
    values = np.arange(12, dtype=np.float32).reshape(2, 6) / 4
    files["labels"] = write_csd(tmp_path / "emotions.csd", by_video([[0, 3], [3, 7]], values))
    message = r"no column 'happy', but 6 without names. .* by number from 0 to 5"
    with pytest.raises(ValueError, match=message):
        read(files, column="happy")
    with pytest.raises(ValueError, match=r"no column 'sentiment', but 6 without names"):
        read(files)
    assert read(files, column="4").label.tolist() == [1, 2.5] * 3
    names = {"dimension names": [f"emotion {n}" for n in range(6)]}
    path = write_csd(tmp_path / "emotions.csd", by_video([[0, 3], [3, 7]], values), None, names)
    files["labels"] = path
    with pytest.raises(ValueError, match=r"no column 'emotion', but 6 of that name"):
        read(files, column="emotion")
    assert read(files, column="emotion 4").label.tolist() == [1, 2.5] * 3


def test_no_word_at_all(files, tmp_path):
    files["words"] = write_csd(tmp_path / "none.csd", by_video(TIMES, np.array([["sp"]] * 7, "S2")))
    split = read(files)
    assert split.shapes == {"text": (1, 2), "audio": (1, 3)}
    assert not split.lengths["text"].any()


def test_long_segments_are_cut(files):
    split = read(files, max_words=1)
    assert split.shapes["text"] == (1, 2)
    assert split.others["raw_text"].tolist() == ["the", "was"] * 3
    assert split.notes == ["cut: 6 segments, to 1 words"]


def test_infinite_frames_are_left_out(files, tmp_path):
    times, features = frames(0, 7, 0.5)
    features[2], features[8:10] = -np.inf, np.nan
    files["audio"] = write_csd(tmp_path / "inf.csd", by_video(times, features))
    audio = read(files).features["audio"][..., 0]
    assert audio[0].tolist() == [1.75, 2.5]
    np.testing.assert_array_equal(audio[1], [np.nan, 5.5])


def test_the_form_of_files(files):
    data, metadata = read_csd(files["labels"])
    assert list(data) == [("a_1", None), ("b", None), ("c-2", None)]
    assert metadata["dimension names"] == ["sentiment", "happy"]
    assert metadata["root name"] == "Opinion Segment Labels"
    words, _ = read_csd(files["words"])
    assert words["b", None].features[:, 0].tolist() == WORDS
    assert words["b", None].intervals.dtype == np.float64
