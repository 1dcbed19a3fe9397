# SPDX-License-Identifier: Apache-2.0
import errno
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from typer.testing import CliRunner

from sionna_semcom import _shipped
from sionna_semcom.cli import app as cli
from sionna_semcom.datasets import Digits
from sionna_semcom.simulation import Curve, Metric, Result, Study

STUDY = """
name: tiny
title: Tiny [study]
models:
  main:
    system: {kind: centroid, latent_dim: 4}
    link: {kind: awgn}
    training: {epochs: 1, steps_per_epoch: 2, batch_size: 10, warmup_steps: 1}
links:
  awgn: {kind: awgn}
curves:
  - {label: AWGN, model: main, link: awgn}
evaluation: {snr_db: [0, .inf], batch_size: 20, max_mc_iter: 2}
figure: {metrics: [image_mse, text_accuracy]}
"""
LISTS = "model: [wide, main]"


def _invoke(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.delenv("SIONNA_SEMCOM_DATA", raising=False)
    monkeypatch.delenv("SIONNA_SEMCOM_MODELS", raising=False)
    path = tmp_path / "link_sims/tiny.yaml"
    path.parent.mkdir()
    path.write_text(STUDY)
    return path


@pytest.fixture
def results(tmp_path):
    """Two result files."""
    metric = Metric(np.array([0.5, 0.25]), np.zeros(2), np.ones(2), np.array([10, 10]))
    for name in ("mine", "theirs"):
        curve = Curve(np.array([0.0, 10.0]), {"image_mse": metric, "audio_mae": metric})
        Result({"CDL-C": curve}, f"Title of {name}").save(tmp_path / f"{name}.h5")
    return [tmp_path / "mine.h5", tmp_path / "theirs.h5"]


def test_run_and_show(study, tmp_path):
    out = tmp_path / "out"
    ran = _invoke("run", study, "--out", out, "--set", "evaluation.snr_db=[10]")
    assert ran.exit_code == 0, ran.output
    assert "Tiny [study]" in ran.output
    assert "Image MSE" in ran.output
    assert "10 dB" in ran.output
    assert f"Figure: {out}/tiny.png" in ran.output
    assert {path.name for path in out.iterdir()} == {"tiny.h5", "tiny.png", "models"}
    assert Result.load(out / "tiny.h5").curve.snr_db.tolist() == [10]
    figure = out / "again.png"
    shown = _invoke("show", out / "tiny.h5", "--metric", "text_accuracy")
    drawn = _invoke("show", out / "tiny.h5", "--figure", figure)
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
        drawn = _invoke("show", tmp_path / f"{name}.h5", "--figure", tmp_path / f"{name}.png")
        assert drawn.exit_code == 0, drawn.output
    assert (tmp_path / "more.png").read_bytes() == (tmp_path / "only.png").read_bytes()


def test_run_and_show_along_another_axis(study, tmp_path):
    text = study.read_text().replace("  main:", "  main: &main", 1).replace("model: main", LISTS)
    wide = "  wide: {<<: *main, system: {kind: centroid, latent_dim: 8}}\nlinks:"
    study.write_text(text.replace("links:", wide, 1))
    changes = ("evaluation.axis=tti", "evaluation.snr_db=[10]", "figure.log_x=true")
    options = [word for change in changes for word in ("--set", change)]
    ran = _invoke("run", study, "--out", tmp_path, *options)
    assert ran.exit_code == 0, ran.output
    shown = _invoke("show", tmp_path / "tiny.h5", "--figure", tmp_path / "again.png")
    for output in (ran.output, shown.output):
        assert "against TTI [reals], 10 dB" in " ".join(output.split())
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "tiny.png").read_bytes()
    curve = Result.load(tmp_path / "tiny.h5").curve
    assert curve.x.tolist() == [4, 8]
    assert "channel_uses" in curve.point_summaries


def test_train_keeps_weights_where_runs_look_for_them(study, tmp_path, monkeypatch):
    shipped, folders = _shipped.folder("models"), []
    monkeypatch.setattr(Study, "load_data", lambda self, *given: folders.append(given) or Digits())
    trained = _invoke("train", study, "--model", "main", "--seed", "3")
    assert trained.exit_code == 0, trained.output
    assert (tmp_path / "models/main/seed3.keras").exists()
    ((models,),) = folders
    assert models.folders == (tmp_path / "models", shipped)
    assert models.work_dir == tmp_path / "models"


