# SPDX-License-Identifier: Apache-2.0
"""Results as tables of pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .curves import SNR_AXIS

if TYPE_CHECKING:
    import pandas

    from .result import Result


def to_dataframe(result: Result) -> pandas.DataFrame:
    """Rows of all estimates; see :meth:`~sionna_semcom.simulation.Result.to_dataframe`."""
    try:
        import pandas
    except ImportError as error:
        raise ModuleNotFoundError(
            "Tables of pandas need it: pip install 'sionna-semcom[report]'"
        ) from error
    axes = {curve.axis: None for curve in result.curves.values() if curve.axis != SNR_AXIS}
    rows: list[dict[str, Any]] = []
    for label, curve in result.curves.items():
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
