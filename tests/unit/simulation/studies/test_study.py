# SPDX-License-Identifier: Apache-2.0
"""Content of study files, and changes of their settings."""

import copy
import math
from pathlib import Path

import pytest

from sionna_semcom import _shipped
from sionna_semcom.datasets.digits.settings import BuiltinData
from sionna_semcom.simulation import ModelStore, Study, load_study
from sionna_semcom.simulation.studies.study import models_folders

from .tiny_study import ALONG_TTI, DOCUMENT, PRETRAINED
from .tiny_study import write as write


def test_a_study_is_read_with_its_defaults(write):
    study = load_study(write())
    assert study.evaluation.snr_db == (0.0, math.inf)
    assert study.evaluation.seeds == (0,)
    assert study.data.kind == "builtin"
    assert study.links["tdl"].model == "TDL-A"  # type: ignore[attr-defined]
    assert study.curves[1].present == ("image", "text")
    assert study.models["main"].training.epochs == 1


@pytest.mark.parametrize("changes", [[], [*ALONG_TTI, "curves.0.link=[awgn, tdl]"]])
def test_settings_in_a_result_give_the_study_again(write, changes):
    study = load_study(write(), changes)
    assert Study.model_validate_json(study.model_dump_json()) == study


@pytest.mark.parametrize(
    ("model", "link", "pairs"),
    [
        ("main", "awgn", [("main", "awgn")]),
        ("[main, other]", "awgn", [("main", "awgn"), ("other", "awgn")]),
        ("main", "[awgn, tdl]", [("main", "awgn"), ("main", "tdl")]),
        ("[main, other]", "[tdl, awgn]", [("main", "tdl"), ("other", "awgn")]),
        ("[main]", "[tdl]", [("main", "tdl")]),
    ],
)
def test_lists_of_models_and_links_go_together(write, model, link, pairs):
    other = "models.other={system: {kind: centroid}}"
    names = [f"curves.0.model={model}", f"curves.0.link={link}"]
    study = load_study(write(), [other, *ALONG_TTI, *names])
    assert study.curves[0].pairs == pairs
    assert study.evaluation.axis == "tti"


@pytest.mark.parametrize(
    ("change", "get", "value"),
    [
        ("evaluation.snr_db=[1, 2.5]", lambda s: s.evaluation.snr_db, (1.0, 2.5)),
        ("curves.0.label=new", lambda s: s.curves[0].label, "new"),
        ("links.awgn={kind: ofdm, model: CDL-A}", lambda s: s.links["awgn"].model, "CDL-A"),
        ("data.kind=mnist_fsdd", lambda s: s.data.kind, "mnist_fsdd"),
        (
            "models.main.training.learning_rate=1e-4",
            lambda s: s.models["main"].training.learning_rate,
            1e-4,
        ),
        ("title=a=b", lambda s: s.title, "a=b"),
    ],
)
def test_settings_change_by_dotted_keys(write, change, get, value):
    assert get(load_study(write(), [change])) == value


def test_a_change_of_one_place_is_one_of_no_other(write):
    path = write()
    text = path.read_text().replace("  awgn:", "  awgn: &link", 1) + "\n"
    path.write_text(text.replace("  tdl:", "  same: *link\n  tdl:", 1))
    study = load_study(path, ["links.same.kind=flat_fading"])
    assert (study.links["awgn"].kind, study.links["same"].kind) == ("awgn", "flat_fading")


def test_formulas_and_the_largest_seeds_are_accepted(write):
    largest = 2**64 - 1
    changes = [f"seed={largest}", f"evaluation.seeds=[{largest}]", "title=$x_1$ for 5 \\$"]
    study = load_study(write(), [*changes, "curves.0.label=_$\\alpha$", f"name={'n' * 200}"])
    assert (study.seed, *study.evaluation.seeds) == (largest, largest)


def test_real_data_need_a_folder(write, monkeypatch):
    monkeypatch.delenv("SIONNA_SEMCOM_DATA", raising=False)
    study = load_study(write(), ["data.kind=mnist_fsdd"])
    with pytest.raises(FileNotFoundError, match=r"set data\.root or .*SIONNA_SEMCOM_DATA"):
        study.load_data()


def test_data_of_trained_networks_get_the_models(write, monkeypatch):
    study, models = load_study(write()), ModelStore()
    monkeypatch.setattr(BuiltinData, "load", lambda self, models: models)
    assert study.load_data() is None
    assert study.load_data(models) is models


def test_where_models_are_looked_for(write, monkeypatch, tmp_path):
    monkeypatch.delenv("SIONNA_SEMCOM_MODELS", raising=False)
    shipped = _shipped.folder("models")
    assert models_folders(write()) == [tmp_path / "models", shipped]
    monkeypatch.setenv("SIONNA_SEMCOM_MODELS", "/elsewhere")
    assert models_folders(write()) == [Path("/elsewhere"), tmp_path / "models", shipped]


def test_a_model_holds_the_whole_of_what_it_starts_from(write):
    study = load_study(write(**PRETRAINED), ["models.comm.training.epochs=3"])
    start = study.models["few"].pretrained
    assert start.name == "comm" and start.model == study.models["comm"]
    assert start.model.training.epochs == 3
    assert Study.model_validate(study.model_dump(mode="json")) == study


def test_names_of_models_may_contain_dots(write):
    document = copy.deepcopy(DOCUMENT)
    document["models"]["main.v2"] = document["models"].pop("main")
    for curve in document["curves"]:
        curve["model"] = "main.v2"
    changes = ["models.main.v2.system.latent_dim=6", "training.epochs=3"]
    study = load_study(write(document), changes)
    assert list(study.models) == ["judge", "main.v2"]
    assert study.models["main.v2"].system.latent_dim == 6  # type: ignore[attr-defined]
    assert study.models["main.v2"].training.epochs == 3
    swept = load_study(write(document), ["training.epochs=1,2"])
    assert [curve.model for curve in swept.curves[::2]] == ["main.v2", "main.v2-epochs_2"]
