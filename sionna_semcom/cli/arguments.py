# SPDX-License-Identifier: Apache-2.0
"""Arguments of several commands."""

from pathlib import Path
from typing import Annotated

import typer

from .._shipped import study_path

StudyFile = Annotated[
    Path,
    typer.Argument(
        metavar="STUDY.yaml", parser=study_path, help="Study file, or name of a shipped study."
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, e.g. evaluation.snr_db=[0]"),
]
ResultFiles = Annotated[list[Path], typer.Argument(metavar="RESULT.h5...", help="Result files.")]
