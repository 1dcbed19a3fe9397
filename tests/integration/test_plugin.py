# SPDX-License-Identifier: Apache-2.0
"""Parts of other packages are found by entry points, and work in studies."""

from __future__ import annotations

import ast
import configparser
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sionna_semcom.datasets import DATASETS, LatentPairs, LatentSplit
from sionna_semcom.link import LINKS
from sionna_semcom.simulation import Result
from sionna_semcom.systems import SYSTEMS

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "tests" / "plugin"
KINDS = {
    "links": "erasure",
    "channels": "diagonal_mimo",
    "systems": "direct",
    "datasets": "stripes",
    "metrics": "max_error",
}
STUDY, OWN_DATA = (
    re.findall(
        r"^```yaml\n# needs semcom_example\n(.*?)^```$",
        (ROOT / "docs" / "howto" / f"{page}.md").read_text(),
        re.DOTALL | re.MULTILINE,
    )[0]
    for page in ("extend", "own_data")
)
ALIGNMENT = """
name: diagonal
data: {kind: latents, path: latents.h5}
models:
  linear:
    system: {kind: linear_alignment}
    link: {kind: diagonal_mimo}
links:
  diagonal: {kind: diagonal_mimo, num_tx_ant: 2, num_uses: 2}
curves: [{label: Diagonal, model: linear, link: diagonal}]
evaluation: {snr_db: [20], batch_size: 20, max_mc_iter: 2}
"""
BROKEN = {
    "broken_package.py": "raise RuntimeError('its own\\nfault')\n",
    "leaving_package.py": "raise SystemExit(3)\n",
    "taking_package.py": (
        "from typing import Literal\n"
        "from sionna_semcom.link import LINKS, Link, LinkSettings\n"
        "class TakenSettings(LinkSettings):\n"
        "    kind: Literal['awgn'] = 'awgn'\n"
        "@LINKS.register(TakenSettings)\n"
        "class TakenLink(Link):\n"
        "    'Another link of that name.'\n"
    ),
}
BROKEN_POINTS = {
    "sionna_semcom.links": {
        "broken": "broken_package:Link",
        "leaving": "leaving_package:Link",
        "awgn": "taking_package:TakenLink",
        "nameless": "semcom_example.erasure:ErasureSettings",
    },
    "sionna_semcom.systems": {"gone": "no_such_package:System"},
}


def install(site: Path, name: str, points: dict[str, dict[str, str]]) -> None:
    """Write the metadata of an installed distribution: its name and its entry points."""
    info = site / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    parser = configparser.ConfigParser()
    parser.read_dict(points)
    with (info / "entry_points.txt").open("w") as file:
        parser.write(file)


def declared_points() -> dict[str, dict[str, str]]:
    """Entry points of the example, by group."""
    project = configparser.ConfigParser()
    project.read(PLUGIN / "pyproject.toml")
    begin = 'project.entry-points."'
    return {
        section.removeprefix(begin).rstrip('"'): {
            name: value.strip('"') for name, value in project[section].items()
        }
        for section in project.sections()
        if section.startswith(begin)
    }


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Folder with the example package and packages whose import fails."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(PLUGIN / "semcom_example", folder / "semcom_example")
    install(folder, "semcom-example", declared_points())
    for name, text in BROKEN.items():
        (folder / name).write_text(text)
    install(folder, "broken-package", BROKEN_POINTS)
    return folder


COMMANDS = """
import json
from typer.testing import CliRunner
from sionna_semcom.cli.app import app

with open("commands.json") as file:
    ended = [CliRunner().invoke(app, words) for words in json.load(file)]
with open("outputs.json", "w") as file:
    json.dump([[one.exit_code, one.output] for one in ended], file)
"""


def python(site, cwd, code):
    """Output of a program in a process with the packages of ``site``."""
    paths = os.pathsep.join((str(site), str(ROOT)))
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "300", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def commands(site, cwd, *words):
    """Exit code and output of commands in a process with the packages of ``site``."""
    (cwd / "commands.json").write_text(json.dumps(words))
    python(site, cwd, COMMANDS)
    return json.loads((cwd / "outputs.json").read_text())


@pytest.fixture(scope="module")
def described(site, tmp_path_factory):
    """Output of ``list`` and ``schema``, and errors of studies with parts that fail to import."""
    cwd = tmp_path_factory.mktemp("described")
    for kind in ("broken", "nothing"):
        study = STUDY.replace("erasure: {kind: erasure}", f"erasure: {{kind: {kind}}}")
        (cwd / f"{kind}.yaml").write_text(study)
    names = ("list", "erasure", "schema", "broken", "nothing")
    outputs = commands(
        site,
        cwd,
        ["list"],
        ["list", "erasure"],
        ["schema", "--out", "study.schema.json"],
        ["run", "broken.yaml"],
        ["run", "nothing.yaml"],
    )
    return dict(zip(names, outputs, strict=True)), json.loads(
        (cwd / "study.schema.json").read_text()
    )


def test_the_example_declares_a_part_of_each_sort():
    points = declared_points()
    assert {group.removeprefix("sionna_semcom."): [*kinds] for group, kinds in points.items()} == {
        sort: [kind] for sort, kind in KINDS.items()
    }


def test_each_part_is_one_file():
    """Only the file of a part and its entry point make it known."""
    modules = [
        point.partition(":")[0] for kinds in declared_points().values() for point in kinds.values()
    ]
    files = {path.stem for path in (PLUGIN / "semcom_example").glob("*.py")} - {"__init__"}
    assert {module.rpartition(".")[2] for module in modules} == files
    assert len(modules) == len(KINDS)
    package = "\n".join(path.read_text() for path in (ROOT / "sionna_semcom").rglob("*.py"))
    assert "semcom_example" not in package
    assert not [kind for kind in KINDS.values() if f'Literal["{kind}"]' in package]


