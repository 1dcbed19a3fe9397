# SPDX-License-Identifier: Apache-2.0
"""Checks that models, data, links and curves of a study are compatible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..._messages import did_you_mean, listed, shortened
from ...channel import MIMOSettings
from ...datasets.settings import DATASETS, DataSettings
from ...link import AnyLink, MultiUserSettings
from ...link.coded import as_of_link
from ...systems import DeviceSettings, SystemSettings
from ..evaluation.probes import of_probes
from ..results.curves import EBNO_AXIS
from ..training.settings import ModelSettings
from .schema import CurveSettings


def check_compatibility(study: Any) -> None:
    """Check a study for errors that would otherwise occur when a model is built or evaluated.

    Raises
    ------
    ValueError
        If data, models, links, curves or names of metrics are incompatible. The message names them.
    """
    for name, model in study.models.items():
        _check_data(name, model.system, study.data)
        _check_training_devices(name, model, study.data.modalities)
    for curve in study.curves:
        for model_name, link_name in curve.pairs:
            system = study.models[model_name].system
            who = f"curve {shortened(curve.label, 60)}"
            _check_link(who, model_name, system, link_name, study.links[link_name])
            _check_learned(who, model_name, study.models[model_name], link_name, study)
            _check_sizes(
                who, model_name, study.models[model_name], link_name, study.links[link_name]
            )
            _check_axis(who, study.evaluation.quantity, model_name, system, study.links[link_name])
            devices = link_name, study.links[link_name], study.data.modalities
            _check_devices(who, curve, system, *devices)
            _check_curve(who, curve, model_name, system, study.data.modalities)
            _check_confidence(who, curve, link_name, study.links[link_name])
            _check_limit(who, curve, study.links[link_name], study.evaluation.batch_size)
            if study.evaluation.probes and not system.can_be_probed(curve.mode):
                raise ValueError(f"{who}: probes need a model that transmits latents")
            check_metric_names(who, study, known_metrics(who, study, model_name, link_name))


def known_metrics(who: str, study: Any, model: str, link: str) -> list[str]:
    """Names of the metrics of a model over a link, without those of probes.

    Raises
    ------
    ValueError
        If additional metrics do not apply to the system of the model
    """
    system = study.models[model].system
    known: list[str] = system.metric_names(study.data.modalities, study.judges)
    known += _figures(system, study.links[link])
    further = [one for one in study.evaluation.metrics if one.kind not in known]
    try:
        return [*known, *system.further_metric_names(study.data.modalities, further)]
    except ValueError as error:
        raise ValueError(f"{who}, model {model!r}: {error}") from error


def _check_data(name: str, system: SystemSettings, data: DataSettings) -> None:
    def suits(kind: Any, modalities: Iterable[str]) -> bool:
        if system.reads_features:
            return bool(kind.has_features)
        return set(system.needs) <= set(modalities)

    if suits(data, data.modalities):
        return
    suited = [kind for kind, other in DATASETS.items() if suits(other, other.default_modalities())]
    wanted = "features of several modalities" if system.reads_features else listed(system.needs)
    raise ValueError(
        f"model {name!r} ({system.kind}) needs data with {wanted}: "
        f"{', '.join(suited) or 'there are none'}. Received: {data.kind} with "
        f"{listed(data.modalities)}"
    )


def _check_link(who: str, model: str, system: SystemSettings, name: str, link: AnyLink) -> None:
    if system.crosses is None:
        raise ValueError(f"{who} needs a model that transmits, but {model!r} is a classifier")
    try:
        system.check_link(link)
    except ValueError as error:
        raise ValueError(f"{who}: model {model!r} ({system.kind}) {error}") from error
    crossed = "MIMO channel" if isinstance(link, MIMOSettings) else "link"
    if system.crosses != crossed:
        raise ValueError(
            f"{who}: model {model!r} ({system.kind}) needs a {system.crosses}. "
            f"Received: the {crossed} {name!r} ({link.kind})"
        )


def _check_axis(who: str, axis: str, model: str, system: SystemSettings, link: AnyLink) -> None:
    if axis in link.axes or (axis == EBNO_AXIS and system.sends_bits):
        return
    needed = "a link with `link_budget`"
    if axis == EBNO_AXIS:
        needed = "a model that sends bits, or a pusch link with `transport_block`"
    raise ValueError(
        f"{who}: evaluation.{axis} needs {needed}. "
        f"Received: model {model!r} ({system.kind}) over a link of kind {link.kind}"
    )


def _check_devices(
    who: str,
    curve: CurveSettings,
    system: SystemSettings,
    name: str,
    link: Any,
    modalities: tuple[str, ...],
) -> None:
    """Check that a link supports one joint transmitter, or one device per modality."""
    separable = isinstance(system, DeviceSettings)
    if curve.transmitters is not None and not separable:
        raise ValueError(
            f"{who}: transmitters needs a system whose modalities can have separate transmitters"
        )
    own = system.transmitters if isinstance(system, DeviceSettings) else "joint"
    transmitters = curve.transmitters or own
    if isinstance(system, DeviceSettings) and transmitters != own and not system.may_part:
        raise ValueError(
            f"{who}: {system.kind} must be evaluated with the transmitters of its training. "
            f"Received: transmitters {transmitters!r}"
        )
    if system.crosses == "link":
        apart = (curve.mode or system.own_mode) == "conventional"
        _check_transmitters(f"{who}: link {name!r}", system, transmitters, apart, link, modalities)


def _check_training_devices(name: str, model: ModelSettings, modalities: tuple[str, ...]) -> None:
    """Check that the link of training supports the transmitters of a model."""
    system, link = model.system, model.link
    if system.crosses != "link" or isinstance(link, MIMOSettings):
        return
    transmitters = system.transmitters if isinstance(system, DeviceSettings) else "joint"
    apart = system.own_mode != "end_to_end"  # the mode paper transmits centroids in evaluation only
    who = f"model {name!r}: the link of its training"
    _check_transmitters(who, system, transmitters, apart, link, modalities)


def _check_transmitters(
    who: str,
    system: SystemSettings,
    transmitters: str,
    apart: bool,
    link: Any,
    modalities: tuple[str, ...],
) -> None:
    """Check that ``link`` supports ``transmitters``, and separates them if ``apart``."""
    if transmitters not in link.transmitters:
        raise ValueError(
            f"{who} is for {' or '.join(link.transmitters)} transmitters. "
            f"Received: transmitters {transmitters!r}"
        )
    if transmitters == "joint" or not isinstance(link, MultiUserSettings):
        return
    if link.num_users != len(modalities) or link.user is not None:
        raise ValueError(
            f"{who} must have num_users={len(modalities)}, one for each modality, and no user, "
            f"for separate transmitters. Received: num_users={link.num_users}, user={link.user}"
        )
    may_part = isinstance(system, DeviceSettings) and system.may_part
    if "joint" not in link.transmitters and (apart or not may_part):
        raise ValueError(
            f"{who} adds the symbols of all transmitters, but {system.kind} sends latents that "
            f"must be separated. Received: {link.kind}"
        )


def _check_sizes(who: str, name: str, model: ModelSettings, link: str, crossed: Any) -> None:
    """Check that the MIMO channels of training and of evaluation have the same sizes."""
    system, sizes = model.system, model.system.sizes(crossed)
    if not sizes:
        return
    if not isinstance(model.link, MIMOSettings):
        raise ValueError(
            f"model {name!r} ({system.kind}) needs a MIMO channel as the link of its training. "
            f"Received: {model.link.kind}"
        )
    trained = system.sizes(model.link)
    if trained != sizes:
        raise ValueError(
            f"{who}: model {name!r} is trained for {_listed(trained)}. "
            f"Received: the MIMO channel {link!r} with {_listed(sizes)}"
        )


def _check_learned(who: str, name: str, model: ModelSettings, link: str, study: Any) -> None:
    """Check that a learned estimator has weights, either its own or those of the model's link."""
    learned, trained = study.links[link].learned, model.link.learned
    if learned is not None and learned.weights is None and not learned.fits(trained):
        raise ValueError(
            f"{who}: the link {link!r} needs `estimator.weights`, or a model that is trained over "
            f"a link with the same estimator. Received: the model {name!r}, trained over "
            f"{model.link.kind} {'without one' if trained is None else 'with another one'}"
        )


