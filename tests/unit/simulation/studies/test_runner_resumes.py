# SPDX-License-Identifier: Apache-2.0
"""Runs that end early and are resumed: interruptions, partial files and full disks."""

import json
import re
import resource
import subprocess
import sys

import pytest

from sionna_semcom.simulation import Study
from sionna_semcom.simulation.studies import runner

from .noise_study import Interruption, NoiseSystem, _run, _study, _study_along
from .noise_study import noise as noise


@pytest.mark.parametrize("make_study", [_study, _study_along])
@pytest.mark.parametrize("interrupt_at", [1, 4, 5, 11, 17, 30])
def test_an_interrupted_run_ends_with_the_same_file(
    tmp_path, make_study, interrupt_at, monkeypatch
):
    _run(make_study(), tmp_path / "whole")
    num_calls = NoiseSystem.calls
    monkeypatch.setattr(NoiseSystem, "calls", 0)
    monkeypatch.setattr(NoiseSystem, "interrupt_at", interrupt_at)
    with pytest.raises(Interruption):
        _run(make_study(), tmp_path / "killed")
    assert not (tmp_path / "killed/noise.h5").exists()
    monkeypatch.setattr(NoiseSystem, "interrupt_at", None)
    monkeypatch.setattr(NoiseSystem, "calls", 0)
    _, text = _run(make_study(), tmp_path / "killed")
    whole, resumed = (tmp_path / name / "noise.h5" for name in ("whole", "killed"))
    assert resumed.read_bytes() == whole.read_bytes()
    finished = (interrupt_at - 1) // 4  # points have four batches
    assert num_calls - 4 * finished == NoiseSystem.calls
    assert ("Resuming after" in text) == (finished > 0)
    assert not list((tmp_path / "killed").glob("*partial*"))


def _interrupt(study, out, monkeypatch):
    monkeypatch.setattr(NoiseSystem, "interrupt_at", 9)
    with pytest.raises(Interruption):
        _run(study, out)
    monkeypatch.setattr(NoiseSystem, "interrupt_at", None)
    monkeypatch.setattr(NoiseSystem, "calls", 0)


def test_other_settings_start_anew_and_say_so(tmp_path, monkeypatch):
    _interrupt(_study(), tmp_path, monkeypatch)
    _, text = _run(_study(confidence=0.9), tmp_path)
    assert "different settings, data or versions: starting again" in text
    assert NoiseSystem.calls == 32


def test_a_figure_has_no_say_in_the_numbers(tmp_path, monkeypatch):
    _interrupt(_study(), tmp_path, monkeypatch)
    changed = _study().model_copy(update={"title": "Other title"})
    result, _ = _run(changed, tmp_path)
    assert result.title == "Other title"
    assert NoiseSystem.calls == 24


def test_points_of_a_model_that_was_trained_again_are_not_kept(tmp_path, monkeypatch, noise):
    _interrupt(_study(), tmp_path, monkeypatch)
    noise["main", 0] = 5.0
    result, _ = _run(_study(), tmp_path)
    assert NoiseSystem.calls == 32
    assert result.curves["z, AWGN"].summary["tti"] == 5.5


def _judged():
    document = _study().model_dump(mode="json")
    document["models"]["judge"] = {"system": {"kind": "classifier"}}
    return Study.model_validate({**document, "judges": {"image": "judge"}})


def test_points_of_a_judge_that_was_trained_again_are_not_kept(tmp_path, monkeypatch, noise):
    noise["judge", 0] = 1.0
    _interrupt(_judged(), tmp_path, monkeypatch)
    noise["judge", 0] = 2.0
    result, _ = _run(_judged(), tmp_path)
    assert NoiseSystem.calls == 32
    assert result.checksums["judge, seed 0"] == result.checksums["main, seed 1"]  # both weigh 2


def _entries(out):
    whole, _, _ = (out / "noise.partial.jsonl").read_text().rpartition("\n")
    _, *lines = whole.splitlines()
    return dict(map(json.loads, lines))


