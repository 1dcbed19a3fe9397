# SPDX-License-Identifier: Apache-2.0
"""Run a study so that an interrupted run goes on where it stopped, to the same numbers."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.text import Text

from ..._files import check_folder
from ..._messages import listed, shortened
from ..._seeding import set_seed
from ...channel.slots.interference import study_notes
from ...link import from_settings
from ..evaluation.monte_carlo import Measure, Point, executable, join_points, simulate_point
from ..evaluation.probes import probe
from ..evaluation.progress import ProgressBar, verbosity
from ..evaluation.state import State
from ..results.curves import SNR_AXIS, Curve, Estimate
from ..results.result import Result
from ..training.store import ModelStore
from ..training.threads import intra_op_threads
from ..training.weights import weights_digest
from .partial import SUMMARY, Partial, fingerprint
from .schema import CurveSettings, EvaluationSettings
from .study import Study

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from ...datasets import Data

Summary = dict[str, float]


def run_study(
    study: Study,
    out: Path,
    models: ModelStore | None = None,
    console: Console | None = None,
) -> Result:
    """Train what is not trained yet, simulate all curves, and keep the result in ``out``.

    Every finished point is kept in ``<out>/<name>.partial.json`` until the result is complete. As
    every point has a seed of its own, a run that was interrupted gives, when it is run again, the
    same result as one that was not. What was finished with other settings, data, models or package
    versions is discarded.

    Parameters
    ----------
    study : :class:`~sionna_semcom.simulation.Study`
        What is simulated
    out : `Path`
        Folder of the result
    models : `None` | :class:`~sionna_semcom.simulation.ModelStore`
        Trained models; `None` keeps models that had to be trained in ``<out>/models``
    console : `None` | `rich.console.Console`
        Where progress is shown

    Output
    ------
    : :class:`~sionna_semcom.simulation.Result`
        The result, which is also in ``<out>/<name>.h5``

    Raises
    ------
    ValueError, FileNotFoundError
        If data, weights or the file of an interrupted run are missing or damaged
    FloatingPointError
        If training diverges or a metric is not finite
    OSError
        If ``out`` cannot be written, which is tried first
    """
    console = console or Console(quiet=True)
    out = Path(out)
    check_folder(out, *(f"{study.name}{end}" for end in (".h5", ".partial.json")))
    if models is None:
        models = ModelStore(work_dir=out / "models", verbose=verbosity(console))
    data = study.load_data(models)
    partial = Partial(out / f"{study.name}.partial.json", fingerprint(study, data))
    if partial.discarded:
        console.print(Text(f"{partial.path} is of other settings, data or versions: starting anew"))
    elif partial:
        console.print(Text(f"Going on after {len(partial)} finished parts in {partial.path}"))
    run = _Run(study, data, partial, models, console)
    result = run.result()
    result.save(out / f"{study.name}.h5")
    partial.remove()
    return result


@dataclass(frozen=True)
class _Part:
    """One trained model over one link, in one curve."""

    curve: CurveSettings
    model: str
    link: str
    seed: int

    @property
    def label(self) -> str:
        """What tells the part from others of its seed."""
        label = self.curve.label
        return f"{label}, {self.model} over {self.link}" if self.curve.lists else label


class _Run:
    """One run of a study: its trained systems, its links, and what is finished."""

    def __init__(
        self,
        study: Study,
        data: Data,
        partial: Partial,
        models: ModelStore,
        console: Console,
    ) -> None:
        self._study = study
        self._data = data
        self._partial = partial
        self._console = console
        self._models = models
        seeds = study.evaluation.seeds
        self._judges = {key: self._obtain(name, seeds[0]) for key, name in study.judges.items()}
        pairs = [pair for curve in study.curves for pair in curve.pairs]
        trained = dict.fromkeys((model, seed) for model, _ in pairs for seed in seeds)
        self._systems = {(name, seed): self._obtain(name, seed) for name, seed in trained}
        self._digests = {key: weights_digest(system) for key, system in self._systems.items()}
        self._judge_digests = {
            (study.judges[key], seeds[0]): weights_digest(judge)
            for key, judge in self._judges.items()
        }
        keys = dict.fromkeys(self._link_key(link, seed) for _, link in pairs for seed in seeds)
        self._links = {}
        for name, seed in keys:
            set_seed(study.seed, "link", name)  # some links draw a pool of channels once
            self._links[name, seed] = from_settings(study.links[name], seed)
        for note in study_notes(self._links, study.evaluation.snr_db):
            console.print(Text(note))

    def _link_key(self, name: str, seed: int) -> tuple[str, int]:
        """Name and, where it makes another link, training seed."""
        follows = self._study.links[name].follows_training
        return name, seed if follows else self._study.evaluation.seeds[0]

    def _obtain(self, name: str, seed: int) -> keras.Model:
        self._console.print(Text(f"Model {name}, seed {seed}"))
        return self._models.obtain(name, self._study.models[name], self._data, seed)

    def result(self) -> Result:
        """Simulate what is not finished."""
        study, evaluation = self._study, self._study.evaluation
        num_pairs = sum(len(curve.pairs) for curve in study.curves)
        num_points = num_pairs * len(evaluation.seeds) * len(evaluation.snr_db)
        with ProgressBar(num_points, console=self._console) as bar:
            curves = {curve.label: self._curve(curve, bar) for curve in study.curves}
        digests = self._digests | self._judge_digests
        models = {f"{name}, seed {seed}": value for (name, seed), value in digests.items()}
        return Result(
            curves,
            study.title,
            settings=study.model_dump(mode="json"),
            seed=study.seed,
            checksums={**self._data.checksums, **models},
            threads=intra_op_threads(),
        )

    def _curve(self, curve: CurveSettings, bar: ProgressBar) -> Curve:
        evaluation = self._study.evaluation
        points: list[list[Point]] = []
        summaries: list[list[Summary]] = []
        for seed in evaluation.seeds:
            parts = [_Part(curve, *pair, seed) for pair in curve.pairs]
            done = [(self._points(part, bar), self._summary(part)) for part in parts]
            points.append([point for row, _ in done for point in row])
            summaries.append([summary for _, summary in done])
        figures = [_mean(rows) for rows in zip(*summaries, strict=True)]
        if evaluation.axis != SNR_AXIS:
            return _along(evaluation, points, figures)
        metrics = join_points(points, evaluation.confidence)
        return Curve(np.array(evaluation.snr_db), metrics, figures[0])

    def _points(self, part: _Part, bar: ProgressBar) -> list[Point]:
        """All SNRs of one trained model over one link."""
        evaluation, curve = self._study.evaluation, part.curve
        system = self._system(part)
        options = {} if curve.present is None else {"present": curve.present}
        measure: Measure = functools.partial(system.measure, **options)
        measure = executable(measure, evaluation.graph_mode)
        batches = self._batches()
        label = part.label if len(evaluation.seeds) == 1 else f"{part.label}, seed {part.seed}"
        points = []

        def show(state: State) -> None:
            bar.show(label, state)

        for snr_db in evaluation.snr_db:
            key = self._key(part, snr_db)
            if (known := self._partial.get(key)) is None:
                whose = part.link if evaluation.common_channels else part.label
                seeds = (self._study.seed, whose, part.seed, snr_db)
                point = simulate_point(
                    measure, batches, snr_db, evaluation, seeds, show, system.aggregates
                )
                if evaluation.probes:
                    kind = "linear" if evaluation.probes is True else evaluation.probes
                    seen = (self._data, batches, snr_db, curve.present)
                    point |= probe(system, *seen, kind=kind)
                self._check_names(point)
                values = {name: astuple(estimate) for name, estimate in point.items()}
                self._partial.put(key, values)
            else:
                point = {name: Estimate(*values) for name, values in known.items()}
            bar.advance_point()
            points.append(point)
        return points

    def _summary(self, part: _Part) -> Summary:
        """Figures that do not depend on the SNR."""
        key, axis = self._key(part, SUMMARY), self._study.evaluation.axis
        summary: Summary | None = self._partial.get(key)
        if summary is None:
            figures = self._system(part).summary(self._batches())
            summary = {name: float(value) for name, value in figures.items()}
            if axis != SNR_AXIS and axis not in summary:
                raise ValueError(
                    f"The study's axis is {shortened(axis)}, but the summary of {part.model!r} "
                    f"over {shortened(part.link)} has only {listed(summary, 40)}"
                )
            self._partial.put(key, summary)
        return summary

    def _batches(self) -> tf.data.Dataset:
        """The samples that are sent."""
        evaluation = self._study.evaluation
        draw = self._data.test if evaluation.split == "test" else self._data.validation
        return draw(evaluation.batch_size)

    def _system(self, part: _Part) -> keras.Model:
        system = self._systems[part.model, part.seed]
        system.link = self._links[self._link_key(part.link, part.seed)]
        settings = self._study.models[part.model].system
        if settings.modes:
            system.mode = part.curve.mode or settings.own_mode
        system.recognizers = self._judges
        system.further_metrics = self._study.evaluation.metrics
        return system

    def _key(self, part: _Part, what: object) -> str:
        digests = self._digests[part.model, part.seed], *self._judge_digests.values()
        weights = " ".join(digest[:16] for digest in digests)
        names = f"{part.curve.label} / {part.model} over {part.link}"
        return f"{names} / seed {part.seed} ({weights}) / {what}"

    def _check_names(self, point: Point) -> None:
        figure = self._study.figure
        for name in (*(figure.metrics or ()), *figure.log_scale):
            if name not in point:
                raise ValueError(
                    f"The study's figure names the metric {shortened(name)}, but there are only "
                    f"{listed(point, 40)}"
                )


def _along(
    evaluation: EvaluationSettings, points: Sequence[Sequence[Point]], figures: Sequence[Summary]
) -> Curve:
    """Curve of points ``[num_seeds][num_points]`` along one of the ``figures`` of each point."""
    order = np.argsort([summary[evaluation.axis] for summary in figures], kind="stable")
    points = [[row[index] for index in order] for row in points]
    names = dict.fromkeys(name for summary in figures for name in summary)
    columns = {
        name: np.array([figures[index].get(name, np.nan) for index in order]) for name in names
    }
    x = columns.pop(evaluation.axis)
    shared = {name for name, column in columns.items() if np.all(column == column[0])}
    return Curve(
        np.full(len(x), evaluation.snr_db[0]),
        join_points(points, evaluation.confidence),
        {name: float(columns[name][0]) for name in columns if name in shared},
        evaluation.axis,
        x,
        {name: column for name, column in columns.items() if name not in shared},
    )


def _mean(summaries: Iterable[Mapping[str, Any]]) -> Summary:
    """Mean of each figure over the seeds."""
    rows = list(summaries)
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
