# SPDX-License-Identifier: Apache-2.0
"""The ``sionna-semcom`` command.

Modules that import TensorFlow are imported by the commands that need them, so that help and results
that exist come at once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from . import _cli_shipped
from ._shipped import study_path
from ._terminal import console, load_tensorflow, options, report_errors

if TYPE_CHECKING:
    from .simulation import Curve

# Before TensorFlow is imported: errors only, and GPU memory as it is needed
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")

app = typer.Typer(
    help="Semantic communication over links of Sionna.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

StudyFile = Annotated[
    Path,
    typer.Argument(
        metavar="STUDY.yaml", parser=study_path, help="The study: a file, or a shipped one's name."
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, e.g. evaluation.snr_db=[0]"),
]


@app.callback()
def _options_of_all(
    traceback: Annotated[
        bool, typer.Option("--traceback", help="Show where errors arose.")
    ] = False,
) -> None:
    options["traceback"] = traceback


@app.command()
@report_errors
def run(
    study_file: StudyFile,
    out: Annotated[Path, typer.Option(help="Folder of the result.")] = Path("results"),
    changes: Changes = None,
) -> None:
    """Run a study: train what is not trained yet, simulate, show a table and draw a figure.

    An interrupted run goes on where it stopped when it is started again.
    """
    load_tensorflow()
    from .simulation.runner import run_study
    from .simulation.study import load_study, models_folders

    study = load_study(study_file, changes or ())
    console.print(Text(study.title or study.name, style="bold"))
    result = run_study(study, out, models_folders(study_file), console)
    _show(result.curves, None)
    _draw(study.title, result.curves, out / f"{study.name}.png", study.figure.model_dump())
    console.print(f"Result: {out / study.name}.h5", soft_wrap=True)


@app.command()
@report_errors
def train(
    study_file: StudyFile,
    model: Annotated[str | None, typer.Option(help="One of the study's models; else all.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed; else those of the study.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the models; else where runs look for them.")
    ] = None,
    changes: Changes = None,
) -> None:
    """Train the models of a study and keep their weights."""
    load_tensorflow()
    from .simulation.progress import verbosity
    from .simulation.study import load_study, models_folders
    from .simulation.training import obtain_model

    study = load_study(study_file, changes or ())
    if model is not None and model not in study.models:
        raise ValueError(f"There is no model {model!r}, only {', '.join(study.models)}")
    folders = models_folders(study_file)
    folder = out or folders[0]
    data = study.load_data(folders, folder)
    for name in [model] if model else study.models:
        for number in study.evaluation.seeds if seed is None else [seed]:
            console.print(f"Model {name}, seed {number}", style="bold")
            obtain_model(name, study.models[name], data, number, [], folder, verbosity(console))
            console.print(f"Weights: {folder / name}/seed{number}.weights.h5", soft_wrap=True)


@app.command()
@report_errors
def latents(
    study_file: StudyFile,
    out: Annotated[
        Path | None, typer.Option(help="The file; else results/<name of the study>_latents.h5.")
    ] = None,
    changes: Changes = None,
) -> None:
    """Write the latents that a study's data are to a file, for other programs.

    Networks that are not trained yet are trained first.
    """
    load_tensorflow()
    from .simulation.data_settings import LATENTS
    from .simulation.study import load_study, models_folders

    study = load_study(study_file, changes or ())
    if study.data.modalities != LATENTS:
        raise ValueError(f"The data of {study_file} are no latents, but {study.data.kind}")
    path = out or Path("results") / f"{study.name}_latents.h5"
    data: Any = study.load_data(models_folders(study_file), path.parent / "models")
    data.save(path)
    sizes = ", ".join(f"{name} {len(split)}" for name, split in data.splits.items())
    (d,), (m,) = data.shapes["tx"], data.shapes["rx"]
    console.print(f"{d} real numbers at the transmitter, {m} at the receiver ({sizes})")
    console.print(f"Accuracy of the receiver on its own latents: {data.receiver_accuracy:.3f}")
    console.print(f"Latents: {path}", soft_wrap=True)


@app.command()
@report_errors
def convert(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="The file; of .csd files NAME=FILE for each."),
    ],
    out: Annotated[Path, typer.Option(help="The HDF5 file to write.")],
    format: Annotated[
        str | None, typer.Option(help="mmsa, multibench, csd or hdf5; else recognised.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="regression or classification; else what is there.")
    ] = None,
    splits: Annotated[
        Path | None, typer.Option(help="Videos of each split, for .csd files; else drawn.")
    ] = None,
    shares: Annotated[
        tuple[float, float], typer.Option(help="Shares of drawn test and validation videos.")
    ] = (0.2, 0.1),
    seed: Annotated[int, typer.Option(help="Seed of the draw.")] = 0,
    column: Annotated[str, typer.Option(help="Which label of a .csd file.")] = "sentiment",
    max_words: Annotated[
        int | None, typer.Option(help="Words kept of longer segments of .csd files.")
    ] = None,
) -> None:
    """Convert multimodal features (MMSA, MultiBench, .csd) to the project's HDF5.

    Computational sequences are given as text=FILE audio=FILE ... labels=FILE words=FILE.
    """
    load_tensorflow()
    from .datasets import read_features
    from .simulation.data_table import features_table

    of_sequences: dict[str, Any] = {"splits": splits, "shares": shares, "column": column}
    data = read_features(
        inputs, format, label=label, seed=seed, max_words=max_words, **of_sequences
    )
    data.save(out)
    console.print(features_table(data, "Features"))
    console.print(f"Features: {out}", soft_wrap=True)


@app.command()
@report_errors
def show(
    result_files: Annotated[list[Path], typer.Argument(metavar="RESULT.h5...", help="Results.")],
    metric: Annotated[list[str] | None, typer.Option(help="Show this one only.")] = None,
    figure: Annotated[Path | None, typer.Option(help="Draw in this file (png, pdf, svg).")] = None,
) -> None:
    """Show results as tables and, with --figure, in one figure."""
    from .simulation.results import Result

    results = [Result.load(path) for path in result_files]
    if len(results) == 1:
        (result,) = results
        title, curves = result.title, dict(result.curves)
        options = result.settings.get("figure", {})
    else:
        title, options = "", {}
        curves = {
            f"{name}: {label}" if label else name: curve
            for name, result in zip(_names(result_files), results, strict=True)
            for label, curve in result.curves.items()
        }
    _show(curves, metric)
    if figure is not None:
        _draw(title, curves, figure, {**options, "metrics": metric} if metric else options)


@app.command()
@report_errors
def gallery(
    study_file: StudyFile,
    model: Annotated[str, typer.Option(help="One of the study's models.")],
    link: Annotated[
        str | None, typer.Option(help="One of the study's links; else that of training.")
    ] = None,
    snr: Annotated[list[float] | None, typer.Option(help="SNRs [dB]; else 0, 10, 20.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the pictures.")] = Path("results"),
    changes: Changes = None,
) -> None:
    """Draw the latent space of a model, and what comes back over a link."""
    load_tensorflow()
    from .simulation.gallery import draw_gallery
    from .simulation.study import load_study, models_folders

    study = load_study(study_file, changes or ())
    folders = models_folders(study_file)
    for path in draw_gallery(study, model, link, snr or [0.0, 10.0, 20.0], out, folders):
        console.print(f"Picture: {path}", soft_wrap=True)


@app.command(name="list")
@report_errors
def list_() -> None:
    """List the systems, links and data sets that a study can name."""
    load_tensorflow()
    from .simulation.catalogue import catalogue

    for title, entries in catalogue().items():
        table = Table(title=title, title_justify="left", title_style="bold", box=None)
        table.add_column(style="cyan", no_wrap=True)
        table.add_column()
        for kind, summary in entries.items():
            table.add_row(kind, Text(summary))
        console.print(table, "")


app.command()(_cli_shipped.studies)
app.command()(_cli_shipped.models)


@app.command()
@report_errors
def info() -> None:
    """Show versions, devices, and where data and models are looked for."""
    load_tensorflow()
    import tensorflow as tf

    from .simulation.data_settings import DATA_VARIABLE
    from .simulation.results import package_versions
    from .simulation.study import MODELS_VARIABLE

    devices = [device.name for device in tf.config.list_logical_devices()]
    rows = {
        **package_versions(),
        "devices": ", ".join(devices),
        "data": os.environ.get(DATA_VARIABLE, f"built in only ({DATA_VARIABLE} is not set)"),
        "models": os.environ.get(
            MODELS_VARIABLE,
            f"../models beside a study, and shipped ({MODELS_VARIABLE} is not set)",
        ),
    }
    table = Table(box=None, show_header=False)
    for name, value in rows.items():
        table.add_row(Text(name, style="cyan"), Text(value))
    console.print(table)


def _names(paths: Sequence[Path]) -> list[str]:
    """Names that tell files apart: without folders where that is enough."""
    names = [path.stem for path in paths]
    if len(set(names)) == len(names):
        return names
    absolute = [path.resolve().with_suffix("") for path in paths]
    common = os.path.commonpath([path.parent for path in absolute])
    return [path.relative_to(common).as_posix() for path in absolute]


def _show(curves: Mapping[str, Curve], metrics: Sequence[str] | None) -> None:
    from .simulation.tables import result_tables

    for table in result_tables(curves, metrics):
        console.print(table)


def _draw(title: str, curves: Mapping[str, Curve], path: Path, options: Mapping[str, Any]) -> None:
    from .simulation import PlotMetrics, Result

    options = dict(options)
    drawn = options.pop("curves", None) or curves
    PlotMetrics(title).add(Result({label: curves[label] for label in drawn})).save(path, **options)
    console.print(f"Figure: {path}", soft_wrap=True)


def main() -> None:
    """Entry point of the command."""
    app(prog_name="sionna-semcom")


if __name__ == "__main__":
    main()
