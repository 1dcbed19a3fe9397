# SPDX-License-Identifier: Apache-2.0
"""Atomic writing of files, lock files, checks of folders, and checksums."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import socket
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import h5py

try:
    import fcntl
except ImportError:  # Windows has no fcntl
    fcntl = None  # type: ignore[assignment]

_HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
_PREFIX = ".sionna-semcom-"
_TEMPORARY = re.compile(rf"{re.escape(_PREFIX)}([0-9a-f]{{8}})-(\d{{1,9}})-")
_A_DAY = 86400.0
_BLOCK = 2**20
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path, which is renamed to ``path`` when the block succeeds.

    The temporary file is in the same folder and has the same suffixes as ``path``, because some
    writers derive the format from the suffix. Its name contains the ID of the writing process.
    Temporary files of processes that were killed are removed. If the block raises an error, the
    temporary file is removed and ``path`` is unchanged. The content is flushed to the disk before
    the file is renamed.

    Raises
    ------
    OSError
        If ``path`` cannot be written. The message names ``path``.
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
        with suppress(OSError):  # some file systems cannot synchronize folders
            _synchronize(target.parent)


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def _held(path: Path, what: str) -> TextIO:
    """Open ``path`` and lock it, if the file system supports locks."""
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
        except OSError:  # this file system does not support locks
            return file
        with suppress(FileNotFoundError):  # another process may have removed it since
            if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                return file
        file.close()


@contextmanager
def locked(path: str | os.PathLike[str], what: str) -> Iterator[None]:
    """Hold a lock file. The operating system releases the lock when the process ends.

    Parameters
    ----------
    path : `str` or `PathLike`
        The lock file. It is removed when the block ends.
    what : `str`
        Name of the locked resource in the error message

    Raises
    ------
    BlockingIOError
        If another process holds the lock
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
    """Yield an empty HDF5 file in memory, which is written to ``path`` when the block succeeds.

    The file is kept in memory because the HDF5 library can crash when the disk is full.
    """
    name = uuid.uuid4().hex  # the library treats files of equal names as the same file
    with h5py.File(name, "w", driver="core", backing_store=False) as file:
        yield file
        file.flush()
        content = file.id.get_file_image()
    write_bytes(path, content)


def check_no_input(out: Path, inputs: Iterable[str | os.PathLike[str]]) -> None:
    """Check that ``out`` is none of the files that are read.

    Raises
    ------
    ValueError
        If it is one of them
    """
    for path in map(Path, inputs):
        if out.exists() and path.exists() and out.samefile(path):
            raise ValueError(f"the output must be another file than the input. Received: {out}")


def check_folder(folder: str | os.PathLike[str], *names: str) -> None:
    """Check that files can be written in ``folder``, before a long computation.

    Parameters
    ----------
    folder : `str` or `PathLike`
        The folder. It may be missing.
    names : `str`
        Names of the files that will be written

    Raises
    ------
    IsADirectoryError
        If one of ``names`` is a folder in ``folder``
    PermissionError
        If writing in ``folder`` is not allowed
    OSError
        If ``folder`` cannot be written for another reason
    """
    try:
        for name in names:
            if (path := Path(folder) / name).is_dir():
                raise IsADirectoryError(
                    f"{path} is a folder, but a file of that name must be written"
                )
        reserve(folder, 4096)
    except OSError as error:
        if error.errno not in _FORBIDDEN:
            raise
        raise PermissionError(
            f"{os.fspath(folder)} is not writable: {error.strerror}. Choose another folder"
        ) from error


def reserve(folder: str | os.PathLike[str], num_bytes: int) -> None:
    """Check that a file of ``num_bytes`` can be written in ``folder``. Nothing is left there.

    Raises
    ------
    OSError
        If the disk is full, a quota is exceeded, or the size of files is limited
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
            for each in made:  # leave no new folders if a later check fails
                with suppress(OSError):
                    each.rmdir()


def sha256(*paths: str | os.PathLike[str]) -> str:
    """SHA-256 (hexadecimal) of the concatenated contents of ``paths``, in the given order."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Insert ``path`` in errors of the operating system that name no file or a temporary file."""
    try:
        yield
    except OSError as error:
        named = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
        if error.errno is None or (named and _PREFIX not in named):
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error


def _synchronize(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_left_behind(folder: Path) -> None:
    """Remove temporary files of processes that have ended."""
    for entry in os.scandir(folder):
        if (found := _TEMPORARY.match(entry.name)) is not None:
            with suppress(OSError):  # another run may remove it as well
                host, process = found[1], int(found[2])
                age = time.time() - entry.stat().st_mtime
                if age > _A_DAY or (host == _HOST and not _is_alive(process)):
                    os.unlink(entry.path)


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # os.kill would end the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # the process belongs to another user
        return True
    return True
