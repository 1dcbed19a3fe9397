# SPDX-License-Identifier: Apache-2.0
"""Commands ``run`` and ``train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .._errors import in_one_line
from .._files import check_folder
from .._messages import listed, shortened
from .arguments import Changes, StudyFile
from .connection import connected, show_job
from .show import draw, show_ranking, show_tables
from .terminal import console, load_tensorflow, report_errors, say


@report_errors
def run(
    study_file: StudyFile,
    out: Annotated[Path, typer.Option(help="Folder of the result.")] = Path("results"),
    changes: Changes = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Use N processes of this machine.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Use the Dask cluster at this address.")
    ] = None,
    cluster: Annotated[
        Path | None, typer.Option(metavar="FILE.yaml", help="Use jobs of a batch system.")
    ] = None,
    best: Annotated[
        str | None, typer.Option(metavar="METRIC", help="Rank curves by this metric.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the job script of --cluster.")
    ] = False,
) -> None:
    """Run a study: train missing models, simulate, show tables and draw a figure.

    Repeating the command resumes an interrupted run.
    """
    if dry_run:
        show_job(cluster)
        return
    with connected(workers, scheduler, cluster) as connect:
        load_tensorflow()
        from ..simulation.evaluation.progress import verbosity
        from ..simulation.studies.runner import run_study
        from ..simulation.studies.study import load_study, models_folders
        from ..simulation.studies.sweep import Sweep
        from ..simulation.training.store import ModelStore

        ranking = [f"figure.best={best!r}"] if best else []
        study = load_study(study_file, [*(changes or ()), *ranking])
        figure = out / f"{study.name}.png"
        check_folder(out, figure.name)
        say(study.title or study.name, "bold")
        models = ModelStore(models_folders(study_file), out / "models", verbosity(console))
        result = run_study(study, out, models, console, connect())
    say(f"Result: {out / study.name}.h5")
    show_tables(result.curves, None)
    try:
        draw(study.title, result.curves, figure, study.figure)
    except OSError as error:  # the result of hours of computing exists
        raise OSError(
            f"{in_one_line(error)}. The result is kept: draw it with "
            f"sionna-semcom show {out / study.name}.h5 --figure {figure}"
        ) from error
    if study.figure.best is not None or Sweep.of(changes or ())[0] is not None:
        show_ranking(result, study.figure)


@report_errors
def train(
    study_file: StudyFile,
    model: Annotated[str | None, typer.Option(help="Model of the study; default: all.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Training seed; default: seeds of the study.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the models; default: first folder that runs search."),
    ] = None,
    changes: Changes = None,
) -> None:
    """Train the models of a study and save their weights."""
    load_tensorflow()
    from ..simulation.evaluation.progress import verbosity
    from ..simulation.results.names import check_seed
    from ..simulation.studies.study import load_study, models_folders
    from ..simulation.training.store import ModelStore
    from ..simulation.training.threads import limited_threads

    study = load_study(study_file, changes or ())
    if model is not None and model not in study.models:
        raise ValueError(f"There is no model {shortened(model)}, only {listed(study.models, 20)}")
    if seed is not None:
        check_seed(seed)
    folders = models_folders(study_file)
    folder = out or folders[0]
    check_folder(folder)
    with limited_threads(study.deterministic):
        data = study.load_data(ModelStore(folders, folder, verbosity(console)))
        models = ModelStore((), folder, verbosity(console))
        for name in [model] if model else study.models:
            for number in study.evaluation.seeds if seed is None else [seed]:
                say(f"Model {name}, seed {number}", "bold")
                models.obtain(name, study.models[name], data, number)
                path = models.find(name, study.models[name], data.checksums, number)
                say(f"Weights: {path}" if path else "The model has no trainable weights")
