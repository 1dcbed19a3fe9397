# SPDX-License-Identifier: Apache-2.0
import sys

import numpy as np
import pytest

from sionna_semcom.semantics import h264_decode, h264_encode, h264_fit


@pytest.fixture(scope="module")
def frames():
    """Ten gray frames [48, 64] of waves that move."""
    y, x = np.mgrid[:48, :64]
    waves = [127 + 60 * np.sin((x + 2 * t) / 7) + 60 * np.cos((y - t) / 9) for t in range(10)]
    gray = np.stack(waves).round().clip(0, 255).astype(np.uint8)
    return np.repeat(gray[..., np.newaxis], 3, -1)


def _mse(frames, data):
    return np.mean((frames.astype(float) - h264_decode(data)) ** 2)


def test_all_frames_come_back_in_order(frames):
    decoded = h264_decode(h264_encode(frames, crf=10))
    assert decoded.shape == frames.shape and decoded.dtype == np.uint8
    errors = [[np.mean((a.astype(float) - b) ** 2) for b in decoded] for a in frames]
    np.testing.assert_array_equal(np.argmin(errors, 1), np.arange(10))
    assert np.max(np.diag(errors)) < 4  # 42 dB


def test_a_coarser_stream_is_shorter_and_worse(frames):
    streams = [h264_encode(frames, crf) for crf in (0, 20, 35, 51)]
    assert np.all(np.diff([len(stream) for stream in streams]) < 0)
    assert np.all(np.diff([_mse(frames, stream) for stream in streams]) > 0)


def test_motion_costs_less_than_frames_each_on_its_own(frames):
    alone = sum(len(h264_encode(frames[i : i + 1], 20)) for i in range(10))
    assert len(h264_encode(frames, 20)) < 0.6 * alone


def test_a_stream_holds_no_note_of_its_encoder(frames):
    assert b"x264" not in h264_encode(frames)


def test_the_same_frames_give_the_same_stream(frames):
    assert h264_encode(frames) == h264_encode(frames)


@pytest.mark.parametrize("num_bits", [4000, 8000, 20_000])
def test_the_finest_stream_that_fits_is_found(frames, num_bits):
    stream = h264_fit(frames, num_bits)
    assert 8 * len(stream.data) <= num_bits
    assert 8 * len(h264_encode(frames, stream.crf - 1)) > num_bits
    assert stream.data == h264_encode(frames, stream.crf)


def test_a_budget_for_all_and_one_for_nothing(frames):
    assert h264_fit(frames, 10**7).crf == 0
    assert h264_fit(frames, 8 * len(h264_encode(frames, 51)) - 1) is None
    assert h264_fit(frames, 50) is None


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros([2, 15, 16, 3], np.uint8),
        np.zeros([2, 16, 16], np.uint8),
        np.zeros([2, 16, 16, 4], np.uint8),
        np.zeros([0, 16, 16, 3], np.uint8),
        np.zeros([2, 16, 16, 3], np.float32),
    ],
)
def test_what_is_no_frames_is_refused(wrong):
    with pytest.raises(ValueError, match=r"`frames` must be uint8 .* Received: "):
        h264_encode(wrong)


def test_a_rate_out_of_range_is_refused(frames):
    with pytest.raises(ValueError, match=r"`crf` must lie in \[0, 51\].*Received: 52 and 25"):
        h264_encode(frames, crf=52)


@pytest.mark.parametrize("data", [b"", b"abc", bytes(500)])
def test_what_is_no_stream_is_refused(data):
    with pytest.raises(ValueError, match=r"`data` must be an H.264 stream"):
        h264_decode(data)


def test_what_to_install_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'sionna-semcom\[video\]'"):
        h264_decode(b"")
