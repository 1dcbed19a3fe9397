# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import struct

import numpy as np
import pytest
from scipy.io import wavfile

from sionna_semcom.datasets import LogMel, read_wav

SAMPLES = np.array([0.0, 0.5, -0.5, -1.0, 0.25])


@pytest.mark.parametrize(
    "written",
    [
        (SAMPLES * 2**7 + 2**7).astype(np.uint8),
        (SAMPLES * 2**15).astype(np.int16),
        (SAMPLES * 2**31).astype(np.int32),
        SAMPLES.astype(np.float32),
        SAMPLES,
    ],
    ids=lambda values: values.dtype.name,
)
def test_every_sample_format_is_scaled_to_one(tmp_path, written):
    wavfile.write(tmp_path / "clip.wav", 8000, written)
    clip = read_wav(tmp_path / "clip.wav", 8000)
    assert clip.dtype == np.float32
    np.testing.assert_array_equal(clip, SAMPLES)


@pytest.mark.parametrize("size", [0, 3, 10, 20, 40, 44, 60, 1000, 1043])
def test_truncated_files_are_refused(tmp_path, size):
    path = tmp_path / "clip.wav"
    wavfile.write(path, 8000, np.ones(500, np.int16))
    raw = path.read_bytes()
    assert len(raw) == 1044
    path.write_bytes(raw[:size])
    with pytest.raises(ValueError, match=r"clip.wav` must be a whole WAV file. Received: \S+"):
        read_wav(path, 8000)


def test_damaged_headers_are_refused_or_read_as_what_they_say(tmp_path):
    """For any damage of a header, the reader returns samples or raises a ValueError."""
    path = tmp_path / "clip.wav"
    wavfile.write(path, 8000, np.ones(50, np.int16))
    raw = np.frombuffer(path.read_bytes(), np.uint8)
    rng = np.random.default_rng(1)
    refused = 0
    for position in range(44):
        damaged = raw.copy()
        damaged[position] ^= rng.integers(1, 256)
        path.write_bytes(damaged.tobytes())
        try:
            assert np.isfinite(read_wav(path, 8000)).all()
        except ValueError as error:
            assert "clip.wav" in str(error)
            refused += 1
    assert refused >= 25


@pytest.mark.parametrize(
    ("rate", "samples", "message"),
    [
        (16000, np.ones(9, np.int16), "must have 8000 samples per second. Received: 16000"),
        (8000, np.ones((9, 2), np.int16), r"must hold one channel of samples. Received: \(9, 2\)"),
        (8000, np.ones(0, np.int16), r"must hold one channel of samples. Received: \(0,\)"),
        (8000, np.array([0.1, np.nan]), "must hold finite samples. Received: NaN or infinity"),
        (8000, np.array([0.1, np.inf]), "must hold finite samples. Received: NaN or infinity"),
    ],
)
def test_unfit_clips_are_refused(tmp_path, rate, samples, message):
    wavfile.write(tmp_path / "clip.wav", rate, samples)
    with pytest.raises(ValueError, match=f"clip.wav` {message}"):
        read_wav(tmp_path / "clip.wav", 8000)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"clip.wav"):
        read_wav(tmp_path / "clip.wav", 8000)


def chunk(name, content, length=None):
    length = len(content) if length is None else length
    return name + struct.pack("<I", length) + content + bytes(len(content) % 2)


def layout(kind=1, channels=1, width=2, rate=8000, more=b"", bits=None):
    frame = channels * width
    fields = (kind, channels, rate, rate * frame, frame, 8 * width if bits is None else bits)
    return chunk(b"fmt ", struct.pack("<HHIIHH", *fields) + more)


def riff(*chunks, size=None, form=b"RIFF"):
    body = b"WAVE" + b"".join(chunks)
    return form + struct.pack("<I", len(body) if size is None else size) + body


def extensible(kind):
    guid = struct.pack("<H", kind) + bytes.fromhex("000000001000800000aa00389b71")
    return struct.pack("<HHI", 22, 16, 4) + guid


DATA = chunk(b"data", np.arange(-4, 4, dtype="<i2").tobytes())
EXPECTED = np.arange(-4, 4) / 2**15


@pytest.mark.parametrize(
    "raw",
    [
        riff(layout(), DATA),
        riff(layout(more=b"\0\0"), chunk(b"LIST", b"INFO?"), DATA, chunk(b"id3 ", b"abc")),
        riff(layout(0xFFFE, more=extensible(1)), DATA),
        riff(layout(width=4), chunk(b"data", np.arange(-4, 4, dtype="<i4").tobytes())),
        riff(
            chunk(b"ds64", struct.pack("<QQQI", 88, 16, 8, 0)),
            layout(),
            chunk(b"data", DATA[8:], 0xFFFFFFFF),
            size=0xFFFFFFFF,
            form=b"RF64",
        ),
    ],
    ids=["plain", "more chunks", "extensible", "32 bits", "RF64"],
)
def test_forms_of_the_header(tmp_path, raw):
    (tmp_path / "clip.wav").write_bytes(raw)
    found = read_wav(tmp_path / "clip.wav", 8000)
    expected = EXPECTED / (2**16 if b"\x04\0 \0data" in raw else 1)
    np.testing.assert_array_equal(found, expected.astype(np.float32))