def test_simulation_names_no_kind():
    kinds = {*SYSTEMS, *LINKS, *DATASETS}
    for path in (ROOT / "sionna_semcom" / "simulation").rglob("*.py"):
        if path.stem != "network_latents":  # a declaration of data sets
            nodes = ast.walk(ast.parse(path.read_text()))
            texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
            assert not texts & kinds, path


def test_list_shows_the_parts_with_their_first_lines(described):
    code, output = described[0]["list"]
    assert code == 0
    lines = dict(line.split(maxsplit=1) for line in output.splitlines() if len(line.split()) > 1)
    assert lines["erasure"].strip() == "Additive white Gaussian noise, and symbols that are lost."
    assert lines["max_error"].strip() == "Largest absolute error of a pixel."
    assert set(KINDS.values()) < set(lines)


def test_list_shows_the_arguments_of_a_part(described):
    code, output = described[0]["erasure"]
    assert code == 0
    (row,) = (line for line in output.splitlines() if "probability" in line and "float" in line)
    assert "float, at least 0, below 1" in row
    assert "0.1" in row
    assert "Probability with which a symbol is lost." in row


def test_parts_that_fail_hide_nothing_and_are_listed_with_the_reason(described):
    _, output = described[0]["list"]
    lines = dict(line.split(maxsplit=1) for line in output.splitlines() if len(line.split()) > 1)
    assert lines["broken"].strip() == "cannot be loaded: RuntimeError: its own fault"
    assert lines["leaving"].strip() == "cannot be loaded: SystemExit: 3"
    assert lines["gone"].startswith("cannot be loaded: ModuleNotFoundError: No module named")
    assert "is not registered as 'nameless'" in lines["nameless"]
    assert lines["awgn"].strip() == "Additive white Gaussian noise."
    taken = lines["taking_package:TakenLink"]
    assert "`kind` must be new among the links. Received: 'awgn' of taking_package" in taken
    assert "which is already sionna_semcom.link.awgn.A" in taken


def test_studies_of_parts_that_fail_are_refused_with_the_reason(described):
    code, output = described[0]["broken"]
    assert code == 2
    assert "'broken' of the links cannot be loaded: RuntimeError: its own fault" in output
    code, output = described[0]["nothing"]
    assert code == 2
    assert "kind must be one of awgn, bits_and_latents" in output
    assert "erasure" in output and "diagonal_mimo" in output


def test_the_schema_knows_the_parts(described):
    definitions = described[1]["$defs"]
    for sort, kind in KINDS.items():
        where = "links" if sort == "channels" else sort
        settings = definitions[
            definitions[where]["discriminator"]["mapping"][kind].rpartition("/")[2]
        ]
        assert settings["properties"]["kind"]["const"] == kind
    assert definitions["ErasureSettings"]["properties"]["probability"]["exclusiveMaximum"] == 1
    assert "broken" not in definitions["links"]["discriminator"]["mapping"]


@pytest.fixture(scope="module")
def ran(site, tmp_path_factory):
    """Folder of the studies that were run with the parts."""
    cwd = tmp_path_factory.mktemp("ran")
    draw = np.random.default_rng(1)
    splits = {}
    for name in ("train", "validation", "test"):
        tx = draw.normal(size=(200, 4)).astype(np.float32)
        splits[name] = LatentSplit(tx, 2 * tx[:, ::-1], (tx[:, 0] > 0).astype(np.int32))
    kernel = np.zeros((4, 2), np.float32)
    kernel[3] = -1, 1  # the receiver's last number is the transmitter's first
    LatentPairs(splits, kernel, np.zeros(2, np.float32)).save(cwd / "latents.h5")
    (cwd / "stripes.yaml").write_text(STUDY)
    (cwd / "diagonal.yaml").write_text(ALIGNMENT)
    (cwd / "own_images.yaml").write_text(OWN_DATA)
    runs = [["run", f"{name}.yaml", "--out", "."] for name in ("stripes", "diagonal", "own_images")]
    outputs = commands(site, cwd, *runs)
    assert [code for code, _ in outputs] == [0, 0, 0], outputs
    return cwd


def test_a_study_of_all_parts_trains_and_runs(ran):
    result = Result.load(ran / "stripes.h5")
    assert (ran / "models/direct/seed0.keras").exists()
    for curve in result.curves.values():
        assert set(curve.metrics) == {"image_mse", "image_psnr", "image_ssim", "image_max_error"}
        largest, squares = curve.metrics["image_max_error"].mean, curve.metrics["image_mse"].mean
        assert (largest**2 >= squares).all()
        assert squares[1] < squares[0]
    assert result.settings["data"]["kind"] == "stripes"


def test_a_data_set_of_another_package_needs_no_other_part(ran):
    curve = Result.load(ran / "own_images.h5").curve
    assert curve.metrics["image_mse"].mean[1] < curve.metrics["image_mse"].mean[0]


def test_a_mimo_channel_of_another_package_serves_alignment(ran):
    metrics = Result.load(ran / "diagonal.h5").curve.metrics
    assert metrics["mse"].mean < 0.5  # of a variance of four
    assert metrics["accuracy"].mean > 0.8


def test_figures_know_the_range_of_a_metric_of_another_package(site, tmp_path):
    code = (
        "from sionna_semcom.simulation.results import plot; print(plot.limits('image_max_error'))"
    )
    assert python(site, tmp_path, code) == "(0.0, inf)\n"
