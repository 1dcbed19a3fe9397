# SPDX-License-Identifier: Apache-2.0
"""A study: models, links and curves as a YAML file, checked before anything runs."""

import copy
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from ... import _shipped
from ..._errors import reading
from ..._messages import listed, shortened
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
_MAX_BYTES = 2**22  # of a study file
_MAX_STARTS = 8  # models that start from one another


class Study(Settings):
    """Models that are trained, and curves that compare them over links."""

    name: FileName
    """Name of the result file"""
    title: Title = ""
    """Title of the figure"""
    seed: Seed = 1
    """Seed from which the randomness of all evaluations derives"""
    data: Annotated[DataSettings, DATASETS] = BuiltinData()
    models: dict[FileName, ModelSettings]
    links: dict[Annotated[str, Field(max_length=200)], AnyLink]
    judges: dict[Literal["image", "audio"], str] = Field(default_factory=dict)
    """Classifiers among the models that say if reconstructions of a modality are recognized"""
    curves: tuple[CurveSettings, ...] = Field(min_length=1, max_length=1000)
    evaluation: EvaluationSettings
    figure: FigureSettings = FigureSettings()

    @field_validator("models", mode="before")
    @classmethod
    def _look_up_pretrained(cls, models: Any) -> Any:
        """Put models in the place of names of models that others start from."""
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
                raise ValueError(f"judge {model!r} is no classifier of modality {modality!r}")
        labels = [curve.label for curve in self.curves]
        for what, values in (("curve labels", labels), ("seeds", self.evaluation.seeds)):
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
                    f"curve {curve.label!r} lists models or links, which needs another "
                    f"evaluation.axis than {self.evaluation.axis!r}"
                )
        if self.figure.log_x:
            raise ValueError(
                f"figure.log_x needs another evaluation.axis than {self.evaluation.axis!r}"
            )
        return self

    def load_data(self, models: ModelStore | None = None) -> Data:
        """Read the data.

        Parameters
        ----------
        models : `None` | :class:`~sionna_semcom.simulation.ModelStore`
            Trained models, for data that are latents of trained networks; `None` keeps networks
            that had to be trained in ``results/models``

        Raises
        ------
        FileNotFoundError
            If no folder is given where one is needed, or a file is missing in it
        """
        return self.data.load(models)

    @staticmethod
    def _check_known(owner: str, label: str, kind: str, name: str, known: dict[str, Any]) -> None:
        if name not in known:
            raise ValueError(
                f"{owner} {shortened(label, 60)} names the {kind} {shortened(name, 60)}, but there "
                f"{'is' if len(known) == 1 else 'are'} only {listed(known, 20)}"
            )


def load_study(path: str | os.PathLike[str], changes: Sequence[str] = ()) -> Study:
    """Read a study from a YAML file.

    Parameters
    ----------
    path : `str` or `PathLike`
        The file
    changes : sequence of `str`
        Settings to change, such as ``"evaluation.snr_db=[0, 10]"``: keys with dots, YAML values.
        ``training.<key>`` is that of all models that curves name. Several values between commas,
        as in ``"training.learning_rate=1e-3,3e-4"``, make a study of all combinations, with a
        curve for each, on validation samples

    Raises
    ------
    FileNotFoundError
        If there is no such file
    ValueError
        If the file is no YAML, or a setting is unknown or impossible, naming it
    """
    if not os.path.exists(path):
        raise FileNotFoundError(
            f"No study file {path}; sionna-semcom studies lists the shipped ones"
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
    """Where the trained models of a study file are looked for, first to last.

    After ``../models`` of the file come the shipped models. A study of an installed package has
    ``models`` in the current folder instead, as nothing is written into the package.
    """
    given = os.environ.get(MODELS_VARIABLE)
    shipped = _shipped.folder("models")
    beside = Path(path).resolve().parent.parent / "models"
    if _shipped.installed() and beside == shipped.resolve():
        beside = Path.cwd() / "models"
    return list(dict.fromkeys([*([Path(given)] if given else []), beside, shipped]))


def _with_pretrained(name: str, models: dict[str, Any], later: tuple[str, ...] = ()) -> Any:
    """The document of a model, in which the one that it starts from stands in place of its name."""
    model = models[name]
    start = model.get("pretrained") if isinstance(model, dict) else None
    if not isinstance(start, str):
        return model
    if start not in models or start in (name, *later):
        others = listed((one for one in models if one not in (name, *later)), 20)
        raise ValueError(
            f"model {shortened(name, 60)} can start from one of {others}, none of which may start "
            f"from it. Received: pretrained {shortened(start, 60)}"
        )
    if len(later) >= _MAX_STARTS:
        raise ValueError(
            f"at most {_MAX_STARTS} models can start from one another. Received: "
            f"{listed((*reversed(later), name, start), _MAX_STARTS + 2)}"
        )
    whole = _with_pretrained(start, models, (name, *later))
    return {**model, "pretrained": {"name": start, "model": whole}}


def _unshared(document: Any) -> Any:
    """A copy in which aliases of YAML share nothing: a change of one changes no other."""
    if isinstance(document, dict):
        return {key: _unshared(value) for key, value in document.items()}
    return [_unshared(item) for item in document] if isinstance(document, list) else document


def _change_all(document: Any, changes: Sequence[str]) -> None:
    for change in changes:
        for one in with_training_of_all(change, document):
            _change(document, one)


def _change(document: Any, change: str) -> None:
    """Set ``key.subkey=value`` in a document."""
    dotted, separator, text = change.partition("=")
    if not separator:
        raise ValueError(f"A change must read key=value. Received: {shortened(change)}")
    *path, last = dotted.split(".")
    node = document
    try:
        value = load_yaml(text, "the value")
        for key in path:
            node = node[int(key)] if isinstance(node, list) else node.setdefault(key, {})
        node[int(last) if isinstance(node, list) else last] = value
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise ValueError(
            f"{shortened(change)} changes nothing that the study has: {error}"
        ) from error
