# SPDX-License-Identifier: Apache-2.0
"""Commands with invalid input end with a one-line message."""

import errno
import functools

import pytest
import tensorflow as tf

from sionna_semcom.simulation import Result, Study

from .invoking import invoke


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
        ("{evaluation: {max_mc_iter: null}", "must have the form key=value"),
    ],
)
def test_wrong_settings_end_in_one_line(study, tmp_path, change, message):
    ended = invoke("run", study, "--out", tmp_path, "--set", change)
    assert ended.exit_code == 2
    (line,) = [line for line in ended.output.splitlines() if line.startswith("Error: ")]
    assert message in line
    assert "Traceback" not in ended.output


def test_wrong_files_end_in_one_line(study, results, tmp_path):
    results[0].write_bytes(results[0].read_bytes()[:1000])
    (tmp_path / "not.yaml").write_text("a: [")
    for arguments, message in [
        (("run", tmp_path / "none.yaml"), "No study file"),
        (("run", "link_sim/centroid.yaml"), "shipped studies. Did you mean centroid?"),
        (("run", "centriod"), "lists the shipped studies. Did you mean centroid?"),
        (("studies", "vib_mozi"), "Received: 'vib_mozi'. Did you mean vib_mosi?"),
        (("list", "effective_agn"), "Received: 'effective_agn'. Did you mean effective_awgn?"),
        (("run", tmp_path / "not.yaml"), "is not YAML"),
        (("show", tmp_path / "none.h5"), "No result file"),
        (("show", results[0]), "is damaged or not a result file"),
        (("show", results[1], "--metric", "mse"), "no metric 'mse', only image_mse, audio_mae"),
        (("show", results[1], "--metric", "image_mze"), ". Did you mean image_mse?"),
        (("show", results[1], "--figure", tmp_path / "a.b"), "suffix must be one of"),
        (("train", study, "--model", "x"), "no model 'x', only main"),
    ]:
        ended = invoke(*arguments)
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
    ended = invoke("show", results[0], "--figure", tmp_path / "a.png")
    assert ended.exit_code == 2, ended.exception
    assert message in ended.output
    assert not (tmp_path / "a.png").exists()


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
        ended = invoke(*arguments)
        assert ended.exit_code == 2, (arguments, ended.exception)
        assert ended.output.splitlines()[-1].startswith("Error: ")


def test_a_figure_that_cannot_be_written_leaves_the_result(study, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "tiny.png")

    monkeypatch.setattr("sionna_semcom.simulation.results.plot.write_bytes", full)
    ended = invoke("run", study, "--out", tmp_path)
    assert ended.exit_code == 2
    (line,) = [line for line in ended.output.splitlines() if line.startswith("Error: ")]
    assert "No space left on device: tiny.png" in line
    assert f"sionna-semcom show {tmp_path}/tiny.h5 --figure" in line
    assert Result.load(tmp_path / "tiny.h5").metrics


def test_the_traceback_of_an_error_can_be_seen(tmp_path):
    ended = invoke("--traceback", "show", tmp_path / "none.h5")
    assert isinstance(ended.exception, FileNotFoundError)


def test_ctrl_c_says_that_it_resumes(study, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("sionna_semcom.simulation.studies.runner.run_study", interrupt)
    ended = invoke("run", study)
    assert ended.exit_code == 130
    assert "Repeat the command to resume" in ended.output


def invert():
    tf.linalg.inv(tf.zeros([2, 2]))


@functools.cache
def out_of_memory():
    """The error of a graph, for which TensorFlow waits ten seconds."""
    with pytest.raises(tf.errors.ResourceExhaustedError) as caught:
        tf.function(tf.ones)(tf.constant([10**6] * 3))
    return caught.value


def allocate():
    raise out_of_memory()


@pytest.mark.parametrize(
    ("fail", "message"),
    [
        (invert, "InvalidArgumentError: Input is not invertible."),
        (allocate, "ResourceExhaustedError: OOM when allocating"),
    ],
)
def test_what_tensorflow_reports_ends_in_one_line(study, monkeypatch, fail, message):
    monkeypatch.setattr("sionna_semcom.simulation.studies.runner.run_study", lambda *_: fail())
    ended = invoke("run", study)
    assert ended.exit_code == 2, ended.output
    (line,) = [line for line in ended.output.splitlines() if line.startswith("Error: ")]
    assert line.startswith(f"Error: {message}")
    assert "--traceback shows" in line
    assert isinstance(invoke("--traceback", "run", study).exception, tf.errors.OpError)
