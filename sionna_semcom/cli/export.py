# SPDX-License-Identifier: Apache-2.0
"""The command ``export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from .terminal import console, load_tensorflow, report_errors, say


@report_errors
def export(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A .keras file, or the name of a shipped model.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the two graphs.")],
    seed: Annotated[int, typer.Option(help="Training seed of a shipped model.")] = 0,
) -> None:
    """Write the transmitter and the receiver of a model as two ONNX graphs.

    The link between them is not exported. The inputs of the receiver are equalized symbols and
    their effective noise power.
    """
    load_tensorflow()
    from .. import load_model
    from ..systems import export_onnx

    described = export_onnx(load_model(model, seed), out)
    for name, graph in described["graphs"].items():
        table = Table("", "name", "shape", "type", title=name, title_justify="left", box=None)
        for side in ("inputs", "outputs"):
            for end, about in graph[side].items():
                shape = ", ".join(map(str, about["shape"]))
                table.add_row(side[:-1], Text(end), Text(f"[{shape}]"), about["dtype"])
        console.print(table, "")
    say(f"Graphs: {out}")
