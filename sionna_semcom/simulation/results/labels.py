# SPDX-License-Identifier: Apache-2.0
"""Labels of metrics, axes and estimates in tables and figures."""

from __future__ import annotations

import math

from .curves import EBNO_AXIS, POWER_AXIS, SNR_AXIS, Estimate

_ABBREVIATIONS = {
    "mse": "MSE",
    "nmse": "NMSE",
    "mae": "MAE",
    "psnr": "PSNR [dB]",
    "ssim": "SSIM",
    "ber": "BER",
    "bler": "BLER",
    "snr": "SNR [dB],",
    "p5": "5th percentile",
    "p50": "median",
    "crc": "CRC",
    "acc2": "Acc-2",
    "acc5": "Acc-5",
    "acc7": "Acc-7",
    "f1": "F1",
    "bce": "BCE [nats],",
    "jsd": "J [nats],",
    "kl": "KL [nats]",
    "tti": "TTI [reals]",
    "toi": "TOI [reals]",
    "tti / toi": "TTI / TOI",
    "flops": "FLOPs",
    "num": "",
    "sinr": "SINR",
    "db": "[dB]",
}
_AXES = {
    SNR_AXIS: ("SNR", "dB"),
    EBNO_AXIS: ("Eb/N0", "dB"),
    POWER_AXIS: ("transmit power", "dBm"),
}


def metric_label(name: str) -> str:
    """Label of a metric with its unit: ``image_psnr`` is "Image PSNR [dB]"."""
    text = in_words(name)
    return text[:1].upper() + text[1:]


def in_words(name: str) -> str:
    """Label of a metric within a sentence: ``num_symbols`` is "symbols"."""
    return ", ".join(_words(part) for part in name.split("/"))


def _words(name: str) -> str:
    words = name.replace("_over_", " / ").split("_")
    return " ".join(filter(None, (_ABBREVIATIONS.get(word, word) for word in words)))


def in_decibels(axis: str) -> bool:
    """Whether an axis is SNR, transmit power or Eb/N0."""
    return axis in _AXES


def axis_words(axis: str) -> str:
    """Label of an axis within a sentence."""
    return _AXES[axis][0] if axis in _AXES else in_words(axis)


def axis_label(axis: str) -> str:
    """Label of the axis of a figure."""
    if axis not in _AXES:
        return metric_label(axis)
    words, unit = _AXES[axis]
    return f"{words[:1].upper()}{words[1:]} [{unit}]"


def format_x(axis: str, x: float) -> str:
    """Value on an axis, with its unit if the axis is in decibels."""
    if axis not in _AXES:
        return f"{x:g}"
    return "noiseless" if math.isinf(x) else f"{x:g} {_AXES[axis][1]}"


def format_snr(snr_db: float) -> str:
    """SNR with its unit. Infinity is "noiseless"."""
    return "noiseless" if math.isinf(snr_db) else f"{snr_db:g} dB"


def format_estimate(estimate: Estimate) -> str:
    """Mean and half width, rounded to the half width's second digit: "0.0312 ± 0.0011"."""
    half_width = estimate.half_width
    if not math.isfinite(half_width):
        return f"{estimate.mean:.4g}"
    if half_width <= 1e-6 * abs(estimate.mean):  # zero up to the rounding of float32
        return f"{estimate.mean:.4g} ± 0"
    exponent = int(f"{half_width:.1e}".partition("e")[2])
    digits = max(0, 1 - exponent)
    return f"{estimate.mean:.{digits}f} ± {half_width:.{digits}f}"
