# SPDX-License-Identifier: Apache-2.0
"""Store of trained models, which trains missing models."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import keras

from ... import _fetch, _shipped
from ..._files import check_folder, locked, reserve, write_bytes
from ..._hdf5 import read_json
from ..._seeding import derive_seed, set_seed
from ...channel import MIMOSettings
from ...datasets import Data
from ...link import AnyLink, AWGNLink, Link
from ...systems import DeviceSettings, transfer_weights
from .checkpoint import attributes_of, bfloat16, most_bytes
from .loop import train
from .settings import ModelSettings
from .threads import intra_op_threads
from .weights import load_trained, provenance_of, save_model


class ModelStore:
    """Trained models by name, settings, data and seed. Missing models are trained.

    Parameters
    ----------
    folders : iterable of `Path`
        Folders with trained models, in the order of the search
    work_dir : `Path`
        Folder of newly trained models, which is searched last
    verbose : `int`
        Verbosity of training, as in Keras

    Example
    -------
    >>> models = ModelStore(["models"])
    >>> system = models.obtain("centroid", settings, Digits(), seed=0)
    """

    def __init__(
        self,
        folders: Iterable[str | os.PathLike[str]] = (),
        work_dir: str | os.PathLike[str] = Path("results") / "models",
        verbose: int = 0,
    ) -> None:
        self.folders = tuple(map(Path, folders))
        self.work_dir = Path(work_dir)
        self.verbose = verbose

    def obtain(self, name: str, settings: ModelSettings, data: Data, seed: int) -> keras.Model:
        """Load the trained model of ``<folder>/<name>/seed<seed>.keras``, or train it.

        The model is loaded from the first folder that has weights of the same settings, data and
        channel files. Weights of shipped models that are not part of the installed package are
        downloaded. Otherwise the model is trained and stored in ``work_dir``. If that file or its
        checkpoint belongs to other settings, data or channel files, or to another process, the file
        is ``seed<seed>-<digest>.keras``. Systems without trainable weights are built and not
        stored.

        The link of the returned system is a placeholder, which evaluation replaces: AWGN, or the
        link of training if the system depends on its size, its users or its weights.

        Parameters
        ----------
        name : `str`
            Folder of the weights
        settings : :class:`~sionna_semcom.simulation.ModelSettings`
            The model and its training
        data : :class:`~sionna_semcom.datasets.Data`
            Training data
        seed : `int`
            Seed of training, and of random parts of the model such as semantic pilots

        Output
        ------
        : `keras.Model`
            The trained system

        Raises
        ------
        ValueError
            If a weights file is damaged. The message names it.
        BlockingIOError
            If other processes train the same model under both names
        """
        set_seed(seed, name)
        if (path := self.find(name, settings, data.checksums, seed)) is not None:
            system = settings.build(data, _link_on_arrival(settings.link), seed)
            load_trained(system, path)
            return system
        system = settings.build(data, seed=seed)
        return (
            self._train(system, name, settings, data, seed) if system.trainable_weights else system
        )

    def find(
        self, name: str, settings: ModelSettings, checksums: Mapping[str, str], seed: int
    ) -> Path | None:
        """File of the weights for data with these ``checksums``, or `None`.

        Weights of shipped models that are not part of the installed package are downloaded.
        """
        for folder in (*self.folders, self.work_dir):
            path = store_path(folder, name, seed)
            for one in (path, *sorted(path.parent.glob(f"{path.stem}-*.keras"))):
                if one.exists() and _of(provenance_of(one), settings, checksums):
                    return one
        shipped = _shipped.folder("models")
        file_name = store_path(Path(), name, seed).as_posix()
        missing = _fetch.missing(file_name) if shipped in self.folders else None
        if missing is not None and _of(missing, settings, checksums):
            return _fetch.fetch(file_name)
        return None

    def put(
        self,
        name: str,
        settings: ModelSettings,
        checksums: Mapping[str, str],
        seed: int,
        content: bytes,
    ) -> None:
        """Store the file of a model that was trained by another process."""
        with self._place(name, settings, checksums, seed) as path:
            write_bytes(path, content)

    @contextmanager
    def _place(
        self, name: str, settings: ModelSettings, checksums: Mapping[str, str], seed: int
    ) -> Iterator[Path]:
        """Locked file for new weights. Neither it nor its checkpoint belongs to other weights."""
        path = store_path(self.work_dir, name, seed)
        check_folder(path.parent)
        provenance = json.dumps(_provenance(settings, checksums), sort_keys=True)
        digest = hashlib.sha256(provenance.encode()).hexdigest()
        other = path.with_name(f"{path.stem}-{digest[:12]}.keras")

        def taken() -> bool:
            readers = ((path, provenance_of), (_checkpoint(path), attributes_of))
            found = (read(file) for file, read in readers if file.exists())
            begun = other.exists() or _checkpoint(other).exists()
            return begun or not all(_of(one, settings, checksums) for one in found)

        with ExitStack() as stack:
            chosen = path
            try:
                stack.enter_context(locked(path.with_suffix(".lock"), str(path)))
            except BlockingIOError:
                chosen = other
            if chosen is other or taken():
                stack.close()
                chosen = other
                stack.enter_context(locked(other.with_suffix(".lock"), str(other)))
            yield chosen

    def _train(
        self, system: keras.Model, name: str, settings: ModelSettings, data: Data, seed: int
    ) -> keras.Model:
        """Train ``system``, store its weights, and return a model with the stored weights."""
        if (start := settings.pretrained) is not None:
            transfer_weights(system, self.obtain(start.name, start.model, data, seed))
            set_seed(seed, name)
        with self._place(name, settings, data.checksums, seed) as path:
            return self._train_at(path, system, name, settings, data, seed)

    def _train_at(
        self,
        path: Path,
        system: keras.Model,
        name: str,
        settings: ModelSettings,
        data: Data,
        seed: int,
    ) -> keras.Model:
        checkpoint = _checkpoint(path)
        provenance = _provenance(settings, data.checksums)
        check_folder(path.parent, path.name, checkpoint.name)
        for folder in (path.parent, tempfile.gettempdir()):
            reserve(folder, 3 * most_bytes(system))  # weights and both moments of Adam
        train(
            system,
            settings.system.training_data(data, seed),
            settings.training,
            derive_seed(seed, name),
            checkpoint,
            self.verbose,
            provenance,
        )
        set_seed(seed, name)  # parts that are drawn when the model is built equal those of training
        link = None if _has_devices(settings) else _link_on_arrival(settings.link)
        trained = settings.build(data, link, seed)
        trained.set_weights([bfloat16(weight) for weight in system.get_weights()])
        save_model(trained, path, {**provenance, "threads": str(intra_op_threads())})
        checkpoint.unlink(missing_ok=True)
        return trained


def store_path(folder: Path, name: str, seed: int) -> Path:
    """File of the weights of a model in ``folder``."""
    return folder / name / f"seed{seed}.keras"


def _checkpoint(path: Path) -> Path:
    """File of the state of the training of the model ``path``."""
    return path.with_name(f"{path.stem}.checkpoint.weights.h5")


def _link_on_arrival(link: AnyLink) -> Link | None:
    """Placeholder for ``link`` in a loaded model: AWGN, because symbol links are interchangeable.

    `None` for a MIMO channel, which determines the size of the system, and for a link that is
    trained, whose weights are part of the file.
    """
    return None if isinstance(link, MIMOSettings) or link.learned else AWGNLink()


def _has_devices(settings: ModelSettings) -> bool:
    """Whether a model requires a link with one user per modality."""
    system = settings.system
    return isinstance(system, DeviceSettings) and system.transmitters == "separate"


def _provenance(settings: ModelSettings, checksums: Mapping[str, str]) -> dict[str, str]:
    """All that weights depend on, except their seed."""
    return {
        "settings": settings.model_dump_json(),
        "data": json.dumps(settings.training.sources(checksums)),
        **({"channels": json.dumps(files)} if (files := dict(settings.checksums)) else {}),
    }


def _of(found: Mapping[str, Any], settings: ModelSettings, checksums: Mapping[str, str]) -> bool:
    """Whether the attributes ``found`` of weights match the settings, data and channels."""
    try:
        trained = ModelSettings.model_validate_json(found["settings"])
        channels = read_json(found.get("channels", "{}"), "`channels`")
        data = settings.training.sources(checksums)
        same = trained == settings and read_json(found["data"], "`data`") == data
        return same and channels == settings.checksums
    except (KeyError, ValueError):
        return False
