# SPDX-License-Identifier: Apache-2.0
"""Trained models, loaded or trained."""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras

from ... import _fetch, _shipped
from ..._files import check_folder, reserve, write_bytes
from ..._hdf5 import read_json
from ..._seeding import derive_seed, set_seed
from ...channel import MIMOSettings
from ...datasets import Data
from ...link import AnyLink, AWGNLink, Link
from ...systems import DeviceSettings, transfer_weights
from .checkpoint import bfloat16, most_bytes
from .loop import train
from .settings import ModelSettings
from .threads import intra_op_threads
from .weights import load_trained, provenance_of, save_model


class ModelStore:
    """Trained models by name, settings, data and seed: loaded where there are weights, or trained.

    Parameters
    ----------
    folders : iterable of `Path`
        Folders with trained models, searched first to last
    work_dir : `Path`
        Folder that is searched last, and keeps what had to be trained
    verbose : `int`
        Verbosity of training, as for Keras

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
        """Load the trained model ``<folder>/<name>/seed<seed>.keras``, or train it.

        Weights are taken from the first folder that has them for these settings, these data, and
        the files of channels as they are.
        Shipped ones that the installed package lists but does not hold are fetched. Otherwise the
        model is trained and kept in ``work_dir``. Either way it comes over a link that whoever
        evaluates it replaces: that of training is built for training, and for systems of its size.
        A system without trainable weights has no file and comes as built.

        Parameters
        ----------
        name : `str`
            Folder of the weights
        settings : :class:`~sionna_semcom.simulation.ModelSettings`
            The model and its training
        data : data set
            What it is trained on
        seed : `int`
            Seed of training, and of what a model draws from ``data``, such as semantic pilots

        Raises
        ------
        ValueError
            If a weights file is damaged, naming it
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
        """File of the weights for data with these ``checksums``, if there is one.

        Shipped ones that the installed package does not hold are fetched.
        """
        paths = [store_path(folder, name, seed) for folder in (*self.folders, self.work_dir)]
        for path in paths:
            if path.exists() and _of(provenance_of(path), settings, checksums):
                return path
        shipped = _shipped.folder("models")
        file_name = store_path(Path(), name, seed).as_posix()
        missing = _fetch.missing(file_name) if shipped in self.folders else None
        if missing is not None and _of(missing, settings, checksums):
            return _fetch.fetch(file_name)
        return None

    def put(self, name: str, seed: int, content: bytes) -> None:
        """Keep the file of a model that was trained elsewhere."""
        write_bytes(store_path(self.work_dir, name, seed), content)

    def _train(
        self, system: keras.Model, name: str, settings: ModelSettings, data: Data, seed: int
    ) -> keras.Model:
        """Train ``system``, keep its weights, and give a model with what was kept."""
        if (start := settings.pretrained) is not None:
            transfer_weights(system, self.obtain(start.name, start.model, data, seed))
            set_seed(seed, name)
        path = store_path(self.work_dir, name, seed)
        checkpoint = path.with_name(f"seed{seed}.checkpoint.weights.h5")
        provenance = {
            "settings": settings.model_dump_json(),
            "data": json.dumps(data.checksums),
            **({"channels": json.dumps(files)} if (files := dict(settings.checksums)) else {}),
        }
        path.parent.mkdir(parents=True, exist_ok=True)  # others may train another seed there
        check_folder(path.parent, path.name, checkpoint.name)
        for folder in (path.parent, tempfile.gettempdir()):
            reserve(folder, 3 * most_bytes(system))  # with the two moments of Adam
        train(
            system,
            settings.system.training_data(data, seed),
            settings.training,
            derive_seed(seed, name),
            checkpoint,
            self.verbose,
            provenance,
        )
        set_seed(seed, name)  # what is drawn in building is then what was trained with
        link = None if _has_devices(settings) else _link_on_arrival(settings.link)
        trained = settings.build(data, link, seed)
        trained.set_weights([bfloat16(weight) for weight in system.get_weights()])
        save_model(trained, path, {**provenance, "threads": str(intra_op_threads())})
        checkpoint.unlink(missing_ok=True)
        return trained


def store_path(folder: Path, name: str, seed: int) -> Path:
    """File of the weights of a model in ``folder``."""
    return folder / name / f"seed{seed}.keras"


def _link_on_arrival(link: AnyLink) -> Link | None:
    """What a model comes over if not its ``link``: AWGN, as symbol links replace each other.

    There is none for a MIMO channel, which decides the size of what is built for it, and for a link
    that is trained, whose weights are in the file.
    """
    return None if isinstance(link, MIMOSettings) or link.learned else AWGNLink()


def _has_devices(settings: ModelSettings) -> bool:
    """Whether a model can only be measured over a link of as many users as it has modalities."""
    system = settings.system
    return isinstance(system, DeviceSettings) and system.transmitters == "separate"


def _of(found: Mapping[str, Any], settings: ModelSettings, checksums: Mapping[str, str]) -> bool:
    """Whether weights with the attributes ``found`` are of these settings, data and channels."""
    try:
        trained = ModelSettings.model_validate_json(found["settings"])
        channels = read_json(found.get("channels", "{}"), "`channels`")
        same = trained == settings and read_json(found["data"], "`data`") == checksums
        return same and channels == settings.checksums
    except (KeyError, ValueError):
        return False
