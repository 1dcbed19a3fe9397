# SPDX-License-Identifier: Apache-2.0
"""Files that are either whole or absent, and their checksums."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import h5py

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]

_HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
_PREFIX = ".sionna-semcom-"
_TEMPORARY = re.compile(rf"{re.escape(_PREFIX)}([0-9a-f]{{8}})-(\d{{1,9}})-")
_A_DAY = 86400.0
_BLOCK = 2**20


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside ``path`` that is renamed to it when the block succeeds.

    The temporary name ends as ``path`` does (writers that look at suffixes work), and says which
    process writes it: those that killed processes left in the folder are removed. On an error
    the temporary file is removed and ``path`` keeps what it had. What was written is on the disk,
    not only in the system's memory, before it gets its name.

    Raises
    ------
    OSError
        Naming ``path``, if it cannot be written
    """
    target = Path(path)
    with naming(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_left_behind(target.parent)
        suffix = "".join(target.suffixes[-2:])
        prefix = f"{_PREFIX}{_HOST}-{os.getpid()}-"
        handle, name = tempfile.mkstemp(suffix, prefix, target.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            os.chmod(temporary, 0o644)
            _synchronize(temporary)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
        with suppress(OSError):  # not all file systems can do this for folders
            _synchronize(target.parent)


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def _held(path: Path, what: str) -> TextIO:
    """The open file ``path``, which this process has locked; where locks exist."""
    while True:
        with naming(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = open(path, "a+")
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            file.seek(0)
            holder = file.read(200).strip() or "another process"
            file.close()
            raise BlockingIOError(f"{what} is in use by {holder}") from error
        except OSError:  # this file system has no locks
            return file
        with suppress(FileNotFoundError):  # another process has ended and removed it meanwhile
            if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                return file
        file.close()


@contextmanager
def locked(path: str | os.PathLike[str], what: str) -> Iterator[None]:
    """Hold a lock file, which ends with the process however that ends.

    Parameters
    ----------
    path : `str` or `PathLike`
        The file, which is removed afterwards
    what : `str`
        What is locked, for the error message

    Raises
    ------
    BlockingIOError
        If another process holds it
    """
    target = Path(path)
    with _held(target, what) as file:
        with naming(target):
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
            file.flush()
        try:
            yield
        finally:
            target.unlink(missing_ok=True)


@contextmanager
def atomic_hdf5(path: str | os.PathLike[str]) -> Iterator[h5py.File]:
    """Give an empty HDF5 file in memory that is written to ``path`` when the block succeeds.

    On a full disk the HDF5 library itself ends in tracebacks and segmentation faults.
    """
    name = uuid.uuid4().hex  # the library takes files of one name for the same
    with h5py.File(name, "w", driver="core", backing_store=False) as file:
        yield file
        file.flush()
        content = file.id.get_file_image()
    write_bytes(path, content)


def check_folder(folder: str | os.PathLike[str], *names: str) -> None:
    """Try whether files can be written in ``folder``, before hours of computing.

    Parameters
    ----------
    folder : `str` or `PathLike`
        The folder, which need not exist
    names : `str`
        Names of the files

    Raises
    ------
    OSError
        If ``folder`` cannot be written, or one of ``names`` is a folder there
    """
    for name in names:
        if (path := Path(folder) / name).is_dir():
            raise IsADirectoryError(f"{path} is a folder, and a file of that name is to be written")
    reserve(folder, 4096)


def reserve(folder: str | os.PathLike[str], num_bytes: int) -> None:
    """Try whether ``folder`` takes a file of ``num_bytes``.

    Raises
    ------
    OSError
        If it does not: the disk is full, a quota is reached, or files must not be that large
    """
    block = bytes(min(num_bytes, _BLOCK))
    folder = Path(folder)
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    with naming(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as file:
                for _ in range(0, num_bytes, _BLOCK):
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
        finally:
            for each in made:  # nothing is to be seen of what then ends with wrong input
                with suppress(OSError):
                    each.rmdir()


def sha256(*paths: str | os.PathLike[str]) -> str:
    """SHA-256 (hexadecimal) over the contents of ``paths``, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name ``path`` in errors of the system that name no file, or a temporary one."""
    try:
        yield
    except OSError as error:
        named = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
        if error.errno is None or (named and _PREFIX not in named):
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error


def _synchronize(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_left_behind(folder: Path) -> None:
    """Remove temporary files of processes that are no more."""
    for entry in os.scandir(folder):
        if (found := _TEMPORARY.match(entry.name)) is not None:
            with suppress(OSError):  # another run may remove it as well
                host, process = found[1], int(found[2])
                age = time.time() - entry.stat().st_mtime
                if age > _A_DAY or (host == _HOST and not _is_alive(process)):
                    os.unlink(entry.path)


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # where asking ends the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True
