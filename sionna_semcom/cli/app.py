# SPDX-License-Identifier: Apache-2.0
"""The ``sionna-semcom`` command.

Commands import the modules that need TensorFlow only when they run. Help and existing results are
therefore shown without delay.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from .._files import check_folder, check_no_input
from . import channel, distribution, export, parts, shipped, study
from .arguments import Changes, ResultFiles, StudyFile
from .show import draw, names_of, show_tables
from .terminal import accept_all_characters, console, load_tensorflow, options, report_errors, say

# Must be set before TensorFlow is imported: log errors only, allocate GPU memory on demand
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")

app = typer.Typer(
    help="Semantic communication over Sionna links.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def _options_of_all(
    traceback: Annotated[
        bool, typer.Option("--traceback", help="Show the traceback of errors.")
    ] = False,
) -> None:
    options["traceback"] = traceback
    accept_all_characters()


app.command()(study.run)
app.command()(study.train)


@app.command()
@report_errors
def latents(
    study_file: StudyFile,
    out: Annotated[
        Path | None, typer.Option(help="File; default results/STUDY_latents.h5.")
    ] = None,
    changes: Changes = None,
) -> None:
    """Export the latents of a study whose data are latents, for other programs.

    Untrained networks are trained first.
    """
    load_tensorflow()
    from ..datasets.latents import LATENTS
    from ..datasets.user_latents import USER_LATENTS
    from ..simulation.evaluation.progress import verbosity
    from ..simulation.studies.study import load_study, models_folders
    from ..simulation.training.store import ModelStore
    from ..simulation.training.threads import limited_threads

    study = load_study(study_file, changes or ())
    if study.data.modalities not in (LATENTS, USER_LATENTS):
        raise ValueError(f"The data of {study_file} must be latents. Received: {study.data.kind}")
    path = out or Path("results") / f"{study.name}_latents.h5"
    check_folder(path.parent, path.name)
    models = ModelStore(models_folders(study_file), path.parent / "models", verbosity(console))
    with limited_threads(study.deterministic):
        data: Any = study.load_data(models)
    data.save(path)
    for line in data.summary():
        say(line)
    say(f"Latents: {path}")


@app.command()
@report_errors
def convert(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="File; for .csd files, NAME=FILE for each."),
    ],
    out: Annotated[Path, typer.Option(help="The HDF5 file to write.")],
    format: Annotated[
        str | None, typer.Option(help="mmsa, multibench, csd or hdf5; default: detect.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="regression or classification; default: detect.")
    ] = None,
    splits: Annotated[
        Path | None, typer.Option(help="Videos of each split of .csd files; default: draw.")
    ] = None,
    shares: Annotated[
        tuple[float, float] | None,
        typer.Option(help="Fractions of drawn test and validation videos of .csd files."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the drawn split of .csd files; default: 0.")
    ] = None,
    column: Annotated[str | None, typer.Option(help="Column of the label in a .csd file.")] = None,
    modality: Annotated[
        list[str] | None, typer.Option(help="Modality to keep; default: all.")
    ] = None,
    max_words: Annotated[
        int | None, typer.Option(help="Maximum number of words per segment of .csd files.")
    ] = None,
) -> None:
    """Convert multimodal features (MMSA, MultiBench, .csd) to an HDF5 file of this package.

    Computational sequences are given as text=FILE audio=FILE ... labels=FILE words=FILE.
    """
    load_tensorflow()
    from ..datasets import read_features
    from .features_table import features_notes, features_table

    check_folder(out.parent, out.name)
    named = [each.partition("=")[2] for each in inputs]
    check_no_input(out, [*inputs, *filter(None, named), *([splits] if splits else [])])
    of_sequences: dict[str, Any] = {"splits": splits, "shares": shares, "column": column}
    of_sequences |= {"max_words": max_words, "modalities": modality, "seed": seed}
    data = read_features(inputs, format, label=label, **of_sequences)
    data.save(out)
    console.print(features_table(data, "Features"), *features_notes(data), sep="\n")
    say(f"Features: {out}")


@app.command()
@report_errors
def show(
    result_files: ResultFiles,
    metric: Annotated[list[str] | None, typer.Option(help="Show only this metric.")] = None,
    figure: Annotated[Path | None, typer.Option(help="Draw a figure (png, pdf, svg).")] = None,
) -> None:
    """Show results as tables, and draw them in one figure with --figure."""
    from ..simulation.results.figure_settings import FigureSettings, figure_settings
    from ..simulation.results.result import Result

    results = [Result.load(path) for path in result_files]
    options = FigureSettings()
    if len(results) == 1:
        (result,) = results
        title, curves = result.title, dict(result.curves)
        if figure is not None:
            options = figure_settings(result, str(result_files[0]))
    else:
        title = ""
        curves = {
            f"{name}: {label}" if label else name: curve
            for name, result in zip(names_of(result_files), results, strict=True)
            for label, curve in result.curves.items()
        }
    show_tables(curves, metric)
    if figure is not None:
        some = {"metrics": tuple(metric)} if metric else {}
        draw(title, curves, figure, options.model_copy(update=some))


@app.command()
@report_errors
def report(
    result_files: ResultFiles,
    out: Annotated[Path, typer.Option(help="HTML file.")] = Path("report.html"),
) -> None:
    """Write an HTML report of results with figures, tables, settings and checksums."""
    from ..simulation.results.report import write_report
    from ..simulation.results.result import Result

    check_folder(out.parent, out.name)
    check_no_input(out, result_files)
    names = names_of(result_files)
    results = [Result.load(path) for path in result_files]
    write_report(dict(zip(names, results, strict=True)), out)
    say(f"Report: {out}")


@app.command()
@report_errors
def gallery(
    study_file: StudyFile,
    model: Annotated[str, typer.Option(help="Model of the study.")],
    link: Annotated[
        str | None, typer.Option(help="Link of the study; default: link of training.")
    ] = None,
    snr: Annotated[list[float] | None, typer.Option(help="SNRs [dB]; default: 0, 10, 20.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the figures.")] = Path("results"),
    changes: Changes = None,
) -> None:
    """Draw the latent space of a model, and reconstructions over a link."""
    load_tensorflow()
    from ..simulation.evaluation.progress import verbosity
    from ..simulation.studies.gallery import draw_gallery
    from ..simulation.studies.study import load_study, models_folders
    from ..simulation.training.store import ModelStore

    study = load_study(study_file, changes or ())
    models = ModelStore(models_folders(study_file), out / "models", verbosity(console))
    for path in draw_gallery(study, model, link, snr or [0.0, 10.0, 20.0], out, models):
        say(f"Figure: {path}")


app.command()(export.export)
app.command()(channel.channel)
app.command()(distribution.cdf)
app.command(name="list")(parts.list_parts)
app.command()(parts.schema)
app.command()(parts.info)
app.command()(shipped.studies)
app.command()(shipped.models)


def main() -> None:
    """Entry point of the command."""
    app(prog_name="sionna-semcom")


if __name__ == "__main__":
    main()
