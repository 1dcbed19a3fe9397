# SPDX-License-Identifier: Apache-2.0
"""Run a study so that an interrupted run goes on where it stopped, to the same numbers."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.text import Text

from .._seeding import set_seed
from ..link import from_settings
from ..systems import CentroidSettings
from .monte_carlo import Measure, State, executable, simulate_point
from .partial import Partial
from .progress import ProgressBar, verbosity
from .results import Curve, Estimate, Metric, Result, package_versions
from .study import CurveSettings, Study
from .training import obtain_model

if TYPE_CHECKING:
    import keras

    from ..datasets import Digits

Point = dict[str, Estimate]


def run_study(
    study: Study,
    out: Path,
    models_dirs: Sequence[Path] = (),
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
        Folder of the result, and of models that had to be trained
    models_dirs : sequence of `Path`
        Folders with trained models
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
    """
    console = console or Console(quiet=True)
    out = Path(out)
    data = study.data.load()
    partial = Partial(out / f"{study.name}.partial.json", _fingerprint(study, data))
    if partial.discarded:
        console.print(f"{partial.path} is of other settings, data or versions: starting anew")
    elif partial:
        console.print(f"Going on after {len(partial)} finished parts in {partial.path}")
    run = _Run(study, data, partial, out / "models", models_dirs, console)
    result = run.result()
    result.save(out / f"{study.name}.h5")
    partial.remove()
    return result


class _Run:
    """One run of a study: its trained systems, its links, and what is finished."""

    def __init__(
        self,
        study: Study,
        data: Digits,
        partial: Partial,
        work_dir: Path,
        models_dirs: Sequence[Path],
        console: Console,
    ) -> None:
        self._study = study
        self._data = data
        self._partial = partial
        self._console = console
        self._work_dir = work_dir
        self._models_dirs = models_dirs
        seeds = study.evaluation.seeds
        self._judges = {key: self._obtain(name, seeds[0]) for key, name in study.judges.items()}
        trained = dict.fromkeys((curve.model, seed) for curve in study.curves for seed in seeds)
        self._systems = {(name, seed): self._obtain(name, seed) for name, seed in trained}
        self._digests = {key: _weights_digest(system) for key, system in self._systems.items()}
        self._links = {}
        for name in dict.fromkeys(curve.link for curve in study.curves):
            set_seed(study.seed, "link", name)  # some links draw a pool of channels once
            self._links[name] = from_settings(study.links[name])

    def _obtain(self, name: str, seed: int) -> keras.Model:
        self._console.print(Text(f"Model {name}, seed {seed}"))
        return obtain_model(
            name,
            self._study.models[name],
            self._data,
            seed,
            self._models_dirs,
            self._work_dir,
            verbosity(self._console),
        )

    def result(self) -> Result:
        """Simulate what is not finished."""
        study, evaluation = self._study, self._study.evaluation
        num_points = len(study.curves) * len(evaluation.seeds) * len(evaluation.snr_db)
        with ProgressBar(num_points, console=self._console) as bar:
            curves = {curve.label: self._curve(curve, bar) for curve in study.curves}
        models = {f"{name}, seed {seed}": value for (name, seed), value in self._digests.items()}
        return Result(
            curves,
            study.title,
            settings=study.model_dump(mode="json"),
            seed=study.seed,
            checksums={**self._data.checksums, **models},
        )

    def _curve(self, curve: CurveSettings, bar: ProgressBar) -> Curve:
        evaluation = self._study.evaluation
        points, summaries = [], []
        for seed in evaluation.seeds:
            points.append(self._points(curve, seed, bar))
            summaries.append(self._summary(curve, seed))
        metrics = {
            name: Metric.from_estimates(
                [[point[name] for point in row] for row in points], evaluation.confidence
            )
            for name in points[0][0]
        }
        return Curve(np.array(evaluation.snr_db), metrics, _mean(summaries))

    def _points(self, curve: CurveSettings, seed: int, bar: ProgressBar) -> list[Point]:
        """All SNRs of one curve and one trained model."""
        evaluation = self._study.evaluation
        system = self._system(curve, seed)
        measure: Measure = functools.partial(system.measure, present=curve.present)
        measure = executable(measure, evaluation.graph_mode)
        batches = self._data.test(evaluation.batch_size)
        label = curve.label if len(evaluation.seeds) == 1 else f"{curve.label}, seed {seed}"
        points = []

        def show(state: State) -> None:
            bar.show(label, state)

        for snr_db in evaluation.snr_db:
            key = self._key(curve, seed, snr_db)
            if (known := self._partial.get(key)) is None:
                seeds = (self._study.seed, curve.label, seed, snr_db)
                point = simulate_point(measure, batches, snr_db, evaluation, seeds, show)
                self._check_names(point)
                values = {name: astuple(estimate) for name, estimate in point.items()}
                self._partial.put(key, values)
            else:
                point = {name: Estimate(*values) for name, values in known.items()}
            bar.advance_point()
            points.append(point)
        return points

    def _summary(self, curve: CurveSettings, seed: int) -> dict[str, float]:
        """Figures that do not depend on the SNR."""
        key = self._key(curve, seed, "summary")
        summary: dict[str, float] | None = self._partial.get(key)
        if summary is None:
            batches = self._data.test(self._study.evaluation.batch_size)
            figures = self._system(curve, seed).summary(batches)
            summary = {name: float(value) for name, value in figures.items()}
            self._partial.put(key, summary)
        return summary

    def _system(self, curve: CurveSettings, seed: int) -> keras.Model:
        system = self._systems[curve.model, seed]
        system.link = self._links[curve.link]
        settings = self._study.models[curve.model].system
        if isinstance(settings, CentroidSettings):
            system.mode = curve.mode or settings.mode
        system.judges = self._judges
        return system

    def _key(self, curve: CurveSettings, seed: int, part: object) -> str:
        return f"{curve.label} / seed {seed} ({self._digests[curve.model, seed][:16]}) / {part}"

    def _check_names(self, point: Point) -> None:
        figure = self._study.figure
        for name in (*(figure.metrics or ()), *figure.log_scale):
            if name not in point:
                raise ValueError(
                    f"The study's figure names the metric {name!r}, but there are only "
                    f"{', '.join(point)}"
                )


def _fingerprint(study: Study, data: Digits) -> str:
    """Digest of everything that decides the numbers, models aside."""
    settings = study.model_dump(mode="json", exclude={"title", "figure"})
    document = json.dumps([settings, data.checksums, package_versions()], sort_keys=True)
    return hashlib.sha256(document.encode()).hexdigest()


def _weights_digest(system: keras.Model) -> str:
    digest = hashlib.sha256()
    for weight in system.get_weights():
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()


def _mean(summaries: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Mean of each figure over the seeds."""
    rows = list(summaries)
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