def _listed(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{size} {name}" for name, size in sizes.items())


def _check_curve(
    who: str, curve: CurveSettings, model: str, system: SystemSettings, known: tuple[str, ...]
) -> None:
    """Check ``present`` and ``mode`` of a curve for data with modalities ``known``."""
    if curve.present is not None and not set(curve.present) <= set(known):
        raise ValueError(
            f"{who}: present must name some of {listed(known, 20)}. "
            f"Received: {listed(curve.present)}"
        )
    whole = system.drops_modalities and set(curve.present or known) == set(known)
    try:
        system.check_evaluation(curve.mode, None if whole else curve.present)
        system.check_confidence(curve.confidence)
    except ValueError as error:
        raise ValueError(f"{who}, model {model!r} ({system.kind}): {error}") from error


def _check_confidence(who: str, curve: CurveSettings, name: str, link: AnyLink) -> None:
    """Check that ``confidence`` is used with a link that has retransmissions."""
    if curve.confidence is not None and "transmissions" not in link.metric_names:
        raise ValueError(
            f"{who}: confidence needs a link with retransmissions. "
            f"Received: the link {name!r} ({link.kind})"
        )


def _check_limit(who: str, curve: CurveSettings, link: AnyLink, batch_size: int) -> None:
    """Check that the limit of ``mode: limit`` is known, and that batches have a variance."""
    if curve.mode == "limit" and (not link.only_noise or batch_size < 2):
        raise ValueError(
            f"{who}: mode 'limit' needs a link that only adds noise, and batches of at least two "
            f"samples. Received: {link.kind}, batch_size={batch_size}"
        )


def _figures(system: SystemSettings, link: AnyLink) -> tuple[str, ...]:
    """Names of the metrics of ``link`` in addition to those of ``system``."""
    return tuple(map(as_of_link, link.metric_names)) if system.sends_bits else link.metric_names


def check_metric_names(who: str, study: Any, known: Iterable[str]) -> None:
    """Check that targets and figure name ``known`` metrics, or metrics of probes.

    Raises
    ------
    ValueError
        If a name is unknown
    """
    known = list(known)
    for key, names in (
        ("evaluation.target_half_width", study.evaluation.target_half_width),
        ("evaluation.num_target_errors", study.evaluation.num_target_errors),
        ("figure.metrics", study.figure.metrics),
        ("figure.log_scale", study.figure.log_scale),
        ("figure.best", study.figure.ranked),
    ):
        for name in names or ():
            if name not in known and not (study.evaluation.probes and of_probes(name)):
                raise ValueError(
                    f"{key} names the metric {shortened(name)}, but {who} has only "
                    f"{listed(known, 40)}{did_you_mean(name, known)}"
                )
