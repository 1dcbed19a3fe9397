# SPDX-License-Identifier: Apache-2.0
import errno
import os
import re
import stat
import subprocess
import sys

import h5py
import numpy as np
import pytest

from sionna_semcom import _files
from sionna_semcom._files import atomic_hdf5, atomic_path, check_folder, reserve, write_bytes


def _dead_process():
    return subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "new/a.h5"
    write_bytes(path, b"first")
    with pytest.raises(KeyError), atomic_path(path) as temporary:
        temporary.write_bytes(b"half")
        raise KeyError
    assert path.read_bytes() == b"first"
    assert list(path.parent.iterdir()) == [path]


def test_what_was_written_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(
        os, "fsync", lambda handle: done.append(os.fstat(handle).st_mode) or fsync(handle)
    )
    monkeypatch.setattr(os, "replace", lambda *paths: done.append("named") or replace(*paths))
    write_bytes(tmp_path / "a", b"x")
    file, named, folder = done
    assert named == "named" and stat.S_ISREG(file) and stat.S_ISDIR(folder)


@pytest.mark.parametrize("suffix", [".h5", ".weights.h5", ".partial.jsonl"])
def test_temporary_files_of_killed_processes_are_removed(tmp_path, suffix):
    with atomic_path(tmp_path / f"a{suffix}") as temporary:
        assert temporary.name.endswith(suffix)
        name = temporary.name
        dead = name.replace(f"-{os.getpid()}-", f"-{_dead_process()}-")
        elsewhere = re.sub("[0-9a-f]{8}-", "0123abcd-", name, count=1)
        old = elsewhere.replace("0123", "4567")
        others = [".sionna-semcom-notes", ".a-b1c2", "seed0.weights.h5"]
        for left in (dead, elsewhere, old, *others):
            (tmp_path / left).write_bytes(b"left")
        os.utime(tmp_path / old, (0, 0))
        write_bytes(tmp_path / "b", b"x")
        # this process still writes its own, and another machine may write the other
        kept = {path.name for path in tmp_path.iterdir()}
        assert kept == {name, elsewhere, "b", *others}


def test_a_process_that_is_killed_leaves_nothing_for_long(tmp_path):
    code = """
import os, sys
from sionna_semcom._files import atomic_path
with atomic_path(sys.argv[1]) as path:
    path.write_text("half")
    os.kill(os.getpid(), 9)
"""
    path = tmp_path / ("n" * 200 + ".partial.jsonl")
    subprocess.run([sys.executable, "-c", code, path], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    write_bytes(path, b"whole")
    assert list(tmp_path.iterdir()) == [path]


def _fill(file):
    file.attrs["title"] = "t"
    file["values"] = np.arange(1000.0)
    file.create_group("group").create_dataset("packed", data=np.zeros(9999), compression="gzip")


def test_hdf5_from_memory_is_the_file_that_the_library_writes(tmp_path):
    with h5py.File(tmp_path / "direct.h5", "w") as file:
        _fill(file)
    with atomic_hdf5(tmp_path / "memory.h5") as file, atomic_hdf5(tmp_path / "other.h5") as other:
        _fill(file)
        _fill(other)
    for name in ("memory.h5", "other.h5"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "direct.h5").read_bytes()


def test_a_full_disk_is_an_error_that_names_the_file_and_loses_nothing(tmp_path, files_of_at_most):
    path = tmp_path / "a.h5"
    write_bytes(path, b"before")
    with pytest.raises(OSError) as caught, files_of_at_most(4096), atomic_hdf5(path) as file:
        _fill(file)
    assert caught.value.errno == errno.EFBIG
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_room_and_folders_are_tried_first(tmp_path, files_of_at_most):
    check_folder(tmp_path / "new/folder", "a.h5")
    assert not list(tmp_path.iterdir())
    (tmp_path / "new/folder").mkdir(parents=True)
    check_folder(tmp_path / "new/folder", "a.h5")
    assert not list((tmp_path / "new/folder").iterdir())
    reserve(tmp_path, 3 << 20)
    with pytest.raises(OSError, match=re.escape(str(tmp_path))), files_of_at_most(1 << 16):
        reserve(tmp_path, 3 << 20)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file/below", "/proc/none"):
        with pytest.raises(OSError):
            check_folder(folder)
    with pytest.raises(IsADirectoryError, match="folder is a folder, but a file of that name"):
        check_folder(tmp_path / "new", "folder")


def test_a_folder_without_permission_is_named_with_advice(tmp_path):
    tmp_path.chmod(0o500)
    user = os.geteuid()
    if user == 0:  # who may write everywhere
        os.seteuid(65534)
    try:
        for folder in (tmp_path, tmp_path / "new"):
            message = f"{folder} is not writable: Permission denied. Choose another folder"
            with pytest.raises(PermissionError, match=f"^{re.escape(message)}$"):
                check_folder(folder, "a.h5")
    finally:
        os.seteuid(user)
        tmp_path.chmod(0o700)


def test_errors_of_writers_keep_their_own_files(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, atomic_path(tmp_path / "a"):
        (tmp_path / "none").read_bytes()
    assert caught.value.filename == str(tmp_path / "none")
    assert _files._is_alive(os.getpid())
