# SPDX-License-Identifier: Apache-2.0
"""Command ``channel``: statistics of channels, and files of channel realizations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich import box
from rich.table import Table
from rich.text import Text

from .._files import check_folder
from .._hdf5 import open_hdf5
from .._messages import shortened
from .._parts import validated
from .._yaml import load_yaml
from .terminal import console, load_tensorflow, report_errors, say

if TYPE_CHECKING:
    from ..channel.sources.figures import ChannelFigures
    from ..channel.sources.realizations import Realizations

PERCENTILES = (10, 50, 90)


@report_errors
def channel(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE.h5", help="Channel file, unless --model or --scene is given."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Model of TR 38.901, e.g. UMi.")
    ] = None,
    scene: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Scene of sionna.rt or XML file for ray tracing."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write impulse responses to this file.")] = None,
    count: Annotated[
        int, typer.Option(min=1, help="Impulse responses, or positions in a scene.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the realizations.")] = 0,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Setting of the ofdm link, e.g. speed=10"),
    ] = None,
) -> None:
    """Show channel statistics, such as delay spread; write 3GPP or ray-traced channels to a file.

    A channel file defines the antennas. For a model, --set changes settings of the ofdm link: grid,
    antennas and speed. For a scene, --set also changes settings of ray_traced, such as --set
    "transmitter=[8.5,21,27]".
    """
    if sum(one is not None for one in (file, model, scene)) != 1:
        raise ValueError("Give exactly one of a file, --model and --scene")
    if file is not None and out is not None:
        raise ValueError("--out needs --model or --scene")
    if out is not None:
        check_folder(out.parent, out.name)
    load_tensorflow()
    if file is not None:
        show_file(file, _options(changes, "channel", "num_rx_ant", "num_tx_ant", "csi"))
    elif scene is not None:
        own = {"scene": scene, "num_receivers": count, "seed": seed}
        show_scene({**own, **_options(changes, *own)}, out)
    else:
        show_model({"model": model, **_options(changes, "model")}, out, count, seed)


def show_file(path: Path, options: dict[str, Any]) -> None:
    """Show the statistics of a file of impulse responses or frequency responses."""
    from ..channel import SOURCES
    from ..channel.slots.resource_grid import resource_grid
    from ..channel.sources.figures import path_figures, response_figures
    from ..link import OFDMSettings

    with open_hdf5(path, "file of channels") as content:
        names = set(content)
    if not names & {"a", "h"}:
        raise ValueError(f"`{path}` must contain a and tau, or h. Received: neither")
    kind = "cir" if "a" in names else "frequency_response"
    source = SOURCES.build({"kind": kind, "path": path})
    rx, tx = source.antennas
    own = {"channel": source.settings, "num_rx_ant": rx, "num_tx_ant": tx, "csi": "perfect"}
    settings = validated(OFDMSettings, {**own, **options})
    resources = resource_grid(settings)
    grid = settings, float(resources.ofdm_symbol_duration)
    h = source.slots(settings, resources).seen().numpy()
    if kind == "cir":
        paths = source.paths
        figures = path_figures(h, paths.powers, paths.tau, *grid)
        spread = paths.angular_spread
    else:
        figures, spread = response_figures(h, *grid), None
    _show(f"{path}: {len(source.rows)} channels, {tx} x {rx} antennas", figures, spread)


def show_model(options: dict[str, Any], out: Path | None, count: int, seed: int) -> None:
    """Draw impulse responses of a model, show their statistics, and write them to ``out``."""
    from .._seeding import set_seed
    from ..channel.slots.resource_grid import resource_grid
    from ..channel.sources.realizations import realizations
    from ..link import OFDMSettings

    settings = validated(OFDMSettings, options)
    set_seed(seed, "channels")
    found = realizations(settings, resource_grid(settings), count)
    _keep_and_show(f"{settings.model}: {count} channels", settings, found, out)


def show_scene(options: dict[str, Any], out: Path | None) -> None:
    """Trace paths in a scene, show their statistics, and write impulse responses to ``out``."""
    from ..channel import RayTracedChannels, RayTracedSettings
    from ..channel.slots.resource_grid import resource_grid
    from ..link import OFDMSettings

    fields = RayTracedSettings.model_fields
    source = RayTracedChannels(**{k: v for k, v in options.items() if k in fields})
    of_link = {key: value for key, value in options.items() if key not in fields}
    settings = validated(OFDMSettings, {"channel": source.settings, **of_link})
    found = source.realizations(settings, resource_grid(settings))
    title = f"{source.settings.scene}: {len(found.a)} of {source.settings.num_receivers} positions"
    _keep_and_show(title, settings, found, out)


def _keep_and_show(title: str, settings: Any, found: Realizations, out: Path | None) -> None:
    """Write realizations to ``out`` unless it is `None`, and show their statistics."""
    from ..channel.slots.resource_grid import resource_grid
    from ..channel.sources.figures import path_figures
    from ..channel.sources.impulse_responses import PathSlots, paths_of
    from ..channel.sources.realizations import write_realizations

    grid = resource_grid(settings)
    duration = float(grid.ofdm_symbol_duration)
    if out is not None:
        write_realizations(out, found, 1.0 / duration)
    paths = paths_of(found.a.astype(complex), found.tau.astype(float))
    rows = np.arange(len(paths.a))
    h = PathSlots(settings, grid, "slot", rows, paths).seen().numpy()
    figures = path_figures(h, paths.powers, paths.tau, settings, duration)
    antennas = f"{settings.num_tx_ant} x {settings.num_rx_ant} antennas"
    _show(f"{title}, {antennas}", figures, found.angular_spread)
    if out is not None:
        say(f"Channels: {out}")


def _options(changes: list[str] | None, *taken: str) -> dict[str, Any]:
    """Parse settings ``KEY=VALUE``, except those ``taken``, which the command itself sets."""
    found = {}
    for change in changes or ():
        key, separator, text = change.partition("=")
        if not separator:
            raise ValueError(
                f"A setting must have the form key=value. Received: {shortened(change)}"
            )
        if key in taken:
            raise ValueError(f"--set cannot change {key}, which the command sets")
        found[key] = load_yaml(text, "the value")
    return found


def _show(title: str, figures: ChannelFigures, angular_spread: np.ndarray | None) -> None:
    """Show a title and one row per statistic: percentiles over the channels, or one number."""
    say(title, "bold")
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("", *(f"{one} %" for one in PERCENTILES)):
        table.add_column(name, justify="right" if name else "left")
    for name, values, unit in _rows(figures, angular_spread):
        if values is None:
            table.add_row(Text(name), Text("not known"))
        elif np.ndim(values):
            shown = np.percentile(values, PERCENTILES, method="nearest") * unit
            table.add_row(Text(name), *(Text(f"{value:.4g}") for value in shown))
        else:
            shown = "beyond the slot" if np.isinf(values) else f"{float(values) * unit:.4g}"
            table.add_row(Text(name), Text(shown))
    console.print(table)


def _rows(figures: ChannelFigures, spread: np.ndarray | None) -> list[tuple[str, Any, float]]:
    """Names, values in SI units, and factors to the displayed units."""
    arrival, departure = (None, None) if spread is None else np.asarray(spread).T
    beyond, interference = figures.beyond_prefix, figures.interference
    return [
        ("delay spread (RMS) [ns]", figures.delay_spread, 1e9),
        ("azimuth spread of arrival (RMS) [deg]", arrival, 180 / np.pi),
        ("azimuth spread of departure (RMS) [deg]", departure, 180 / np.pi),
        ("K-factor [dB]", figures.k_factor_db, 1.0),
        ("coherence bandwidth (0.5) [kHz]", figures.coherence_bandwidth, 1e-3),
        ("coherence time (0.5) [ms]", figures.coherence_time, 1e3),
        ("power beyond the prefix, mean [%]", None if beyond is None else np.mean(beyond), 100.0),
        (
            "interference beyond the prefix, mean [%]",
            None if interference is None else np.mean(interference),
            100.0,
        ),
    ]
