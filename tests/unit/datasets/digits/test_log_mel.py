# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy.signal import get_window

from sionna_semcom.datasets import LogMel

SETTINGS = [LogMel.speech_8khz(), LogMel(), LogMel(num_mels=20, fmin=100, range_db=40)]


def _mel(frequency):
    return 1127 * np.log1p(np.asarray(frequency) / 700)


def _plain(waveform, s):
    """Reference by definition, frame by frame in double precision."""
    side = (s.n_fft - s.hop) // 2
    fitted = np.zeros(s.num_samples)
    fitted[: len(waveform)] = waveform[: s.num_samples]
    padded = np.pad(fitted, side)
    window = get_window("hann", s.n_fft)
    frames = [padded[t * s.hop : t * s.hop + s.n_fft] * window for t in range(s.num_frames)]
    power = np.abs(np.fft.rfft(frames)) ** 2
    bins = _mel(np.fft.rfftfreq(s.n_fft, 1 / s.sample_rate))
    edges = np.linspace(_mel(s.fmin), _mel(s.fmax), s.num_mels + 2)
    width = edges[1] - edges[0]
    filters = np.maximum(0, 1 - np.abs(bins[:, None] - edges[1:-1]) / width)
    filters[0] = 0  # TensorFlow leaves the zero frequency out
    mel = (power @ filters).T
    decibels = 10 * np.log10(np.maximum(mel / mel.max(), 10 ** (-s.range_db / 10)))
    return 1 + decibels / s.range_db


@pytest.fixture
def waveform():
    rng = np.random.default_rng(1)
    time = np.arange(20000) / 8000
    chirp = np.sin(2 * np.pi * (200 + 400 * time) * time) * np.exp(-2 * time)
    return (chirp + 1e-3 * rng.normal(size=time.shape)).astype(np.float32)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("length", [1000, 8192, 20000])
def test_equals_its_definition(waveform, settings, length):
    got = settings(waveform[:length])
    assert got.dtype == tf.float32
    assert got.shape == settings.shape
    np.testing.assert_allclose(got, _plain(waveform[:length], settings), atol=2e-3)


def test_settings_of_the_paper_and_of_speech():
    paper, speech = LogMel(), LogMel.speech_8khz()
    assert (paper.num_mels, paper.fmax, paper.hop, paper.n_fft) == (128, 8000, 512, 2048)
    assert (speech.shape, speech.num_samples, speech.fmax) == ((64, 32), 8192, 4000)


def test_batches_and_graphs_give_the_same(waveform):
    log_mel = LogMel.speech_8khz()
    single = log_mel(waveform)
    batch = tf.function(log_mel)(np.stack([[waveform, 0.5 * waveform]] * 3))
    assert batch.shape == (3, 2, 64, 32)
    np.testing.assert_allclose(batch, np.broadcast_to(single, batch.shape), atol=1e-5)


def test_values_lie_between_silence_and_the_maximum(waveform):
    log_mel = LogMel.speech_8khz()
    values = log_mel(waveform[:3000]).numpy()
    assert values.min() == 0.0
    assert values.max() == 1.0
    assert not values[:, 14:].any()
    np.testing.assert_array_equal(log_mel(np.zeros(3000)), np.zeros((64, 32)))


@pytest.mark.parametrize("frequency", [250.0, 1000.0, 3000.0])
def test_a_tone_lies_in_its_band(frequency):
    log_mel = LogMel.speech_8khz()
    values = log_mel(np.sin(2 * np.pi * frequency * np.arange(8192) / 8000)).numpy()
    centers = np.linspace(_mel(0), _mel(4000), 66)[1:-1]
    assert abs(values[:, 16].argmax() - np.abs(centers - _mel(frequency)).argmin()) <= 1


def test_clips_of_different_lengths(waveform):
    log_mel = LogMel.speech_8khz()
    clips = [waveform[: 500 + 40 * i] for i in range(300)]
    got = log_mel.of_clips(iter(clips))
    assert got.shape == (300, 64, 32)
    for i in (0, 255, 256, 299):
        np.testing.assert_allclose(got[i], log_mel(clips[i]), atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fmax": 9000}, "`fmax` must lie .* Received: fmin=0.0, fmax=9000.0, sample_rate=16000"),
        ({"fmin": 8000}, "`fmax` must lie above `fmin`"),
        ({"hop": 4096}, "`hop` must not exceed `n_fft` .* Received: hop=4096, n_fft=2048"),
        ({"hop": 511}, "by an even number. Received: hop=511, n_fft=2048"),
        ({"num_mels": 600}, "every band to hold an FFT bin. Received: num_mels=600, n_fft=2048"),
        ({"num_frames": 0}, "num_frames"),
        ({"n_mels": 64}, "n_mels"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        LogMel(**settings)
