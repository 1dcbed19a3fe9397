# SPDX-License-Identifier: Apache-2.0
"""Reader of mono WAV files."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_ENDIAN = {b"RIFF": "<", b"RIFX": ">", b"RF64": "<", b"BW64": "<"}
_IN_DS64 = 0xFFFFFFFF
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_WIDTHS = {_PCM: (1, 2, 3, 4, 8), _FLOAT: (4, 8)}
_LOUDEST = 1e12  # full scale is 1; the power of louder samples overflows in single precision


@dataclass(frozen=True)
class _Format:
    """Content of the chunk ``fmt``."""

    kind: int
    num_channels: int
    sample_rate: int
    frame_bytes: int

    @property
    def width(self) -> int:
        """Number of bytes per sample."""
        return self.frame_bytes // self.num_channels


def read_wav(path: str | os.PathLike[str], sample_rate: int) -> np.ndarray:
    """Read a mono WAV file.

    Supported are integers of 8, 16, 24, 32 and 64 bits and floats of 32 and 64 bits, in RIFF, RIFX
    (big endian) or RF64 files. The last chunk must end at the end of the file.

    Parameters
    ----------
    path : `str` or `PathLike`
        File with integer or floating-point samples
    sample_rate : `int`
        Required number of samples per second

    Output
    ------
    : [num_samples], `float32`
        Waveform; integers are scaled to [-1, 1)

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is damaged, truncated or longer than its header specifies, contains no samples,
        non-finite samples or samples above 1e12, is not mono, or has another sample rate
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No WAV file {path}")
    raw = path.read_bytes()
    try:
        endian, chunks = _chunks(raw)
        layout, data = _format(chunks, endian), chunks[b"data"]
        if len(data) % layout.frame_bytes:
            raise ValueError(f"{len(data)} bytes of data, which are no whole number of samples")
    except (ValueError, struct.error) as error:
        raise ValueError(f"`{path}` must be a whole WAV file. Received: {error}") from error
    if layout.sample_rate != sample_rate:
        raise ValueError(
            f"`{path}` must have {sample_rate} samples per second. Received: {layout.sample_rate}"
        )
    if layout.num_channels != 1 or not data:
        shape = (len(data) // layout.frame_bytes, layout.num_channels)[: layout.num_channels]
        raise ValueError(f"`{path}` must hold one channel of samples. Received: {shape}")
    if layout.kind == _FLOAT:
        return _floats(np.frombuffer(data, f"{endian}f{layout.width}"), path)
    return _integers(data, layout.width, endian)


def _floats(samples: np.ndarray, path: Path) -> np.ndarray:
    if not np.isfinite(samples).all():
        raise ValueError(f"`{path}` must hold finite samples. Received: NaN or infinity")
    if (loudest := np.abs(samples).max()) > _LOUDEST:
        raise ValueError(
            f"`{path}` must hold samples of at most {_LOUDEST:g}, where 1 is full scale. "
            f"Received: {loudest:g}"
        )
    return samples.astype(np.float32)


def _integers(data: bytes, width: int, endian: str) -> np.ndarray:
    """Integers scaled to [-1, 1). Integers of one byte are unsigned."""
    if width == 1:
        return ((np.frombuffer(data, np.uint8) - 128.0) * (2 / 2**8)).astype(np.float32)
    if width == 3:  # stored in the upper bytes of four
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        bytes_of_each = np.frombuffer(data, np.uint8).reshape(-1, 3)
        padded[:, slice(1, 4) if endian == "<" else slice(0, 3)] = bytes_of_each
        data, width = padded.tobytes(), 4
    samples = np.frombuffer(data, f"{endian}i{width}")
    return (samples * (2 / 2 ** (8 * width))).astype(np.float32)


def _chunks(raw: bytes) -> tuple[str, dict[bytes, bytes]]:
    """Byte order of a file, and its chunks by name, which must cover the whole file."""
    if len(raw) < 12 or raw[:4] not in _ENDIAN or raw[8:12] != b"WAVE":
        raise ValueError("no header of a WAV file")
    endian = _ENDIAN[raw[:4]]
    (size,) = struct.unpack_from(f"{endian}I", raw, 4)
    chunks: dict[bytes, bytes] = {}
    position = 12
    if size == _IN_DS64:
        if raw[12:16] != b"ds64" or len(raw) < 36:
            raise ValueError("no size, as of a recording that was not ended")
        (size,) = struct.unpack_from("<Q", raw, 20)
    end = 8 + size
    if end != len(raw) and end + end % 2 != len(raw):
        raise ValueError(f"a file of {len(raw)} bytes, where its header says {end}")
    while position < end:
        if end - position < 8:
            raise ValueError(f"{end - position} bytes behind the last chunk")
        name, length = struct.unpack_from(f"{endian}4sI", raw, position)
        if name == b"data" and length == _IN_DS64 and b"ds64" in chunks:
            (length,) = struct.unpack_from("<Q", chunks[b"ds64"], 8)
        position += 8
        if length > end - position:
            raise ValueError(
                f"{end - position} bytes left for the {length} of chunk {_shown(name)}"
            )
        if name in (b"data", b"fmt ") and name in chunks:
            raise ValueError(f"two chunks {_shown(name)}")
        chunks[name] = raw[position : position + length]
        position += length + length % 2
    for name in (b"fmt ", b"data"):
        if name not in chunks:
            raise ValueError(f"no chunk {_shown(name)}")
    return endian, chunks


def _format(chunks: dict[bytes, bytes], endian: str) -> _Format:
    content = chunks[b"fmt "]
    if len(content) < 16:
        raise ValueError(f"a chunk 'fmt ' of {len(content)} bytes")
    kind, channels, rate, _, frame, _ = struct.unpack_from(f"{endian}HHIIHH", content)
    if kind == _EXTENSIBLE:
        if len(content) < 40:
            raise ValueError(f"a chunk 'fmt ' of {len(content)} bytes, for the extensible form")
        (kind,) = struct.unpack_from(f"{endian}H", content, 24)
    if kind not in _WIDTHS:
        raise ValueError(f"samples in format {kind}, where integers (1) and floats (3) are read")
    if not channels or frame % channels or frame // channels not in _WIDTHS[kind]:
        raise ValueError(f"{frame} bytes for one sample of {channels} channels in format {kind}")
    return _Format(kind, channels, rate, frame)


def _shown(name: bytes) -> str:
    return repr(name.decode("ascii", "replace"))
