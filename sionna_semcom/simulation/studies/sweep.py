# SPDX-License-Identifier: Apache-2.0
"""Sweeps: one study of all combinations of some settings."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._messages import listed, shortened
from ..results.curves import Curve

_CAN_VARY = ("training", "models", "links")
_GROUPS = ("models", "links")
_ERRORS = ("mse", "nmse", "mae", "error", "ber", "bler", "failure", "loss", "transmissions", "uses")
_PERCENTILE = re.compile(r"_p(ercentile_)?[\d.]+$")
_RATIO = "error_over_no_eff"  # ideally one
_MOST = 1000
_OPEN, _CLOSE, _QUOTES = "[{(", "]})", "'\""


@dataclass(frozen=True)
class Sweep:
    """Swept settings and their combinations of values.

    Parameters
    ----------
    keys : `tuple` of `str`
        Dotted keys
    combinations : `tuple` of `tuple` of `str`
        Values of the keys (YAML) in each combination
    """

    keys: tuple[str, ...]
    combinations: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, changes: Sequence[str]) -> tuple[Sweep | None, list[str]]:
        """Split changes into a sweep, for comma-separated values, and the remaining changes.

        Only settings of ``training``, ``models`` and ``links`` can be swept. Commas in other
        settings are part of the value.

        Raises
        ------
        ValueError
            If there are too many combinations
        """
        varied: dict[str, list[str]] = {}
        fixed = []
        for change in changes:
            key, _, text = change.partition("=")
            values = _between_commas(text) if key.split(".")[0] in _CAN_VARY else []
            if len(values) > 1:
                varied[key] = values
            else:
                fixed.append(change)
        if not varied:
            return None, fixed
        combinations = tuple(itertools.product(*varied.values()))
        if len(combinations) > _MOST:
            raise ValueError(
                f"A sweep has at most {_MOST} combinations. Received: {len(combinations)}"
            )
        return cls(tuple(varied), combinations), fixed

    @property
    def names(self) -> tuple[str, ...]:
        """Last components of the keys if they are unique, otherwise the full keys."""
        names = tuple(key.rpartition(".")[2] for key in self.keys)
        return self.keys if len(set(names)) < len(names) else names

    def label(self, values: Sequence[str]) -> str:
        """Label of a combination in the legend."""
        pairs = zip(self.names, values, strict=True)
        return ", ".join(f"{name} {value}".replace("/", "-") for name, value in pairs)

    def changes(self, values: Sequence[str]) -> list[str]:
        """Changes of the study for a combination."""
        return [f"{key}={value}" for key, value in zip(self.keys, values, strict=True)]


def with_training_of_all(change: str, document: Mapping[str, Any]) -> list[str]:
    """Expand ``training.x=...`` to changes of all models of the curves."""
    if not change.startswith("training.") or not isinstance(document, dict):
        return [change]
    names: dict[Any, None] = {}
    for curve in document.get("curves") or ():
        model = curve.get("model") if isinstance(curve, dict) else None
        names |= dict.fromkeys(model if isinstance(model, list) else [model])
    return [f"models.{name}.{change}" for name in names]


def joined(
    document: Mapping[str, Any], variants: Mapping[str, dict[str, Any]], names: Sequence[str]
) -> dict[str, Any]:
    """Combine all ``variants``, by label, in one study that is evaluated on validation samples.

    The names of the swept settings, ``names``, are appended to the name of the study. Models and
    links that differ between variants, and models that start from them, get new names.

    Raises
    ------
    ValueError
        If a variant has models or links that ``document`` does not have, or another judge
    """
    whole = copy.deepcopy(dict(document))
    whole["name"] = f"{document.get('name')}_sweep_{_as_name('_'.join(names))}"
    whole["evaluation"] = {**(whole.get("evaluation") or {}), "split": "validation"}
    whole["curves"] = []
    for label, variant in variants.items():
        new_names = {
            group: _new_names(group, document, variant, label, whole[group]) for group in _GROUPS
        }
        if judges := set(new_names["models"]) & set((whole.get("judges") or {}).values()):
            raise ValueError(
                f"a sweep must not change judges, because all curves have the same judges. "
                f"Received: changes of {listed(sorted(judges))}"
            )
        for group, renamed in new_names.items():
            for name, new in renamed.items():
                whole[group][new] = settings = dict(variant[group][name])
                if isinstance(settings.get("pretrained"), str):
                    settings["pretrained"] = _renamed(settings["pretrained"], renamed)
        for curve in variant["curves"]:
            changed = {"label": f"{curve['label']}, {label}"}
            for key, group in (("model", "models"), ("link", "links")):
                changed[key] = _renamed(curve[key], new_names[group])
            whole["curves"].append({**curve, **changed})
    whole["figure"] = {**(whole.get("figure") or {}), "curves": None}
    return whole


def ranking(curves: Mapping[str, Curve], metric: str) -> list[tuple[str, float, float]]:
    """Curves, best first: label, mean of a metric over the points, and half width.

    Metrics of errors are better if they are smaller, and ``error_over_no_eff`` if it is closer to
    one. Other metrics are better if they are larger. The half width is the mean over the points.

    Raises
    ------
    ValueError
        If a curve does not have the metric
    """
    for curve in curves.values():
        if metric not in curve.metrics:
            raise ValueError(
                f"There is no metric {shortened(metric)}, only {listed(curve.metrics, 40)}"
            )
    rows = [
        (label, float(np.mean(one.mean)), float(np.mean(one.ci_high - one.ci_low) / 2))
        for label, one in ((label, curve.metrics[metric]) for label, curve in curves.items())
    ]
    return sorted(rows, key=lambda row: _cost(metric, row[1]))


def _cost(metric: str, mean: float) -> float:
    """Number that is smaller for a better ``mean`` of a metric."""
    kind = _PERCENTILE.sub("", metric.partition("_in_")[0])
    if _RATIO in kind:
        return abs(mean - 1.0)
    return mean if re.split("[_/]", kind)[-1] in _ERRORS else -mean


def _between_commas(text: str) -> list[str]:
    """Split a text at commas outside of brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in _QUOTES:
            quote = letter
        depth += (letter in _OPEN) - (letter in _CLOSE) if not quote else 0
        if letter == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _new_names(
    group: str,
    document: Mapping[str, Any],
    variant: Mapping[str, Any],
    label: str,
    taken: Container[str],
) -> dict[str, str]:
    """New names of models or links that differ from the document, or start from one that differs.

    Raises
    ------
    ValueError
        If the variant has other models or links than the document
    """
    settings = variant[group]
    if new := [name for name in settings if name not in document[group]]:
        raise ValueError(f"{group} has no {listed(new)}, only {listed(document[group], 20)}")
    differ = {name for name, each in settings.items() if each != document[group][name]}
    size = -1
    while size != len(differ):
        size = len(differ)
        differ |= {name for name, each in settings.items() if each.get("pretrained") in differ}
    return {name: _name(name, label, taken) for name in settings if name in differ}


def _name(name: str, label: str, taken: Container[str]) -> str:
    new = f"{name}-{_as_name(label)}"
    while new in taken:
        new += "_"
    return new


def _as_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "_", text).strip("_")


def _renamed(names: Any, new: Mapping[str, str]) -> Any:
    if isinstance(names, list):
        return [new.get(name, name) for name in names]
    return new.get(names, names)
