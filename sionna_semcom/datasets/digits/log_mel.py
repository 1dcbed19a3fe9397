# SPDX-License-Identifier: Apache-2.0
"""Log-mel spectrograms scaled to [0, 1]."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import islice

import numpy as np
import tensorflow as tf
from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from ..._parts import Settings

_CLIPS_AT_ONCE = 256  # limits the memory for waveforms and Fourier transforms


class LogMel(Settings):
    r"""Log-mel spectrogram of waveforms, relative to the maximum of each clip.

    With :math:`P_{m,t} = \sum_f M_{m,f} |X_{f,t}|^2`, where :math:`X` is the short-time Fourier
    transform under a periodic Hann window of length ``n_fft`` and :math:`M` the triangular mel
    filters of :func:`tf.signal.linear_to_mel_weight_matrix`,

    .. math:: S_{m,t} = 1 + \frac{1}{R} \max\left(-R,\;
              10 \log_{10} \frac{P_{m,t}}{\max_{m',t'} P_{m',t'}}\right)

    where :math:`R` is ``range_db``. Silence is mapped to zeros. Frame :math:`t` is centered on
    samples ``t * hop`` to ``(t + 1) * hop``, so that ``num_frames`` frames cover ``num_frames *
    hop`` samples. Longer clips are truncated, and shorter clips are padded with zeros.

    The defaults are from Grassucci et al., *Contrastive Learning Enables Low-Bandwidth Semantic
    Communication*: 128 bands up to 8 kHz, hop 512, FFT length 2048. The paper does not specify
    sample rate and duration. 24 frames reproduce the ratios TTI/TOI of its table 1, and 8 kHz is
    the full bandwidth at 16 kHz.

    Input
    -----
    waveforms : [..., num_samples], `float32`
        Waveforms at ``sample_rate``

    Output
    ------
    : [..., num_mels, num_frames], `float32`
        Spectrograms in [0, 1]

    Raises
    ------
    ValueError
        If a setting is invalid, or a band is so narrow that it is empty
    """

    sample_rate: PositiveInt = 16000
    """Samples per second"""

    num_mels: PositiveInt = 128
    """Number of mel bands"""

    fmin: float = Field(0.0, ge=0)
    """Lower edge of the first band in Hz"""

    fmax: PositiveFloat = 8000.0
    """Upper edge of the last band in Hz"""

    n_fft: PositiveInt = 2048
    """Length of window and FFT in samples"""

    hop: PositiveInt = 512
    """Number of samples between frames"""

    num_frames: PositiveInt = 24
    """Number of frames"""

    range_db: PositiveFloat = 80.0
    """Range below the maximum in dB; weaker values are treated as silence"""

    @classmethod
    def speech_8khz(cls) -> LogMel:
        """Settings for speech at 8 kHz: 64 bands and 32 frames, with a duration of 1.024 s."""
        return cls(sample_rate=8000, num_mels=64, fmax=4000.0, n_fft=512, hop=256, num_frames=32)

    @property
    def num_samples(self) -> int:
        """Number of samples of a clip that the spectrogram covers."""
        return self.num_frames * self.hop

    @property
    def shape(self) -> tuple[int, int]:
        """Shape ``(num_mels, num_frames)`` of a spectrogram."""
        return self.num_mels, self.num_frames

    @model_validator(mode="after")
    def _check(self) -> LogMel:
        if not self.fmin < self.fmax <= self.sample_rate / 2:
            raise ValueError(
                "`fmax` must lie above `fmin` and not above half of `sample_rate`. "
                f"Received: fmin={self.fmin}, fmax={self.fmax}, sample_rate={self.sample_rate}"
            )
        if self.hop > self.n_fft or (self.n_fft - self.hop) % 2:
            raise ValueError(
                "`hop` must not exceed `n_fft` and differ from it by an even number. "
                f"Received: hop={self.hop}, n_fft={self.n_fft}"
            )
        if not tf.reduce_all(tf.reduce_any(self.filters() > 0, axis=0)):
            raise ValueError(
                "`num_mels` must be small enough, or `n_fft` large enough, for every band to hold "
                f"an FFT bin. Received: num_mels={self.num_mels}, n_fft={self.n_fft}"
            )
        return self

    def filters(self) -> tf.Tensor:
        """Mel filters, [n_fft / 2 + 1, num_mels]."""
        return tf.signal.linear_to_mel_weight_matrix(
            self.num_mels, self.n_fft // 2 + 1, self.sample_rate, self.fmin, self.fmax
        )

    def __call__(self, waveforms: tf.Tensor) -> tf.Tensor:
        """Spectrograms of ``waveforms``, with the shapes of the class docstring."""
        waveforms = tf.convert_to_tensor(waveforms, tf.float32)[..., : self.num_samples]
        missing = self.num_samples - tf.shape(waveforms)[-1]
        overlap = (self.n_fft - self.hop) // 2
        paddings = [[0, 0]] * (waveforms.shape.rank - 1) + [[overlap, overlap + missing]]
        spectra = tf.signal.stft(tf.pad(waveforms, paddings), self.n_fft, self.hop, self.n_fft)
        power = tf.matmul(tf.square(tf.abs(spectra)), self.filters())
        relative = tf.math.divide_no_nan(power, tf.reduce_max(power, axis=(-2, -1), keepdims=True))
        floor = 10.0 ** (-self.range_db / 10)
        decibels = 10 / math.log(10) * tf.math.log(tf.maximum(relative, floor))
        return tf.linalg.matrix_transpose(tf.maximum(1 + decibels / self.range_db, 0.0))

    def of_clips(self, clips: Iterable[np.ndarray]) -> np.ndarray:
        """Spectrograms [num_clips, num_mels, num_frames] of waveforms with different lengths."""
        clips, spectrograms = iter(clips), []
        while chunk := list(islice(clips, _CLIPS_AT_ONCE)):
            waveforms = np.zeros((len(chunk), self.num_samples), np.float32)
            for row, clip in zip(waveforms, chunk, strict=True):
                row[: len(clip)] = clip[: len(row)]
            spectrograms.append(self(waveforms).numpy())
        return np.concatenate(spectrograms)
