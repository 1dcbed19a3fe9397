# SPDX-License-Identifier: Apache-2.0
"""Shipped studies and models, and their commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sionna_semcom import _shipped
from sionna_semcom.cli import app as cli
from sionna_semcom.simulation import load_study
from sionna_semcom.simulation.studies.study import models_folders

ROOT = Path(_shipped.__file__).parents[1]
in_checkout = pytest.mark.skipif(_shipped.installed(), reason="needs a checkout")


def _invoke(*arguments, columns="200"):
    return CliRunner().invoke(cli.app, list(map(str, arguments)), env={"COLUMNS": columns})


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A package that contains its studies and models, as in a wheel."""
    package = tmp_path / "site/sionna_semcom"
    for kind in ("studies", "models"):
        (package / "shipped" / kind).mkdir(parents=True)
    monkeypatch.setattr(_shipped, "_package", lambda: package)
    return package


@in_checkout
def test_in_a_checkout_they_are_folders_of_the_repository():
    assert _shipped.folder("studies") == ROOT / "link_sims"
    assert set(_shipped.studies()) == {path.stem for path in (ROOT / "link_sims").glob("*.yaml")}
    weights = {path.parent.name for path in (ROOT / "models").glob("*/*.keras")}
    assert set(_shipped.models()) == weights


@in_checkout
def test_a_shipped_study_of_a_checkout_has_its_models_beside_it(monkeypatch):
    monkeypatch.delenv("SIONNA_SEMCOM_MODELS", raising=False)
    assert models_folders(_shipped.study_path("centroid")) == [ROOT / "models"]


def test_in_a_wheel_they_are_inside_the_package(wheel):
    (wheel / "shipped/studies/mine.yaml").write_text("name: mine\n")
    assert _shipped.installed()
    assert _shipped.studies() == {"mine": wheel / "shipped/studies/mine.yaml"}


def test_every_study_asks_something_and_every_model_says_what_it_is():
    for path in _shipped.studies().values():
        assert len(_shipped.question(path)) > 20
        assert load_study(path).name == path.stem
    for card in _shipped.models().values():
        assert "; trained on " in _shipped.description(card)


@pytest.mark.parametrize(
    ("comment", "question"),
    [
        ("# Does it\n# hold? It is a\n# claim.\n", "Does it hold?"),
        ("# As a.yaml, for b (1.5 dB). More.\n", "As a.yaml, for b (1.5 dB)."),
        ("# No full stop\n", "No full stop"),
        ("", ""),
    ],
)
def test_the_question_is_the_first_of_the_head_comment(tmp_path, comment, question):
    path = tmp_path / "study.yaml"
    path.write_text(comment + "name: study\n# Is this one?\n")
    assert _shipped.question(path) == question


def test_a_file_comes_before_a_shipped_study_of_the_same_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "centroid").mkdir()  # such as a folder of results
    assert _shipped.study_path("centroid") == _shipped.studies()["centroid"]
    (tmp_path / "vib_mosi").write_text("name: mine\n")
    assert _shipped.study_path("vib_mosi") == Path("vib_mosi")
    assert _shipped.study_path("folder/none.yaml") == Path("folder/none.yaml")


def test_studies_are_listed_shown_and_copied(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    listed = _invoke("studies")
    assert listed.exit_code == 0
    for name in _shipped.studies():
        assert name in listed.output
    assert "Is what modalities share sent once, and does the rest survive?" in listed.output
    text = _shipped.studies()["centroid"].read_text()
    assert _invoke("studies", "centroid", columns="40").output == text
    copied = _invoke("studies", "centroid", "--copy")
    assert copied.output == "Study: centroid.yaml\n"
    assert (tmp_path / "centroid.yaml").read_text() == text
    again = _invoke("studies", "centroid", "--copy")
    assert again.exit_code == 2
    assert "centroid.yaml exists already" in again.output


def test_models_are_listed_and_shown():
    listed = _invoke("models").output
    for name in _shipped.models():
        assert name in listed
    assert "Encoder (plain, 48 features) with its own head; trained on digits" in listed
    card = _invoke("models", "centroid_paper").output
    assert "Weights of training seed 0" in card
    assert "kind: centroid" in card


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("studies", "x"), "No study of this name is shipped"),
        (("models", "x"), "No model of this name is shipped"),
        (("studies", "--copy"), "--copy needs the name"),
        (("run", "x"), "No study file x; sionna-semcom studies lists"),
    ],
)
def test_unknown_names_end_in_one_line(arguments, message):
    ended = _invoke(*arguments)
    assert ended.exit_code == 2
    (line,) = ended.output.splitlines()
    assert message in line


def test_a_study_runs_by_its_name(tmp_path, monkeypatch):
    monkeypatch.delenv("SIONNA_SEMCOM_MODELS", raising=False)
    asked = []

    def run_study(study, out, folders, console, client):
        asked.append((study.name, study.evaluation.snr_db, folders))
        raise ValueError("that is enough")

    monkeypatch.setattr("sionna_semcom.simulation.studies.runner.run_study", run_study)
    ended = _invoke("run", "centroid", "--set", "evaluation.snr_db=[10]", "--out", tmp_path)
    assert "that is enough" in ended.output
    ((name, snr_db, folders),) = asked
    assert (name, snr_db) == ("centroid", (10.0,))
    assert _shipped.folder("models") in folders.folders


def test_nothing_is_written_into_an_installed_package(wheel, tmp_path, monkeypatch):
    monkeypatch.delenv("SIONNA_SEMCOM_MODELS", raising=False)
    monkeypatch.chdir(tmp_path)
    study = wheel / "shipped/studies/mine.yaml"
    assert models_folders(study) == [tmp_path / "models", wheel / "shipped/models"]
    copied = tmp_path / "link_sims/mine.yaml"
    assert models_folders(copied) == [tmp_path / "models", wheel / "shipped/models"]
