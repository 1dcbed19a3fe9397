# SPDX-License-Identifier: Apache-2.0
"""Studies: YAML files of models, links and curves, which are checked before they run."""

import copy
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from ... import _shipped
from ..._errors import reading
from ..._messages import did_you_mean, listed, shortened
from ..._parts import Settings
from ..._parts.explanation import explain
from ..._yaml import load_yaml
from ...datasets import Data
from ...datasets.digits.settings import BuiltinData
from ...datasets.settings import DATASETS, DataSettings
from ...link import AnyLink
from ..results.figure_settings import FigureSettings
from ..results.labels import in_decibels
from ..results.names import FileName, Seed, Title
from ..training.settings import ModelSettings
from ..training.store import ModelStore
from . import network_latents  # noqa: F401  declares data sets
from .compatibility import check_compatibility
from .schema import CurveSettings, EvaluationSettings
from .sweep import Sweep, joined, with_training_of_all

MODELS_VARIABLE = "SIONNA_SEMCOM_MODELS"
_MAX_BYTES = 2**22  # maximum size of a study file
_MAX_STARTS = 8  # maximum length of a chain of pretrained models


class Study(Settings):
    """Study: trained models, and curves that compare them over links."""

    name: FileName
    """Name of the result file, without suffix"""
    title: Title = ""
    """Title of the figure"""
    seed: Seed = 1
    """Seed of all random numbers of the evaluation"""
    data: Annotated[DataSettings, DATASETS] = BuiltinData()
    models: dict[FileName, ModelSettings]
    links: dict[Annotated[str, Field(max_length=200)], AnyLink]
    judges: dict[Literal["image", "audio"], str] = Field(default_factory=dict)
    """Classifier by modality that evaluates whether reconstructions are recognized; one of the
    models"""
    curves: tuple[CurveSettings, ...] = Field(min_length=1, max_length=1000)
    evaluation: EvaluationSettings
    figure: FigureSettings = FigureSettings()

    @field_validator("models", mode="before")
    @classmethod
    def _look_up_pretrained(cls, models: Any) -> Any:
        """Replace the names in ``pretrained`` by the settings of the models."""
        if not isinstance(models, dict):
            return models
        return {name: _with_pretrained(name, models) for name in models}

    @model_validator(mode="after")
    def _check_references(self) -> "Study":
        for curve in self.curves:
            for model, link in curve.pairs:
                self._check_known("curve", curve.label, "model", model, self.models)
                self._check_known("curve", curve.label, "link", link, self.links)
        for modality, model in self.judges.items():
            self._check_known("judge of", modality, "model", model, self.models)
            if self.models[model].system.judged != modality:
                raise ValueError(f"judge {model!r} is not a classifier of modality {modality!r}")
        labels = [curve.label for curve in self.curves]
        evaluation = self.evaluation
        for what, values in (
            ("curve labels", labels),
            ("seeds", evaluation.seeds),
            (evaluation.quantity, evaluation.points),
            ("evaluation.metrics", [metric.kind for metric in evaluation.metrics]),
        ):
            if len(set(values)) < len(values):
                raise ValueError(f"{what} must differ. Received: {listed(values)}")
        for label in self.figure.curves or ():
            self._check_known("figure", self.name, "curve", label, dict.fromkeys(labels))
        check_compatibility(self)
        return self

    @model_validator(mode="after")
    def _check_axis(self) -> "Study":
        if not in_decibels(self.evaluation.axis):
            return self
        for curve in self.curves:
            if curve.lists:
                raise ValueError(
                    f"curve {curve.label!r} lists models or links, which needs an "
                    f"evaluation.axis other than {self.evaluation.axis!r}"
                )
        if self.figure.log_x:
            raise ValueError(
                f"figure.log_x needs an evaluation.axis other than {self.evaluation.axis!r}"
            )
        return self

    @property
    def deterministic(self) -> bool:
        """Whether the training of a model must not depend on the number of cores."""
        return any(model.training.deterministic for model in self.models.values())

    def load_data(self, models: ModelStore | None = None) -> Data:
        """Load the data set.

        Parameters
        ----------
        models : `None` | :class:`~sionna_semcom.simulation.ModelStore`
            Trained models, for data sets of latents. By default, newly trained models are stored in
            ``results/models``.

        Raises
        ------
        FileNotFoundError
            If a required data folder is not set, or a file is missing
        """
        return self.data.load(models)

    @staticmethod
    def _check_known(owner: str, label: str, kind: str, name: str, known: dict[str, Any]) -> None:
        if name not in known:
            raise ValueError(
                f"{owner} {shortened(label, 60)} names the {kind} {shortened(name, 60)}, but there "
                f"{'is' if len(known) == 1 else 'are'} only {listed(known, 20)}"
                + did_you_mean(name, known)
            )


