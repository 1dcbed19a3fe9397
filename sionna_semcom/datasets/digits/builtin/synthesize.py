# SPDX-License-Identifier: Apache-2.0
"""Synthesize the built-in spoken digits with eSpeak NG.

``python -m sionna_semcom.datasets.digits.builtin.synthesize [OUTPUT]`` requires the program
``espeak-ng`` and writes the file of the package (or ``OUTPUT``) in about two minutes.

A voice is a variant of eSpeak, which models the vocal tract, in one of seven English accents. Each
variant is used once, so that splits have no common voices. Each voice speaks each digit several
times with different pitches and speeds. Spectrograms are reproducible with the same version of
eSpeak NG.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from ...formats.wav import read_wav
from ..log_mel import LogMel
from ..spoken_digits import SpokenDigits
from .spoken import SPOKEN_DIGITS, write_spoken

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ACCENTS = (
    "en",
    "en-us",
    "en-gb-scotland",
    "en-gb-x-gbclan",
    "en-gb-x-rp",
    "en-gb-x-gbcwmd",
    "en-029",
)
VARIANTS = (
    *("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5", "croak"),
    *("whisper", "grandma", "grandpa", "klatt", "klatt2", "klatt3", "klatt4", "adam", "Alex"),
    *("Alicia", "Andrea", "Andy", "Annie", "antonio", "aunty", "belinda", "benjamin", "boris"),
    *("caleb", "david", "Denis", "Diogo", "ed", "edward", "Gene", "gustave", "Henrique", "Hugo"),
    *("iven", "Jacky", "john", "Lee", "linda", "Marco"),
)
PITCHES_AND_SPEEDS = ((50, 175), (40, 155), (60, 195), (35, 185), (65, 165), (45, 205))
_ESPEAK_RATE = 22050


def voices() -> dict[str, list[str]]:
    """Names ``accent+variant`` of the voices in each split: 36, 4 and 8."""
    names = [f"{ACCENTS[i % len(ACCENTS)]}+{variant}" for i, variant in enumerate(VARIANTS)]
    test, validation = names[5::6], names[::12]
    train = [name for name in names if name not in test and name not in validation]
    return {"train": train, "validation": validation, "test": test}


def speak(word: str, voice: str, pitch: int, speed: int, sample_rate: int) -> np.ndarray:
    """Waveform of ``word`` without leading and trailing silence, [num_samples], `float32`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "word.wav"
        options = ["-v", voice, "-p", str(pitch), "-s", str(speed), "-w", str(path)]
        subprocess.run(["espeak-ng", *options, word], check=True)
        waveform = read_wav(path, _ESPEAK_RATE)
    loud = np.flatnonzero(np.abs(waveform) > 0.01 * np.abs(waveform).max())
    return resample_poly(waveform[loud[0] : loud[-1] + 1], sample_rate, _ESPEAK_RATE)


def synthesize(names: Sequence[str], log_mel: LogMel) -> SpokenDigits:
    """Spectrograms of all digits for all voices, pitches and speeds."""
    clips = list(product(names, range(len(PITCHES_AND_SPEEDS)), range(len(WORDS))))
    waveforms = (
        speak(WORDS[digit], voice, *PITCHES_AND_SPEEDS[repetition], log_mel.sample_rate)
        for voice, repetition, digit in clips
    )
    speakers, repetitions, labels = map(np.array, zip(*clips, strict=True))
    return SpokenDigits(log_mel.of_clips(waveforms), labels, speakers, repetitions)


def origin() -> str:
    """Version of eSpeak NG, and the settings of the repetitions."""
    version = subprocess.run(["espeak-ng", "--version"], check=True, capture_output=True, text=True)
    return f"{version.stdout.split('  ')[0]}; pitches and speeds {PITCHES_AND_SPEEDS}"


def main(output: Path = SPOKEN_DIGITS) -> None:
    """Synthesize all voices and write them to ``output``."""
    log_mel, splits = LogMel.speech_8khz(), voices()
    clips = synthesize([name for names in splits.values() for name in names], log_mel)
    write_spoken(output, clips, splits, log_mel, origin())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
