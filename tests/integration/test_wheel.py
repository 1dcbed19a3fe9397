# SPDX-License-Identifier: Apache-2.0
"""The wheel contains all files that the package needs outside of a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sionna_semcom import _shipped

ROOT = Path(__file__).parents[2]
MAX_BYTES = 60_000_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_is_small_enough(wheel):
    assert wheel.stat().st_size < MAX_BYTES


def test_the_wheel_holds_the_package_studies_and_models_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        "sionna_semcom/py.typed",
        "sionna_semcom/datasets/digits/builtin/spoken_digits.h5",
        "sionna_semcom/simulation/results/report.html",
        "sionna_semcom/shipped/models/index.json",
        *(f"sionna_semcom/shipped/studies/{name}.yaml" for name in _shipped.studies()),
        *(f"sionna_semcom/shipped/models/{name}/README.md" for name in _shipped.models()),
        *(path.relative_to(ROOT).as_posix() for path in ROOT.glob("sionna_semcom/**/*.py")),
    }
    others = names - expected
    assert expected <= names
    assert all(name.endswith(".keras") for name in others)


def test_its_commands_find_studies_and_models_outside_the_checkout(wheel, tmp_path):
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    environment = {**os.environ, "PYTHONPATH": str(site), "COLUMNS": "200"}

    def run(*arguments):
        command = [sys.executable, "-m", "sionna_semcom", *arguments]
        options = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True}
        return subprocess.run(command, check=True, **options).stdout

    studies, models = run("studies"), run("models")
    assert all(name in studies for name in _shipped.studies())
    assert all(name in models for name in ("centroid_paper", "vib_mosi"))
    run("studies", "centroid", "--copy")
    copied = (tmp_path / "centroid.yaml").read_text()
    assert copied == _shipped.studies()["centroid"].read_text()
