# SPDX-License-Identifier: Apache-2.0
"""Conversion of results to pandas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .curves import SNR_AXIS, Curve

if TYPE_CHECKING:
    import pandas


def to_dataframe(curves: Mapping[str, Curve]) -> pandas.DataFrame:
    """One row per estimate; see :meth:`~sionna_semcom.simulation.Result.to_dataframe`."""
    try:
        import pandas
    except ImportError as error:
        raise ModuleNotFoundError(
            "Data frames need pandas: pip install 'sionna-semcom[report]'"
        ) from error
    axes = {curve.axis: None for curve in curves.values() if curve.axis != SNR_AXIS}
    rows: list[dict[str, Any]] = []
    for label, curve in curves.items():
        along = {curve.axis: curve.x} if curve.axis != SNR_AXIS else {}
        for name, metric in curve.metrics.items():
            for index, estimate in enumerate(metric):
                rows.append(
                    {
                        "curve": label,
                        "snr_db": float(curve.snr_db[index]),
                        **{axis: float(x[index]) for axis, x in along.items()},
                        "metric": name,
                        "mean": estimate.mean,
                        "ci_low": estimate.ci_low,
                        "ci_high": estimate.ci_high,
                        "count": estimate.count,
                    }
                )
    columns = ["curve", "snr_db", *axes, "metric", "mean", "ci_low", "ci_high", "count"]
    return pandas.DataFrame(rows, columns=columns)