def load_study(path: str | os.PathLike[str], changes: Sequence[str] = ()) -> Study:
    """Read a study from a YAML file.

    Parameters
    ----------
    path : `str` or `PathLike`
        The file
    changes : sequence of `str`
        Changed settings, such as ``"evaluation.snr_db=[0, 10]"``: dotted keys and YAML values.
        ``training.<key>`` applies to all models of the curves. Values that are separated by commas,
        as in ``"training.learning_rate=1e-3,3e-4"``, create a sweep: one curve per combination,
        evaluated on validation samples.

    Output
    ------
    : :class:`~sionna_semcom.simulation.Study`
        The checked study

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is not valid YAML, or a setting is unknown or invalid. The message names it.
    """
    if not os.path.exists(path):
        raise FileNotFoundError(
            f"No study file {path}; sionna-semcom studies lists the shipped studies"
            + did_you_mean(Path(path).stem, _shipped.studies())
        )
    with reading(path, "study file"), open(path, "rb") as file:
        content = file.read(_MAX_BYTES)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not YAML: {error.reason} in byte {error.start}") from error
    document = _unshared(load_yaml(text, str(path)))
    sweep, fixed = Sweep.of(changes)
    _change_all(document, fixed)
    study = _validated(document, path)
    if sweep is None:
        return study
    variants = {}
    for values in sweep.combinations:
        variants[sweep.label(values)] = variant = copy.deepcopy(document)
        _change_all(variant, sweep.changes(values))
        _validated(variant, path)
    return _validated(joined(document, variants, sweep.names), path)


def _validated(document: Any, path: str | os.PathLike[str]) -> Study:
    try:
        return Study.model_validate(document)
    except ValidationError as error:
        raise ValueError(f"{path}: {explain(error, document, Study)}") from error


def models_folders(path: str | os.PathLike[str]) -> list[Path]:
    """Folders that are searched for trained models of a study file, in this order.

    1. The folder in the environment variable ``SIONNA_SEMCOM_MODELS``, if it is set. 2.
    ``../models`` relative to the file. For shipped studies of an installed package, ``models`` in
       the current folder, because the package is not modified.
    3. The shipped models.
    """
    given = os.environ.get(MODELS_VARIABLE)
    shipped = _shipped.folder("models")
    beside = Path(path).resolve().parent.parent / "models"
    if _shipped.installed() and beside == shipped.resolve():
        beside = Path.cwd() / "models"
    return list(dict.fromkeys([*([Path(given)] if given else []), beside, shipped]))


def _with_pretrained(name: str, models: dict[str, Any], later: tuple[str, ...] = ()) -> Any:
    """Document of a model, in which the name in ``pretrained`` is replaced by the model."""
    model = models[name]
    start = model.get("pretrained") if isinstance(model, dict) else None
    if not isinstance(start, str):
        return model
    if start not in models or start in (name, *later):
        others = listed((one for one in models if one not in (name, *later)), 20)
        raise ValueError(
            f"model {shortened(name, 60)} can start from one of {others}, without "
            f"cycles. Received: pretrained {shortened(start, 60)}"
        )
    if len(later) >= _MAX_STARTS:
        raise ValueError(
            f"at most {_MAX_STARTS} models can form a chain of pretrained models. Received: "
            f"{listed((*reversed(later), name, start), _MAX_STARTS + 2)}"
        )
    whole = _with_pretrained(start, models, (name, *later))
    return {**model, "pretrained": {"name": start, "model": whole}}


def _unshared(document: Any) -> Any:
    """Copy without shared objects, so that a change affects only one of several YAML aliases."""
    if isinstance(document, dict):
        return {key: _unshared(value) for key, value in document.items()}
    return [_unshared(item) for item in document] if isinstance(document, list) else document


def _change_all(document: Any, changes: Sequence[str]) -> None:
    for change in changes:
        for one in with_training_of_all(change, document):
            _change(document, one)


def _change(document: Any, change: str) -> None:
    """Apply ``key.subkey=value`` to a document."""
    dotted, separator, text = change.partition("=")
    if not separator:
        raise ValueError(f"A change must have the form key=value. Received: {shortened(change)}")
    keys = dotted.split(".")
    node = document
    try:
        value = load_yaml(text, "the value")
        while (size := _size_of_key(node, keys)) < len(keys):
            key, keys = ".".join(keys[:size]), keys[size:]
            node = node[int(key)] if isinstance(node, list) else node.setdefault(key, {})
        last = ".".join(keys)
        node[int(last) if isinstance(node, list) else last] = value
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise ValueError(
            f"{shortened(change)} does not match the keys of the study: {error}"
        ) from error


def _size_of_key(node: Any, keys: Sequence[str]) -> int:
    """Number of ``keys`` in the longest key of ``node``, which may contain dots; otherwise one."""
    sizes = range(len(keys), 1, -1) if isinstance(node, dict) else ()
    return next((size for size in sizes if ".".join(keys[:size]) in node), 1)
