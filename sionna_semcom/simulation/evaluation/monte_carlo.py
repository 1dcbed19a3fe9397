# SPDX-License-Identifier: Apache-2.0
"""Monte Carlo simulation of any metric versus SNR, similar to Sionna's ``sim_ber``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from itertools import islice
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from rich.console import Console

from ..._messages import listed, shortened
from ..._parts import validated
from ..._parts.metric_ranges import limits
from ..._seeding import reseed, set_seed
from ...link.figures import DROP
from ...systems.base.contract import Aggregating, Measurable, Scaled
from ...systems.base.snr import check_snr, check_snrs
from ..results.curves import SNR_AXIS, Curve, Estimate, Metric
from ..results.labels import in_decibels
from ..results.names import check_label, check_metrics, check_seed
from ..results.records import Columns, Records
from ..results.result import Result
from .batches import Batches
from .devices import chosen_devices, share_memory
from .graphs import GraphMode, Measure, Spread, executable, executable_on
from .progress import ProgressBar
from .recorder import Recorder
from .state import Callback, State, Verdict
from .stop_rule import StopRule
from .tally import Tally

Point = dict[str, Estimate]


def sim_metrics(
    mc_fun: Measurable | Measure,
    data: Iterable[Any],
    snr_dbs: Iterable[float],
    *,
    max_mc_iter: int | None = None,
    min_mc_iter: int = 5,
    target_half_width: dict[str, float] | None = None,
    num_target_errors: dict[str, int] | None = None,
    confidence: float = 0.95,
    interval: Literal["student", "bootstrap"] = "student",
    graph_mode: GraphMode | None = "graph",
    distribute: Literal["all"] | Sequence[int] | None = None,
    seed: int = 1,
    label: str = "",
    callback: Callback | None = None,
    progress: bool = True,
    axis: Literal["snr_db", "tx_power_dbm", "ebno_db"] = "snr_db",
    records: int = 0,
) -> Result:
    r"""Simulate metrics with confidence intervals for a range of SNRs.

    At each SNR, batches are transmitted until all targets are reached, i.e., the intervals of all
    targeted metrics are narrow enough and their numbers of errors large enough, or until
    ``max_mc_iter`` batches have been transmitted. Intervals treat the batch as the independent
    unit, because samples of a batch may share channel realizations. The data are read from the
    start at each SNR, and repeated if they end before ``max_mc_iter``. Intervals account for
    repeated data over new channel realizations
    (:mod:`~sionna_semcom.simulation.results.intervals`).

    Each SNR has its own seed, derived from ``seed`` and the SNR. The results of a point therefore
    do not depend on the other SNRs in the list.

    Parameters
    ----------
    mc_fun : object with ``measure(batch, snr_db)`` | callable
        Returns a dictionary of metrics of shape ``[batch]``, one value per sample. Metrics of type
        `tf.bool` are proportions. Metrics that are functions of means, such as a correlation, have
        components ``[batch, n]``; the attribute ``aggregates`` of the object contains the function
        of the means by metric.
    data : `tf.data.Dataset` | iterable
        Batches. Must be iterable more than once.
    snr_dbs : iterable of `float`
        SNRs [dB]. Infinity denotes a noiseless link.
    max_mc_iter : `None` (one pass over the data) | `int`
        Maximum number of batches per SNR
    min_mc_iter, target_half_width, num_target_errors, confidence, interval
        See :class:`StopRule`
    graph_mode : "graph" (default) | "auto" | "xla" | `None`
        Execution mode of ``mc_fun``. "auto" selects "xla" on a GPU if XLA can compile ``mc_fun``,
        and "graph" otherwise. `None` executes ``mc_fun`` eagerly, or as compiled by the user.
    distribute : `None` (default) | "all" | sequence of `int`
        GPUs of this machine that process batches in parallel: all GPUs, or those with these
        numbers. Logical CPUs are used if there are no GPUs. The random draws depend on the number
        of devices.
    seed : `int`
        Seed of all random numbers
    label : `str`
        Label of the curve
    callback : `None` | callable
        Called with a :class:`State` after each batch. The return value "next_snr" ends the point,
        and "stop" ends the simulation.
    progress : `bool`
        If `True`, a progress bar is shown
    axis : "snr_db" (default) | "tx_power_dbm" | "ebno_db"
        Quantity of ``snr_dbs``: SNR [dB], transmit power [dBm] of a system over a link with a link
        budget, or :math:`E_b/N_0` [dB] of a system that transmits bits. A callable receives the
        values unchanged.
    records : `int`
        Number of randomly selected samples per point whose metrics are stored for
        :func:`~sionna_semcom.simulation.cdf`, :func:`~sionna_semcom.simulation.outage` and
        :func:`~sionna_semcom.simulation.percentile`

    Output
    ------
    : :class:`Result`
        Result with one curve

    Raises
    ------
    ValueError
        If ``snr_dbs`` is empty or not a sequence of numbers, the data have fewer than two batches,
        ``data`` cannot be read twice, a metric does not have one value per sample, ``label`` or
        ``seed`` cannot be stored in a result file, ``axis`` is not available for ``mc_fun``,
        ``records`` is not a non-negative integer, or ``distribute`` selects no device
    FloatingPointError
        If a metric is not finite. The message names the metric and the SNR.
    """
    rule = validated(
        StopRule,
        {
            "max_mc_iter": max_mc_iter,
            "min_mc_iter": min_mc_iter,
            "target_half_width": target_half_width,
            "num_target_errors": num_target_errors,
            "confidence": confidence,
            "interval": interval,
        },
    )
    check_label(label)
    check_seed(seed)
    share_memory()
    snrs = check_snrs(snr_dbs, "snr_dbs")
    if len(snrs) > 1 and isinstance(data, Iterator):
        raise _read_once(data)
    spec = getattr(data, "element_spec", None)
    measure: Measure | Spread
    if distribute is None:
        measure = executable(mc_fun, graph_mode, spec)
    else:
        measure = executable_on(chosen_devices(distribute), mc_fun, graph_mode, spec)
    aggregates = mc_fun.aggregates if isinstance(mc_fun, Aggregating) else {}
    offset_db = _offset_db(mc_fun, axis)
    points: list[Point] = []
    columns: list[Columns] = []
    verdict: Verdict | None = None

    with ProgressBar(len(snrs), Console(quiet=not progress), axis) as bar:

        def watch(state: State) -> Verdict | None:
            nonlocal verdict
            bar.show(label, snr_db, state.mc_iter, state.max_mc_iter)
            verdict = callback(state) if callback is not None else None
            return verdict

        for snr_db in snrs:
            set_seed(seed, snr_db)  # including TensorFlow's generator, which user functions may use
            recorder = Recorder(records, aggregates)
            whose = (seed, snr_db) if axis == SNR_AXIS else (seed, axis, snr_db)
            common = (rule, whose, watch, aggregates, recorder)
            points.append(simulate_point(measure, data, snr_db + offset_db, *common))
            columns.append(recorder.columns)
            bar.advance_point(label, snr_db)
            if verdict == "stop":
                break
    settings = {**rule.model_dump(), axis: snrs, "graph_mode": graph_mode}
    x = np.array(snrs[: len(points)])
    kept = Records.joined([columns])
    curve = Curve(x + offset_db, join_points([points]), axis=axis, x=x, records=kept)
    return Result({label: curve}, settings=settings, seed=seed)


def simulate_point(
    measure: Measure | Spread,
    data: Iterable[Any],
    snr_db: float,
    rule: StopRule,
    seed: tuple[object, ...],
    callback: Callback,
    aggregates: Mapping[str, Callable[[np.ndarray], float]] | None = None,
    recorder: Recorder | None = None,
) -> Point:
    """Simulate one SNR with the random generators seeded by ``seed``; see :func:`sim_metrics`.

    ``recorder`` stores metrics of single samples.
    """
    check_snr(snr_db)
    reseed(*seed)
    tally, snr = Tally(snr_db, rule, aggregates), tf.constant(snr_db, tf.float32)
    limit = rule.max_mc_iter or max(_cardinality(data), 0) or None
    figures = _figures(measure, _batches(data, rule.max_mc_iter), snr)
    for mc_iter, (index, found) in enumerate(figures, start=1):
        values = {name: value for name, value in found.items() if name != DROP}
        check_metrics(values)
        tally.add(index, values)
        if recorder is not None:
            recorder.add(mc_iter, values, found.get(DROP))
        verdict = callback(State(snr_db, mc_iter, limit, tally.estimates))
        if verdict is not None or (mc_iter >= rule.min_mc_iter and tally.reached_targets()):
            break
    return tally.result()


def join_points(points: Sequence[Sequence[Point]], confidence: float = 0.95) -> dict[str, Metric]:
    """Metrics of a curve from its points, indexed ``[num_seeds][num_points]``.

    Raises
    ------
    ValueError
        If the points have different metrics
    """
    first = points[0][0]
    for point in (point for row in points for point in row):
        if point.keys() != first.keys():
            raise ValueError(
                "Points of one curve must have the same metrics. "
                f"Received: {listed(first, 20)}; and {listed(point, 20)}"
            )
    rows = {name: [[point[name] for point in row] for row in points] for name in first}
    return {n: Metric.from_estimates(own, confidence, limits(n)) for n, own in rows.items()}


def _offset_db(mc_fun: Any, axis: str) -> float:
    """Offset [dB] that converts a value of ``axis`` to the SNR that ``mc_fun`` takes."""
    if not in_decibels(axis):
        raise ValueError(
            f"`axis` must be 'snr_db', 'tx_power_dbm' or 'ebno_db'. Received: {shortened(axis)}"
        )
    if axis == SNR_AXIS or not isinstance(mc_fun, Measurable):
        return 0.0
    if not isinstance(mc_fun, Scaled):
        raise ValueError(
            f"`axis`={axis!r} needs `mc_fun` with a method `snr_offset_db`. "
            f"Received: {type(mc_fun).__name__}"
        )
    return mc_fun.snr_offset_db(axis)


def _figures(
    measure: Measure | Spread, batches: Iterator[tuple[int, Any]], snr_db: tf.Tensor
) -> Iterator[tuple[int, Mapping[str, tf.Tensor]]]:
    """Index and metrics of each batch. The devices measure one batch each at the same time."""
    if not isinstance(measure, Spread):
        yield from ((index, measure(batch, snr_db)) for index, batch in batches)
        return
    while group := list(islice(batches, measure.num_devices)):
        indices, together = zip(*group, strict=True)
        yield from zip(indices, measure(together, snr_db), strict=True)


def _batches(data: Iterable[Any], max_mc_iter: int | None) -> Iterator[tuple[int, Any]]:
    """Index and content of batches over repeated passes, or one pass without ``max_mc_iter``."""
    if max_mc_iter is None and _cardinality(data) == tf.data.INFINITE_CARDINALITY:
        raise ValueError("`max_mc_iter` must be given for infinite `data`. Received: None")
    num_sent = 0
    while True:
        index = -1
        for index, batch in enumerate(data):
            yield index, batch
            num_sent += 1
            if num_sent == max_mc_iter:
                return
        if index < 0 and num_sent:
            raise _read_once(data)
        if index < 0:
            raise ValueError("`data` must have at least one batch. Received: none")
        if max_mc_iter is None:
            break
    if num_sent < 2:
        raise ValueError(
            "`data` must have at least two batches to estimate an interval. Received: one. "
            "Use smaller batches, or repeat the data with `max_mc_iter`"
        )


def _read_once(data: Iterable[Any]) -> ValueError:
    return ValueError(
        "`data` must be iterable more than once, such as a list or a tf.data.Dataset: they are "
        "read from their start at every SNR, and again when they end before `max_mc_iter`. "
        f"Received: {type(data).__name__}"
    )


def _cardinality(data: Iterable[Any]) -> int:
    """Number of batches of one pass, or TensorFlow's negative code if infinite or unknown."""
    if isinstance(data, (tf.data.Dataset, Batches)):
        return int(data.cardinality())
    return len(data) if isinstance(data, Sized) else tf.data.UNKNOWN_CARDINALITY
