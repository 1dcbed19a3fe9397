# SPDX-License-Identifier: Apache-2.0
"""H.264 coding of frames with a bit budget, through PyAV."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

COARSEST = 51  # largest constant rate factor of 8-bit H.264


class H264Stream(NamedTuple):
    """Frames as bytes."""

    data: bytes
    """Annex B byte stream"""
    crf: int
    """Constant rate factor; smaller values give a higher quality"""


def h264_encode(frames: NDArray[np.uint8], crf: int = 23, fps: int = 25) -> bytes:
    """Encode frames with the High profile of libx264 at a constant rate factor.

    The stream contains only the data that a decoder needs. The description of the encoder's
    settings (about 600 bytes) is removed, because it can be larger than the frames of a short clip.

    Parameters
    ----------
    frames : [num_frames, height, width, 3], `uint8`
        RGB frames with even height and width, because chroma has half the resolution
    crf : `int`
        Constant rate factor, from 0 (highest quality) to 51
    fps : `int`
        Frames per second for the rate control

    Output
    ------
    : `bytes`
        Annex B byte stream

    Raises
    ------
    ValueError
        If frames have another shape or type, or ``crf`` or ``fps`` is out of range
    ModuleNotFoundError
        If PyAV is not installed
    """
    frames = _checked(frames)
    if not 0 <= crf <= COARSEST or fps < 1:
        raise ValueError(
            f"`crf` must lie in [0, {COARSEST}], and `fps` be positive. Received: {crf} and {fps}"
        )
    av = _pyav()
    stream = io.BytesIO()
    with av.open(stream, "w", format="h264") as container:
        video = container.add_stream("libx264", rate=fps)
        video.height, video.width = frames.shape[1:3]
        video.pix_fmt = "yuv420p"
        video.options = {"crf": str(crf), "preset": "slow", "threads": "1"}
        bare = av.bitstream.BitStreamFilterContext("filter_units=remove_types=6", video)
        for frame in (*frames, None):
            picture = None if frame is None else av.VideoFrame.from_ndarray(frame, format="rgb24")
            for packet in video.encode(picture):
                container.mux(bare.filter(packet))
        container.mux(bare.filter(None))
    return stream.getvalue()


def h264_decode(data: bytes) -> NDArray[np.uint8]:
    """Decode an Annex B byte stream.

    Input
    -----
    data : `bytes`
        Byte stream

    Output
    ------
    : [num_frames, height, width, 3], `uint8`
        RGB frames

    Raises
    ------
    ValueError
        If ``data`` contains no frame
    ModuleNotFoundError
        If PyAV is not installed
    """
    av = _pyav()
    try:
        with av.open(io.BytesIO(data), format="h264") as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    except (av.error.FFmpegError, IndexError) as error:
        raise ValueError(f"`data` must be an H.264 stream: {error}") from error
    if not frames:
        raise ValueError(f"`data` must be an H.264 stream. Received: {len(data)} bytes, no frame")
    return np.stack(frames)


def h264_fit(frames: NDArray[np.uint8], num_bits: int, fps: int = 25) -> H264Stream | None:
    """Encode frames with the highest quality within a bit budget, or return `None` if impossible.

    The constant rate factor is found by bisection, assuming that more quality requires more bits.

    Parameters
    ----------
    frames : [num_frames, height, width, 3], `uint8`
        RGB frames
    num_bits : `int`
        Bit budget
    fps : `int`
        Frames per second for the rate control

    Output
    ------
    : `None` | `H264Stream`
        Stream of at most ``num_bits`` bits, and its constant rate factor

    Raises
    ------
    ValueError, ModuleNotFoundError
        As in :func:`h264_encode`
    """
    best = H264Stream(h264_encode(frames, COARSEST, fps), COARSEST)
    if 8 * len(best.data) > num_bits:
        return None
    low, high = -1, COARSEST
    while high - low > 1:
        crf = (low + high) // 2
        data = h264_encode(frames, crf, fps)
        if 8 * len(data) <= num_bits:
            best, high = H264Stream(data, crf), crf
        else:
            low = crf
    return best


def _checked(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    frames = np.ascontiguousarray(frames)
    even = frames.ndim == 4 and not (frames.shape[1] % 2 or frames.shape[2] % 2)
    if frames.dtype != np.uint8 or not even or frames.shape[3] != 3 or not frames.size:
        raise ValueError(
            "`frames` must be uint8 [num_frames, height, width, 3] of even height and width. "
            f"Received: {frames.dtype} {frames.shape}"
        )
    return frames


def _pyav() -> Any:
    try:
        import av
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "H.264 needs PyAV: pip install 'sionna-semcom[video]'", name="av"
        ) from error
    return av
