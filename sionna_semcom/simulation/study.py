# SPDX-License-Identifier: Apache-2.0
"""A study: models, links and curves as a YAML file, checked before anything runs."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, NonNegativeInt, PositiveInt, ValidationError, model_validator

from .._settings import Settings
from ..link import LinkSettings
from ..systems import ClassifierSettings, Mode
from .data_settings import BuiltinData, DataSettings
from .stop_rule import StopRule
from .training import ModelSettings
from .validation import explain

MODELS_VARIABLE = "SIONNA_SEMCOM_MODELS"


class CurveSettings(Settings):
    """A model that is evaluated over a link."""

    label: str = Field(pattern="^[^/]+$")
    """What the legend says; a slash would be a path in the result file"""
    model: str
    """Which of the study's models"""
    link: str
    """Which of the study's links"""
    present: tuple[str, ...] | None = Field(None, min_length=1)
    """Modalities that the transmitter has; nothing (null) is all"""
    mode: Mode | None = None
    """What is sent, if not (null) what the model's own mode says: the conventional mode can be
    evaluated with the model that the paper's mode trains"""


class EvaluationSettings(StopRule):
    """Where and for how long curves are simulated."""

    snr_db: tuple[float, ...] = Field(min_length=1)
    """SNRs [dB]; .inf is noiseless"""
    batch_size: PositiveInt = 100
    """Samples a batch"""
    seeds: tuple[NonNegativeInt, ...] = Field((0,), min_length=1)
    """Seeds of training; with several, intervals are over the models trained with them"""
    graph_mode: Literal["graph", "xla"] | None = "graph"
    """How systems are executed; nothing (null) is eagerly"""


class FigureSettings(Settings):
    """What the study's figure shows."""

    metrics: tuple[str, ...] | None = None
    """Metrics, one panel each; nothing (null) is all"""
    log_scale: tuple[str, ...] = ()
    """Metrics whose axis is logarithmic"""


class Study(Settings):
    """Models that are trained, and curves that compare them over links."""

    name: str = Field(pattern=r"^\w[\w.-]*$")
    """Name of the result file"""
    title: str = ""
    """Title of the figure"""
    seed: NonNegativeInt = 1
    """Seed from which the randomness of all evaluations derives"""
    data: DataSettings = BuiltinData()
    models: dict[Annotated[str, Field(pattern=r"^\w[\w.-]*$")], ModelSettings]
    links: dict[str, LinkSettings]
    judges: dict[Literal["image", "audio"], str] = Field(default_factory=dict)
    """Classifiers among the models that say if reconstructions of a modality are recognised"""
    curves: tuple[CurveSettings, ...] = Field(min_length=1)
    evaluation: EvaluationSettings
    figure: FigureSettings = FigureSettings()

    @model_validator(mode="after")
    def _check_references(self) -> "Study":
        for curve in self.curves:
            self._check_known("curve", curve.label, "model", curve.model, self.models)
            self._check_known("curve", curve.label, "link", curve.link, self.links)
            if isinstance(self.models[curve.model].system, ClassifierSettings):
                raise ValueError(
                    f"curve {curve.label!r} needs a model that transmits, but "
                    f"{curve.model!r} is a classifier"
                )
        for modality, model in self.judges.items():
            self._check_known("judge of", modality, "model", model, self.models)
            system = self.models[model].system
            if not isinstance(system, ClassifierSettings) or system.modality != modality:
                raise ValueError(f"judge {model!r} is no classifier of modality {modality!r}")
        labels = [curve.label for curve in self.curves]
        for what, values in (("curve labels", labels), ("seeds", self.evaluation.seeds)):
            if len(set(values)) < len(values):
                raise ValueError(f"{what} must differ. Received: {', '.join(map(str, values))}")
        return self

    @staticmethod
    def _check_known(owner: str, label: str, kind: str, name: str, known: dict[str, Any]) -> None:
        if name not in known:
            raise ValueError(
                f"{owner} {label!r} names the {kind} {name!r}, but there "
                f"{'is' if len(known) == 1 else 'are'} only {', '.join(known) or 'none'}"
            )


def load_study(path: str | os.PathLike[str], changes: Sequence[str] = ()) -> Study:
    """Read a study from a YAML file.

    Parameters
    ----------
    path : `str` or `PathLike`
        The file
    changes : sequence of `str`
        Settings to change, such as ``"evaluation.snr_db=[0, 10]"``: keys with dots, YAML values

    Raises
    ------
    FileNotFoundError
        If there is no such file
    ValueError
        If the file is no YAML, or a setting is unknown or impossible, naming it
    """
    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(f"No study file {path}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    for change in changes:
        _change(document, change)
    try:
        return Study.model_validate(document)
    except ValidationError as error:
        raise ValueError(f"{path}: {explain(error, document, Study)}") from error


def models_folders(path: str | os.PathLike[str]) -> list[Path]:
    """Where the trained models of a study file are looked for, first to last."""
    given = os.environ.get(MODELS_VARIABLE)
    beside = Path(path).resolve().parent.parent / "models"
    return [Path(given), beside] if given else [beside]


def _change(document: Any, change: str) -> None:
    """Set ``key.subkey=value`` in a document."""
    dotted, separator, text = change.partition("=")
    if not separator:
        raise ValueError(f"A change must read key=value. Received: {change!r}")
    *path, last = dotted.split(".")
    node = document
    try:
        value = yaml.safe_load(text)
        for key in path:
            node = node[int(key)] if isinstance(node, list) else node.setdefault(key, {})
        node[int(last) if isinstance(node, list) else last] = value
    except (AttributeError, IndexError, TypeError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{change!r} changes nothing that the study has: {reason}") from error