@pytest.mark.parametrize("form", ["<", ">"])
def test_24_bits(tmp_path, form):
    values = np.array([0, 1, -1, 2**23 - 1, -(2**23)])
    data = b"".join(
        int(v).to_bytes(3, "little" if form == "<" else "big", signed=True) for v in values
    )
    fields = struct.pack(f"{form}HHIIHH", 1, 1, 8000, 24000, 3, 24)
    body = b"WAVEfmt " + struct.pack(f"{form}I", 16) + fields
    body += b"data" + struct.pack(f"{form}I", 15) + data + b"\0"
    name = b"RIFF" if form == "<" else b"RIFX"
    (tmp_path / "clip.wav").write_bytes(name + struct.pack(f"{form}I", len(body)) + body)
    found = read_wav(tmp_path / "clip.wav", 8000)
    np.testing.assert_array_equal(found, (values / 2**23).astype(np.float32))


@pytest.mark.parametrize("dtype", ["u1", "<i2", "<i4", "<i8", "<f4", "<f8", ">i2", ">f4"])
def test_scipy_reads_the_same(tmp_path, dtype):
    values = np.random.default_rng(1).integers(0, 100, 501).astype(dtype)
    wavfile.write(tmp_path / "clip.wav", 8000, values)
    read = wavfile.read(tmp_path / "clip.wav")[1]
    if read.dtype.kind == "f":
        expected = read
    else:
        bits = 8 * read.itemsize
        expected = (read - (128.0 if bits == 8 else 0.0)) * (2 / 2**bits)
    np.testing.assert_array_equal(read_wav(tmp_path / "clip.wav", 8000), expected.astype("f4"))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (
            riff(layout(), chunk(b"data", bytes(5000), 8000)),
            "5000 bytes left for the 8000 ",
        ),
        (riff(layout(), chunk(b"data", bytes(5000), 8000), size=8036), "a file of 5044 bytes"),
        (riff(layout(), chunk(b"data", bytes(5000), 0xFFFFFFFF)), "left for the 4294967295 of"),
        (riff(layout(), DATA, size=0xFFFFFFFF), "no size, as of a recording that was not ended"),
        (riff(layout(), DATA, size=0), "a file of 60 bytes, where its header says 8"),
        (riff(layout(), DATA) + b"rubbish", "a file of 67 bytes, where its header says 60"),
        (riff(layout(), DATA, b"rub"), "3 bytes behind the last chunk"),
        (riff(layout(), DATA, b"rubbishes"), "1 bytes left for the"),
        (riff(layout(channels=0), DATA), "0 bytes for one sample of 0 channels"),
        (riff(layout(width=0), DATA), "0 bytes for one sample of 1 channels"),
        (riff(layout(width=5), DATA), "5 bytes for one sample of 1 channels"),
        (riff(layout(3, width=2), DATA), "2 bytes for one sample of 1 channels in format 3"),
        (riff(layout(7, width=1), DATA), "samples in format 7"),
        (riff(layout(0xFFFE), DATA), "a chunk 'fmt ' of 16 bytes"),
        (riff(chunk(b"fmt ", b""), DATA), "a chunk 'fmt ' of 0 bytes"),
        (riff(DATA), "no chunk 'fmt '"),
        (riff(layout()), "no chunk 'data'"),
        (riff(), "no chunk 'fmt '"),
        (riff(layout(), DATA, DATA), "two chunks 'data'"),
        (riff(layout(), chunk(b"data", bytes(5))), "5 bytes of data, which are no whole number"),
        (b"RIFX" + riff(layout(), DATA)[4:], "a file of 60 bytes, where its header says"),
        (b"fLaC" + bytes(100), "no header of a WAV file"),
    ],
)
def test_headers_that_do_not_fit_the_file_are_one_line(tmp_path, raw, reason):
    (tmp_path / "clip.wav").write_bytes(raw)
    message = rf"^`.*clip.wav` must be a whole WAV file. Received: .*{reason}"
    with pytest.raises(ValueError, match=message) as refused:
        read_wav(tmp_path / "clip.wav", 8000)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("loud", [1e300, -1e39, 1e30])
def test_samples_that_single_precision_does_not_hold_are_refused(tmp_path, loud):
    wavfile.write(tmp_path / "clip.wav", 8000, np.array([0.5, loud]))
    with pytest.raises(ValueError, match=r"must hold samples of at most 1e\+12, .* Received: 1e\+"):
        read_wav(tmp_path / "clip.wav", 8000)


def test_loud_samples_have_spectrograms(tmp_path):
    """At most 1e12, no power overflows."""
    tone = np.sin(np.arange(8192) * 0.7)
    wavfile.write(tmp_path / "clip.wav", 8000, 1e12 * tone)
    spectrogram = LogMel.speech_8khz()
    loud = spectrogram(read_wav(tmp_path / "clip.wav", 8000))
    np.testing.assert_allclose(loud, spectrogram(tone), atol=1e-4)
