# SPDX-License-Identifier: Apache-2.0
"""Resumable execution of a study. Interruptions do not change the result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from ..._files import check_folder, locked
from ...channel.slots.interference import study_notes
from ..evaluation.progress import ProgressBar, verbosity
from ..execution.tasks import Executor, LocalExecutor, Task
from ..results.curves import Curve
from ..results.result import Result
from ..training.store import ModelStore
from ..training.threads import intra_op_threads, limited_threads
from .job import Job
from .joining import joined_curve
from .partial import SUMMARY, Partial, fingerprint
from .parts import Part, Summary, Trained, Values
from .schema import CurveSettings
from .study import Study
from .workspace import Workspace

if TYPE_CHECKING:
    from distributed import Client


def run_study(
    study: Study,
    out: Path,
    models: ModelStore | None = None,
    console: Console | None = None,
    client: Client | None = None,
) -> Result:
    """Train missing models, simulate all curves, and store the result in ``out``.

    A study is a graph of tasks: one training per model and seed, and one simulation per curve, seed
    and SNR. The tasks are computed in this process or by the workers of a Dask cluster, with
    identical results: each point has its own seed, and TensorFlow runs each operation in one
    thread. The environment variable ``TF_NUM_INTRAOP_THREADS`` sets another number of threads. The
    number is not changed if TensorFlow is already initialized.

    Each finished point is stored in ``<out>/<name>.partial.jsonl`` until the result is complete. An
    interrupted run that is repeated therefore resumes, and has the same result as an uninterrupted
    run. Points of other settings, data, models or package versions are discarded.

    Parameters
    ----------
    study : :class:`~sionna_semcom.simulation.Study`
        The study
    out : `Path`
        Folder of the result
    models : `None` | :class:`~sionna_semcom.simulation.ModelStore`
        Trained models. By default, newly trained models are stored in ``<out>/models``.
    console : `None` | `rich.console.Console`
        Console for progress messages
    client : `None` | `distributed.Client`
        Client of a Dask cluster. By default this process computes all tasks.

    Output
    ------
    : :class:`~sionna_semcom.simulation.Result`
        The result, which is also stored in ``<out>/<name>.h5``

    Raises
    ------
    ValueError, FileNotFoundError
        If data, weights or the file of an interrupted run are missing or damaged, or a worker has
        different versions or data
    FloatingPointError
        If training diverges or a metric is not finite
    OSError
        If ``out`` cannot be written (checked before the simulation), another process runs the study
        in the same folder, or the cluster is lost
    """
    console = console or Console(quiet=True)
    out = Path(out)
    result_file, partial_file, lock_file = (
        out / f"{study.name}{end}" for end in (".h5", ".partial.jsonl", ".lock")
    )
    check_folder(out, result_file.name, partial_file.name, lock_file.name)
    with locked(lock_file, str(result_file)), limited_threads(study.deterministic) as threads:
        threads = threads if client else intra_op_threads()
        if models is None:
            models = ModelStore(work_dir=out / "models", verbose=verbosity(console))
        data = study.load_data(models)
        here = Workspace(study, data, models)
        here.check_data()
        files = {**data.checksums, **here.channel_files()}
        partial = Partial(partial_file, fingerprint(study, files, threads))
        if partial.discarded:
            what = "has different settings, data or versions: starting again"
            console.print(Text(f"{partial.path} {what}"))
        elif partial:
            console.print(Text(f"Resuming after {len(partial)} finished parts in {partial.path}"))
        run = _Run(here, files, partial, console)
        result = run.result(run.executor(client, threads), threads)
        result.save(result_file)
        partial.remove()
    return result


class _Run:
    """Run of a study: its tasks and their finished parts."""

    def __init__(
        self, here: Workspace, files: Mapping[str, str], partial: Partial, console: Console
    ) -> None:
        self._here, self._files = here, files
        self._study = study = here.study
        self._partial = partial
        self._console = console
        self._parts = [
            Part(curve, model, link, seed)
            for curve in study.curves
            for seed in study.evaluation.seeds
            for model, link in curve.pairs
        ]
        first = study.evaluation.seeds[0]
        self._judges = list(dict.fromkeys((name, first) for name in study.judges.values()))
        trained = ((part.model, part.seed) for part in self._parts)
        self._models = list(dict.fromkeys([*trained, *self._judges]))
        self._trained: dict[tuple[str, int], Trained] = {}
        evaluation = study.evaluation
        for note in study_notes(here.links(), evaluation.points, evaluation.quantity):
            console.print(Text(note))

    def executor(self, client: Client | None, threads: int) -> Executor:
        """Executor of the tasks: this process, or the workers of ``client``."""
        if client is None:
            return LocalExecutor(self._here)
        from ..execution.dask_executor import DaskExecutor

        def announce(text: str) -> None:
            self._console.print(Text(text))

        return DaskExecutor(client, Job.of(self._here, threads).open, announce)

    def result(self, executor: Executor, threads: int) -> Result:
        """Compute the unfinished tasks and return the result."""
        study, quantity = self._study, self._study.evaluation.quantity
        bar = ProgressBar(self._num_points(), self._console, quantity)

        def done(task: Task, value: Any) -> Iterable[Task]:
            if task.kind == "model":
                return self._after_model(value, bar, executor.remote)
            _, part, what = task.key
            self._partial.put(self._key(part, what), value)
            if task.kind == "point":
                bar.advance_point(part.title, what)
            return ()

        def show(message: str | tuple[Any, ...]) -> None:
            if isinstance(message, str):
                self._console.print(Text(message))
            else:
                bar.start()
                bar.show(*message)

        try:
            executor.run(list(self._model_tasks(executor.remote)), done, show)
        finally:
            bar.stop()
        digests = {
            f"{name}, seed {seed}": self._trained[name, seed].digest for name, seed in self._models
        }
        return Result(
            {curve.label: self._curve(curve) for curve in study.curves},
            study.title,
            settings=study.model_dump(mode="json"),
            seed=study.seed,
            checksums={**self._files, **digests},
            threads=threads,
        )

    def _num_points(self) -> int:
        return len(self._parts) * len(self._study.evaluation.points)

    def _model_tasks(self, remote: bool) -> Iterator[Task]:
        """Tasks of all models. Models from which other models start come first."""
        yielded: set[tuple[str, int]] = set()

        def with_start(name: str, seed: int) -> Iterator[Task]:
            start = self._study.models[name].pretrained
            known = None if start is None else self._study.models.get(start.name)
            if start is not None and known == start.model:
                yield from with_start(start.name, seed)
            if (name, seed) in yielded:
                return
            yielded.add((name, seed))
            needs = [_model_key(start.name, seed)] if start and known == start.model else []
            content = self._here.content(name, seed) if remote else None
            found = [Trained(name, seed, "", content)] if content else []
            arguments = (name, seed, remote, *found)
            yield Task("model", _model_key(name, seed), arguments, tuple(needs), needed=True)

        for key in self._models:
            yield from with_start(*key)

    def _after_model(self, trained: Trained, bar: ProgressBar, remote: bool) -> Iterator[Task]:
        """Tasks of the parts whose models are all trained now."""
        key = (trained.name, trained.seed)
        # without the content, which workers keep as long as they need it
        self._trained[key] = replace(trained, content=None)
        if trained.content and self._here.content(*key) is None:
            self._here.keep(*key, trained.content)
        for number, part in enumerate(self._parts):
            needs = [(part.model, part.seed), *self._judges]
            if key in needs and all(one in self._trained for one in needs):
                yield from self._part_tasks(
                    number, part, tuple(_model_key(*one) for one in needs), bar
                )

    def _part_tasks(
        self, number: int, part: Part, needs: tuple[Any, ...], bar: ProgressBar
    ) -> Iterator[Task]:
        """Unfinished tasks of a part, with adjacent positions."""
        values = self._study.evaluation.points
        tasks: list[tuple[str, tuple[float, ...]]] = [("point", (x,)) for x in values] + [
            ("summary", ())
        ]
        for index, (kind, arguments) in enumerate(tasks):
            what = arguments[0] if arguments else SUMMARY
            if self._partial.get(self._key(part, what)) is None:
                place = (number + index / len(tasks)) / len(self._parts)
                yield Task(kind, (kind, part, what), (part, *arguments), needs, place=place)
            elif arguments:
                bar.advance_point(part.title, *arguments)

    def _curve(self, curve: CurveSettings) -> Curve:
        evaluation = self._study.evaluation
        rows: list[list[Values]] = []
        summaries: list[list[Summary]] = []
        for seed in evaluation.seeds:
            parts = [part for part in self._parts if part.curve == curve and part.seed == seed]
            rows.append([values for part in parts for values in self._points(part)])
            summaries.append([self._partial.get(self._key(part, SUMMARY)) for part in parts])
        return joined_curve(evaluation, rows, summaries)

    def _points(self, part: Part) -> Iterator[Values]:
        for x in self._study.evaluation.points:
            yield self._partial.get(self._key(part, x))

    def _key(self, part: Part, what: object) -> str:
        needs = [(part.model, part.seed), *self._judges]
        weights = " ".join(self._trained[key].digest[:16] for key in needs)
        names = f"{part.curve.label} / {part.model} over {part.link}"
        return f"{names} / seed {part.seed} ({weights}) / {what}"


def _model_key(name: str, seed: int) -> tuple[str, str, int]:
    return "model", name, seed
