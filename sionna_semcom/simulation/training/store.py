# SPDX-License-Identifier: Apache-2.0
"""Trained models, loaded or trained."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from ... import _fetch, _shipped
from ..._files import check_folder, reserve
from ..._hdf5 import read_json
from ..._seeding import derive_seed, set_seed
from ...channel import MIMOSettings
from ...datasets import Data
from ...link import AnyLink, AWGNLink, Link
from ...systems import adopt
from .loop import train
from .settings import ModelSettings
from .threads import intra_op_threads
from .weights import _attributes, _bfloat16, _most_bytes, load_weights, save_weights


def obtain_model(
    name: str,
    settings: ModelSettings,
    data: Data,
    seed: int,
    models_dirs: Sequence[Path],
    work_dir: Path,
    verbose: int = 0,
) -> keras.Model:
    """Load the trained model ``<dir>/<name>/seed<seed>.weights.h5``, or train it.

    Weights are taken from the first of ``models_dirs`` and ``work_dir`` that has them for these
    settings and these data; those of the shipped models that the installed package lists but does
    not hold are fetched. Otherwise the model is trained and kept in ``work_dir``. Either way
    it comes over a link that whoever evaluates it replaces: that of training is built for training,
    and for systems of its size. A system without trainable weights has no file and comes as built.

    Raises
    ------
    ValueError
        If a weights file is damaged, naming it
    """
    file_name = Path(name) / f"seed{seed}.weights.h5"
    set_seed(seed, name)
    data = settings.system.training_data(data, seed)
    kept = _trained(file_name, settings, data, (*models_dirs, work_dir))
    if kept is not None:
        system = settings.build(data, _link_on_arrival(settings.link), seed)
        load_weights(system, kept)
        return system
    system = settings.build(data, seed=seed)
    if not system.trainable_weights:
        return system
    if settings.pretrained is not None:
        start = settings.pretrained
        folders = (models_dirs, work_dir, verbose)
        adopt(system, obtain_model(start.name, start.model, data, seed, *folders))
        set_seed(seed, name)
    path = Path(work_dir) / file_name
    checkpoint = path.with_name(f"seed{seed}.checkpoint.weights.h5")
    provenance = {"settings": settings.model_dump_json(), "data": json.dumps(data.checksums)}
    own_seed = derive_seed(seed, name)
    check_folder(path.parent, path.name, checkpoint.name)
    for place in (path.parent, tempfile.gettempdir()):
        reserve(place, 3 * _most_bytes(system))  # with the two moments of Adam
    train(system, data, settings.training, own_seed, checkpoint, verbose, provenance)
    set_seed(seed, name)  # what is drawn in building is then what was trained with
    trained = settings.build(data, _link_on_arrival(settings.link), seed)
    trained.set_weights([_bfloat16(weight) for weight in system.get_weights()])
    save_weights(trained, path, {**provenance, "threads": intra_op_threads()})
    checkpoint.unlink(missing_ok=True)
    return trained


def _trained(
    file_name: Path, settings: ModelSettings, data: Data, folders: Sequence[Path]
) -> Path | None:
    """The first weights in ``folders``, or else those to fetch, of these settings and data."""
    for path in (Path(folder) / file_name for folder in folders):
        if path.exists() and _of(_attributes(path), settings, data.checksums):
            return path
    missing = _fetch.missing(file_name.as_posix()) if _shipped.folder("models") in folders else None
    if missing is not None and _of(missing, settings, data.checksums):
        return _fetch.fetch(file_name.as_posix())
    return None


def _link_on_arrival(link: AnyLink) -> Link | None:
    """What a model comes over if not its ``link``: AWGN, as symbol links replace each other.

    There is none for a MIMO channel, which decides the size of what is built for it.
    """
    return None if isinstance(link, MIMOSettings) else AWGNLink()


def _of(found: Mapping[str, Any], settings: ModelSettings, checksums: dict[str, str]) -> bool:
    """Whether weights with the attributes ``found`` are of these settings and these data."""
    try:
        trained = ModelSettings.model_validate_json(found["settings"])
        return trained == settings and read_json(found["data"], "`data`") == checksums
    except (KeyError, ValueError):
        return False