def test_several_results_are_compared_in_one_figure(results, tmp_path):
    shown = _invoke("show", *results, "--figure", tmp_path / "both.svg")
    assert shown.exit_code == 0, shown.output
    assert "mine: CDL-C" in shown.output
    assert "theirs: CDL-C" in shown.output
    assert (tmp_path / "both.svg").stat().st_size > 1000


def test_results_of_the_same_name_are_told_apart_by_their_folders(results, tmp_path):
    other = tmp_path / "fast/mine.h5"
    other.parent.mkdir()
    other.write_bytes(results[1].read_bytes())
    output = _invoke("show", results[0], other).output
    assert " mine: CDL-C" in output
    assert " fast/mine: CDL-C" in output


def test_list_has_every_kind():
    output = _invoke("list").output
    for kind in ("centroid", "awgn", "flat_fading", "ofdm", "builtin", "mnist_fsdd"):
        assert kind in output
    assert "Additive white Gaussian noise." in output


def test_info_says_where_it_looks(monkeypatch):
    monkeypatch.setenv("SIONNA_SEMCOM_DATA", "/some/data")
    output = " ".join(_invoke("info").output.split())  # however the lines break
    for text in ("sionna", "tensorflow", "CPU:0", "/some/data", "SIONNA_SEMCOM_MODELS is not set"):
        assert text in output


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("evaluation.snr=1", "unknown key evaluation.snr"),
        ("evaluation.batch_size=0", "evaluation.batch_size: Input should be greater than 0"),
        ("curves.0.link=x", "curve 'AWGN' names the link 'x'"),
        ("data.kind=mnist_fsdd", "SIONNA_SEMCOM_DATA"),
        ("data={kind: mnist_fsdd, root: nowhere}", "nowhere"),
        ("models.main.system.latent_dim=0", "latent_dim: Input should be"),
        ("evaluation.snr_db=[.nan]", "nan"),
        ("{evaluation: {max_mc_iter: null}", "must read key=value"),
    ],
)
def test_wrong_settings_end_in_one_line(study, tmp_path, change, message):
    ended = _invoke("run", study, "--out", tmp_path, "--set", change)
    assert ended.exit_code == 2
    (line,) = [line for line in ended.output.splitlines() if line.startswith("Error: ")]
    assert message in line
    assert "Traceback" not in ended.output


def test_wrong_files_end_in_one_line(study, results, tmp_path):
    results[0].write_bytes(results[0].read_bytes()[:1000])
    (tmp_path / "not.yaml").write_text("a: [")
    for arguments, message in [
        (("run", tmp_path / "none.yaml"), "No study file"),
        (("run", tmp_path / "not.yaml"), "is not YAML"),
        (("show", tmp_path / "none.h5"), "No result file"),
        (("show", results[0]), "is damaged or no result file"),
        (("show", results[1], "--metric", "mse"), "no metric 'mse', only image_mse, audio_mae"),
        (("show", results[1], "--figure", tmp_path / "a.b"), "suffix must be one of"),
        (("train", study, "--model", "x"), "no model 'x', only main"),
    ]:
        ended = _invoke(*arguments)
        assert ended.exit_code == 2, ended.output
        assert message in ended.output
        assert ended.output.splitlines()[-1].startswith("Error: ")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"figure": {"foo": 1}}, "settings of the figure: unknown key foo; known are metrics, cur"),
        ({"figure": 3}, "settings of the figure: Input should be a valid dictionary"),
        ({"figure": {"curves": ["AWGN"]}}, "name the curve 'AWGN', but there are only CDL-C"),
        ({"figure": {"metrics": ["mse"]}}, "no metric 'mse', only image_mse, audio_mae"),
        ({"figure": {"metrics": "mse"}}, "metrics: Input should be a valid list"),
        ({"figure": {"log_x": True}}, "`log_x` must be False"),
    ],
)
def test_figure_settings_of_damaged_results_end_in_one_line(results, tmp_path, settings, message):
    Result(Result.load(results[0]).curves, settings=settings).save(results[0])
    ended = _invoke("show", results[0], "--figure", tmp_path / "a.png")
    assert ended.exit_code == 2, ended.exception
    assert message in ended.output
    assert not (tmp_path / "a.png").exists()


