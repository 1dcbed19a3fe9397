# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import sys

import pytest

from sionna_semcom import _shipped
from sionna_semcom.datasets import Digits
from sionna_semcom.simulation import Result, Study

from .invoking import invoke

LISTS = "model: [wide, main]"


def test_run_and_show(study, tmp_path):
    out = tmp_path / "out"
    ran = invoke("run", study, "--out", out, "--set", "evaluation.snr_db=[10]")
    assert ran.exit_code == 0, ran.output
    assert "Tiny [study]" in ran.output
    assert "Image MSE" in ran.output
    assert "10 dB" in ran.output
    assert f"Figure: {out}/tiny.png" in ran.output
    assert {path.name for path in out.iterdir()} == {"tiny.h5", "tiny.png", "models"}
    assert Result.load(out / "tiny.h5").curve.snr_db.tolist() == [10]
    figure = out / "again.png"
    shown = invoke("show", out / "tiny.h5", "--metric", "text_accuracy")
    drawn = invoke("show", out / "tiny.h5", "--figure", figure)
    assert shown.exit_code == drawn.exit_code == 0
    assert figure.read_bytes() == (out / "tiny.png").read_bytes()  # as the study asks
    assert "Text accuracy" in shown.output
    assert "Image MSE" not in shown.output


def test_a_figure_may_have_some_of_the_curves(results, tmp_path):
    some = {"figure": {"metrics": None, "log_scale": [], "log_x": False, "curves": ["CDL-C"]}}
    result = Result.load(results[0])
    more = Result({**result.curves, "AWGN": result.curve}, settings=some)
    only = Result(result.curves)
    for name, each in (("more", more), ("only", only)):
        each.save(tmp_path / f"{name}.h5")
        drawn = invoke("show", tmp_path / f"{name}.h5", "--figure", tmp_path / f"{name}.png")
        assert drawn.exit_code == 0, drawn.output
    assert (tmp_path / "more.png").read_bytes() == (tmp_path / "only.png").read_bytes()


def test_run_and_show_along_another_axis(study, tmp_path):
    text = study.read_text().replace("  main:", "  main: &main", 1).replace("model: main", LISTS)
    wide = "  wide: {<<: *main, system: {kind: centroid, latent_dim: 8}}\nlinks:"
    study.write_text(text.replace("links:", wide, 1))
    changes = ("evaluation.axis=tti", "evaluation.snr_db=[10]", "figure.log_x=true")
    options = [word for change in changes for word in ("--set", change)]
    ran = invoke("run", study, "--out", tmp_path, *options)
    assert ran.exit_code == 0, ran.output
    shown = invoke("show", tmp_path / "tiny.h5", "--figure", tmp_path / "again.png")
    for output in (ran.output, shown.output):
        assert "against TTI [reals], 10 dB" in " ".join(output.split())
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "tiny.png").read_bytes()
    curve = Result.load(tmp_path / "tiny.h5").curve
    assert curve.x.tolist() == [4, 8]
    assert "channel_uses" in curve.point_summaries


def test_train_keeps_weights_where_runs_look_for_them(study, tmp_path, monkeypatch):
    shipped, folders = _shipped.folder("models"), []
    monkeypatch.setattr(Study, "load_data", lambda self, *given: folders.append(given) or Digits())
    trained = invoke("train", study, "--model", "main", "--seed", "3")
    assert trained.exit_code == 0, trained.output
    assert (tmp_path / "models/main/seed3.keras").exists()
    ((models,),) = folders
    assert models.folders == (tmp_path / "models", shipped)
    assert models.work_dir == tmp_path / "models"


@pytest.mark.parametrize("command", [("run",), ("train",), ("gallery", "--model", "main")])
def test_commands_that_train_refuse_a_wrong_number_of_threads_first(
    study, tmp_path, monkeypatch, command
):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "abc")
    name, *options = command
    ended = invoke(name, study, "--out", tmp_path / "out", *options)
    assert ended.exit_code == 2
    assert "TF_NUM_INTRAOP_THREADS must be a non-negative integer" in ended.output
    assert not list(tmp_path.glob("out/**/*.keras"))


def test_several_results_are_compared_in_one_figure(results, tmp_path):
    shown = invoke("show", *results, "--figure", tmp_path / "both.svg")
    assert shown.exit_code == 0, shown.output
    assert "mine: CDL-C" in shown.output
    assert "theirs: CDL-C" in shown.output
    assert (tmp_path / "both.svg").stat().st_size > 1000


def test_results_of_the_same_name_are_told_apart_by_their_folders(results, tmp_path):
    other = tmp_path / "fast/mine.h5"
    other.parent.mkdir()
    other.write_bytes(results[1].read_bytes())
    output = invoke("show", results[0], other).output
    assert " mine: CDL-C" in output
    assert " fast/mine: CDL-C" in output


def test_list_has_every_kind():
    output = invoke("list").output
    for kind in ("centroid", "awgn", "flat_fading", "ofdm", "builtin", "mnist_fsdd"):
        assert kind in output
    assert "Additive white Gaussian noise." in output


def test_info_says_where_it_looks(monkeypatch):
    monkeypatch.setenv("SIONNA_SEMCOM_DATA", "/some/data")
    output = " ".join(invoke("info").output.split())  # however the lines break
    for text in ("sionna", "tensorflow", "CPU:0", "/some/data", "SIONNA_SEMCOM_MODELS is not set"):
        assert text in output


def test_names_of_files_are_no_markup(results, tmp_path):
    path = tmp_path / "a[" / "b].png"
    drawn = invoke("show", results[0], "--figure", path)
    assert drawn.exit_code == 0, drawn.exception
    assert f"Figure: {path}" in drawn.output
    assert path.exists()
    ended = invoke("show", tmp_path / "[/bold].h5")
    assert "[/bold].h5" in ended.output


def test_outputs_that_cannot_encode_a_name_show_its_bytes(results):
    name = os.fsencode(results[0].parent) + b"/a\xff.h5"
    with open(name, "wb") as file:
        file.write(results[0].read_bytes())
    ended = subprocess.run(
        [sys.executable, "-m", "sionna_semcom", "show", name, results[1]],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert rb"a\udcff: CDL-C" in ended.stdout


def test_a_reader_that_stops_reading_is_no_error(results):
    code = f"{sys.executable} -m sionna_semcom show {results[0]} | true"
    ended = subprocess.run(["sh", "-c", code], capture_output=True, check=True)
    assert ended.stderr == b""


def _without_tensorflow(*arguments):
    """Command in a process where a module that cannot be imported replaces TensorFlow."""
    code = (
        "import sys; sys.modules['tensorflow'] = None\n"
        "from sionna_semcom.cli.app import main; main()"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["show", "none.h5"]])
def test_help_and_errors_do_not_wait_for_tensorflow(arguments):
    ended = _without_tensorflow(*arguments)
    assert ended.returncode == (0 if "--help" in arguments else 2)
    assert "Traceback" not in ended.stderr


def test_tables_do_not_wait_for_tensorflow(results):
    ended = _without_tensorflow("show", str(results[0]))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "CDL-C" in ended.stdout


def test_the_module_is_the_command():
    ended = subprocess.run(
        [sys.executable, "-m", "sionna_semcom", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert "sionna-semcom" in ended.stdout