@pytest.mark.parametrize(
    "content", ["{\n", "[]\n", '{"finger": "x"}\n', "", '{"fingerprint": "x"}']
)
def test_a_damaged_partial_file_is_named(tmp_path, content):
    (tmp_path / "noise.partial.jsonl").write_text(content)
    with pytest.raises(ValueError, match=r"noise\.partial\.jsonl .* damaged; delete it"):
        _run(_study(), tmp_path)


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("0.0", 3),
        ("0.0", {"mse": 0.5}),
        ("0.0", {"mse": [0.5, 0.4, 0.6]}),
        ("0.0", {"mse": ["a", 0.4, 0.6, 10, False]}),
        ("0.0", {"mse": [float("nan"), 0.4, 0.6, 10, False]}),
        ("0.0", {"mse": [0.5, 0.4, 0.6, -1, False]}),
        ("0.0", {"mse": [0.5, 0.4, 0.6, 10, "no"]}),
        ("0.0", {"/snr_db": "much"}),
        ("0.0", {"/records": {"mse": 3.0}}),
        ("summary", {"tti": "many"}),
        ("summary", {"tti": [0.5, 0.4, 0.6, 10, False]}),
        ("summary", []),
    ],
)
def test_parts_of_other_types_are_damage(tmp_path, monkeypatch, what, value):
    _interrupt(_study(), tmp_path, monkeypatch)
    (key, *_) = [key for key in _entries(tmp_path) if key.endswith(f" / {what}")]
    if what == "0.0" and isinstance(value, dict):
        value = {"/snr_db": 0.0, **value}  # nothing else is missing
    with open(tmp_path / "noise.partial.jsonl", "a") as file:
        file.write(json.dumps([key, value]) + "\n")
    with pytest.raises(ValueError, match=r"noise\.partial\.jsonl .* damaged; delete it"):
        _run(_study(), tmp_path)


@pytest.mark.parametrize("most", [200, 1500, 4000])
def test_a_full_disk_loses_nothing(tmp_path, monkeypatch, most):
    """The file size is limited: in the first point, in a later point, and in the result."""
    study, out = _study(), tmp_path / "out"
    _run(study, tmp_path / "whole")
    monkeypatch.setattr(runner, "check_folder", lambda *names: None)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        with pytest.raises(OSError, match=r"noise\.(partial\.jsonl|h5)"):
            _run(study, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in out.iterdir()] == ["noise.partial.jsonl"]
    kept = _entries(out)
    assert (len(kept) > 0) == (most > 200)
    _run(study, out)
    assert [path.name for path in out.iterdir()] == ["noise.h5"]
    assert (out / "noise.h5").read_bytes() == (tmp_path / "whole/noise.h5").read_bytes()


@pytest.mark.parametrize("place", ["out", "out/noise.h5", "out/noise.partial.jsonl"])
def test_what_cannot_be_written_is_found_before_anything_runs(tmp_path, monkeypatch, place):
    monkeypatch.setattr(runner.ModelStore, "obtain", None)  # which nothing may call
    path = tmp_path / place
    if place == "out":
        path.write_text("a file")
    else:
        path.mkdir(parents=True)
    with pytest.raises(OSError, match=place):
        _run(_study(), tmp_path / "out")


def test_names_of_folders_are_no_markup(tmp_path, monkeypatch):
    out = tmp_path / "a[" / "b]"
    _interrupt(_study(), out, monkeypatch)
    _, text = _run(_study(), out)
    assert f"finished parts in {out}/noise.partial.jsonl" in text


def test_a_partial_file_is_whole_after_every_point(tmp_path, monkeypatch):
    _interrupt(_study(), tmp_path, monkeypatch)
    entries = _entries(tmp_path)
    kinds = [key.rpartition(" / ")[2] for key in entries]
    assert kinds == ["0.0", "10.0", "summary"]


def test_half_a_line_is_dropped(tmp_path, monkeypatch):
    """A killed process can leave an incomplete line."""
    _run(_study(), tmp_path / "whole")
    monkeypatch.setattr(NoiseSystem, "calls", 0)
    _interrupt(_study(), tmp_path, monkeypatch)
    path = tmp_path / "noise.partial.jsonl"
    path.write_bytes(path.read_bytes()[:-5])
    _run(_study(), tmp_path)
    assert NoiseSystem.calls == 24  # the half line is that of a summary
    assert (tmp_path / "noise.h5").read_bytes() == (tmp_path / "whole/noise.h5").read_bytes()


def test_a_second_run_into_the_folder_is_refused(tmp_path, monkeypatch):
    lock = tmp_path / "noise.lock"
    code = (
        "import sys, time; from sionna_semcom._files import locked\n"
        "with locked(sys.argv[1], 'it'): print('held', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"held\n"
    try:
        with pytest.raises(
            BlockingIOError, match=rf"noise\.h5 is in use by process {other.pid} on"
        ):
            _run(_study(), tmp_path)
    finally:
        other.kill()
        other.communicate()
    assert lock.exists()  # a killed process leaves the file, but no lock
    _run(_study(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["noise.h5"]


def test_finished_points_are_kept_by_model_and_link(tmp_path, monkeypatch):
    _interrupt(_study_along(seeds=[0]), tmp_path, monkeypatch)
    entries = _entries(tmp_path)
    names = [re.sub(r"\(\w+\)", "(digest)", key) for key in entries]
    assert names == [
        f"{label} over {link} / seed 0 (digest) / {what}"
        for label, link in (("models / main", "awgn"), ("links / main", "fading"))
        for what in ("10.0", "summary")
    ]