def test_names_of_files_are_no_markup(results, tmp_path):
    path = tmp_path / "a[" / "b].png"
    drawn = _invoke("show", results[0], "--figure", path)
    assert drawn.exit_code == 0, drawn.exception
    assert f"Figure: {path}" in drawn.output
    assert path.exists()
    ended = _invoke("show", tmp_path / "[/bold].h5")
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


def test_out_is_tried_before_anything_runs(study, tmp_path, monkeypatch):
    monkeypatch.setattr("sionna_semcom.simulation.studies.runner.run_study", None)
    monkeypatch.setattr("sionna_semcom.simulation.training.store.ModelStore.obtain", None)
    monkeypatch.setattr(Study, "load_data", None)
    (tmp_path / "file").write_text("")
    (tmp_path / "out/tiny.png").mkdir(parents=True)
    for arguments in (
        ("run", study, "--out", tmp_path / "file"),
        ("run", study, "--out", tmp_path / "file/below"),
        ("run", study, "--out", tmp_path / "out"),
        ("train", study, "--out", tmp_path / "file"),
        ("train", study, "--seed", 2**64),
        ("convert", "none.pkl", "--out", tmp_path / "file/a.h5"),
        ("gallery", study, "--model", "main", "--out", tmp_path / "file"),
        ("gallery", study, "--model", "main", "--snr", "nan", "--out", tmp_path),
    ):
        ended = _invoke(*arguments)
        assert ended.exit_code == 2, (arguments, ended.exception)
        assert ended.output.splitlines()[-1].startswith("Error: ")


def test_a_figure_that_cannot_be_written_leaves_the_result(study, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "tiny.png")

    monkeypatch.setattr("sionna_semcom.simulation.results.plot.write_bytes", full)
    ended = _invoke("run", study, "--out", tmp_path)
    assert ended.exit_code == 2
    (line,) = [line for line in ended.output.splitlines() if line.startswith("Error: ")]
    assert "No space left on device: tiny.png" in line
    assert f"sionna-semcom show {tmp_path}/tiny.h5 --figure" in line
    assert Result.load(tmp_path / "tiny.h5").metrics


def test_the_traceback_of_an_error_can_be_seen(tmp_path):
    ended = _invoke("--traceback", "show", tmp_path / "none.h5")
    assert isinstance(ended.exception, FileNotFoundError)


def test_ctrl_c_says_that_it_resumes(study, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("sionna_semcom.simulation.studies.runner.run_study", interrupt)
    ended = _invoke("run", study)
    assert ended.exit_code == 130
    assert "The same command goes on from here" in ended.output


@pytest.mark.parametrize("graph", [False, True])
def test_what_tensorflow_reports_ends_in_one_line(study, monkeypatch, graph):
    def exhaust(*_):
        ones = tf.function(tf.ones) if graph else tf.ones
        ones(tf.constant([10**6] * 3))  # more memory than there is

    monkeypatch.setattr("sionna_semcom.simulation.studies.runner.run_study", exhaust)
    ended = _invoke("run", study)
    assert ended.exit_code == 2, ended.output
    (line,) = [line for line in ended.output.splitlines() if line.startswith("Error: ")]
    assert line.startswith("Error: ResourceExhaustedError: OOM when allocating")
    assert "--traceback shows" in line
    assert isinstance(_invoke("--traceback", "run", study).exception, tf.errors.OpError)


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["show", "none.h5"]])
def test_help_and_errors_do_not_wait_for_tensorflow(arguments):
    """A module that cannot be imported stands for TensorFlow."""
    code = (
        "import sys; sys.modules['tensorflow'] = None\n"
        "from sionna_semcom.cli.app import main; main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert ended.returncode == (0 if "--help" in arguments else 2)
    assert "Traceback" not in ended.stderr


def test_the_module_is_the_command():
    ended = subprocess.run(
        [sys.executable, "-m", "sionna_semcom", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert "sionna-semcom" in ended.stdout
