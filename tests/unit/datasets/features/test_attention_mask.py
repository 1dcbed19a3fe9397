# SPDX-License-Identifier: Apache-2.0
"""Detection of valid text frames in MMSA files, for any order of the token rows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sionna_semcom.datasets import read_mmsa
from sionna_semcom.datasets.features.attention_mask import attention_mask

from .feature_files import ids, mmsa, scores, write_pickle

COUNT, FRAMES = 12, 9
LENGTHS = 2 + np.arange(COUNT) % 7


def masks(side):
    """Valid tokens at the end, at the start, in the middle, each with a gap, or everywhere."""
    frames = np.arange(FRAMES)
    starts = {"front": FRAMES - LENGTHS, "both": (FRAMES - LENGTHS) // 2}.get(side, 0 * LENGTHS)
    mask = (frames >= starts[:, None]) & (frames < (starts + LENGTHS)[:, None])
    if side == "hole":
        mask[LENGTHS > 2, 1] = False
    return np.ones_like(mask) if side == "none" else mask


def rows(mask, segments):
    draw = np.random.default_rng(1)
    numbers = np.where(mask, draw.integers(1000, 30000, mask.shape), 0)
    if segments == "pairs":  # the second sentence is what follows the second token
        second = np.cumsum(mask, 1) > 2
        return numbers, mask, mask & second
    return numbers, mask, np.full_like(mask, segments == "ones")


ORDERS = {"ids mask types": (0, 1, 2), "ids types mask": (0, 2, 1), "mask ids types": (1, 0, 2)}


@pytest.mark.parametrize("segments", ["zeros", "pairs", "ones"])
@pytest.mark.parametrize("side", ["end", "front", "both", "hole", "none"])
def test_the_mask_is_found_in_any_order(side, segments):
    mask = masks(side)
    for order, dtype in itertools.product(itertools.permutations(range(3)), (np.float32, int)):
        tokens = np.stack([rows(mask, segments)[row] for row in order], 1).astype(dtype)
        np.testing.assert_array_equal(attention_mask(tokens, "text_bert"), mask)
        last = tokens.transpose(0, 2, 1)
        np.testing.assert_array_equal(attention_mask(last, "text_bert"), mask)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("side", ["end", "front", "both", "hole"])
def test_frames_of_the_mask_are_those_of_the_text(tmp_path, side, order):
    """Text is non-zero everywhere, as for transformers; audio is zero outside of the tokens."""
    mask = masks(side)
    draw = np.random.default_rng(2)
    text = draw.uniform(1, 2, (COUNT, FRAMES, 4)).astype(np.float32)
    audio = np.where(mask[..., None], draw.uniform(1, 2, (COUNT, FRAMES, 2)), 0)
    audio[:, :, :] *= np.cumsum(mask, 1)[..., None] != 1  # the first word has no sound
    tokens = np.stack([rows(mask, "zeros")[row] for row in ORDERS[order]], 1)
    one = {"text": text, "audio": audio, "text_bert": tokens, "id": ids("train")}
    one["regression_labels"] = scores(COUNT)
    split = read_mmsa(write_pickle(tmp_path / "data.pkl", {"train": one, "test": one}))["train"]
    for name, values in (("text", text), ("audio", audio)):
        np.testing.assert_array_equal(split.lengths[name], mask.sum(1))
        for row in range(COUNT):
            real = values[row, mask[row]]
            np.testing.assert_allclose(split.features[name][row, : len(real)], real, rtol=1e-6)
            assert not split.features[name][row, len(real) :].any()


def test_two_rows_are_numbers_and_mask():
    numbers, mask, _ = rows(masks("front"), "zeros")
    np.testing.assert_array_equal(attention_mask(np.stack([numbers, mask], 1), "t"), mask)


WRONG = {
    "no mask": lambda n, m, t: np.stack([n, n, n], 1),
    "nothing is real": lambda n, m, t: np.stack([n, 0 * m, 0 * m], 1),
    "segments only": lambda n, m, t: np.stack([n + 1000, np.cumsum(m, 1) > 2], 1),
    "two masks": lambda n, m, t: np.stack([n + 1000 * m, m, m[:, ::-1]], 1),
    "one row": lambda n, m, t: n[:, None],
    "complex": lambda n, m, t: np.stack([n, m, t], 1).astype(complex),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_cannot_be_told_is_refused(kind):
    draw = np.random.default_rng(1)
    numbers, mask, segments = rows(masks("end"), "zeros")
    if kind == "two masks":
        numbers = draw.integers(5, 99, mask.shape)
    with pytest.raises(ValueError, match=r"`text_bert` must be .*Received: "):
        attention_mask(WRONG[kind](numbers, mask, segments), "text_bert")


def test_a_text_of_other_length_needs_a_mask_that_begins_with_tokens(tmp_path):
    content = mmsa(True)
    longer = np.pad(content["train"]["text_bert"], ((0, 0), (0, 0), (0, 4)))
    content["train"]["text_bert"] = longer
    split = read_mmsa(write_pickle(tmp_path / "data.pkl", content))["train"]
    np.testing.assert_array_equal(split.lengths["text"], longer[:, 1].sum(1))
    content["train"]["text_bert"] = longer[..., ::-1]
    with pytest.raises(ValueError, match=r"train: `text_bert` must have a mask for the frames"):
        read_mmsa(write_pickle(tmp_path / "data.pkl", content))
