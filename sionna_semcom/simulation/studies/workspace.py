# SPDX-License-Identifier: Apache-2.0
"""Data, trained systems, links and graphs of one process that computes parts of a study."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterator
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._messages import listed, shortened
from ..._seeding import set_seed
from ...link import from_settings
from ...systems import DeviceSettings
from ...systems.base.linked_model import LinkedModel
from ...systems.decision.receiver import DecisionReceiver
from ..evaluation.batches import Batches
from ..evaluation.graphs import Graphs, Measure
from ..evaluation.monte_carlo import simulate_point
from ..evaluation.probes import Probing
from ..evaluation.recorder import Recorder
from ..evaluation.state import State
from ..execution.tasks import Report
from ..results.curves import SNR_AXIS
from ..training.settings import ModelSettings
from ..training.store import ModelStore
from ..training.weights import weights_digest
from .data_checks import check_data, check_summary
from .partial import RECORDS, SNR
from .parts import Part, Summary, Trained, Values
from .shared_systems import SharedSystems
from .study import Study

if TYPE_CHECKING:
    import keras

    from ...datasets import Data

_KEPT = 8  # maximum number of parts with cached encodings and probes


class Workspace:
    """Data, trained systems, links and graphs of a study, each created on first use.

    Systems of the same configuration share one instance with its graphs. Their weights are assigned
    before they are used.

    Parameters
    ----------
    study : :class:`~sionna_semcom.simulation.Study`
        The study
    data : :class:`~sionna_semcom.datasets.Data`
        Its data
    models : :class:`~sionna_semcom.simulation.ModelStore`
        Trained models
    """

    def __init__(self, study: Study, data: Data, models: ModelStore) -> None:
        self.study, self.data, self.models = study, data, models
        self._systems = SharedSystems()
        self._digests: dict[tuple[str, int], str] = {}
        self._link_weights: dict[tuple[str, int], list[np.ndarray]] = {}
        self._links: dict[tuple[str, int], Any] = {}
        self._graphs = Graphs()
        self._measures: dict[tuple[Hashable, ...], Measure] = {}
        self._probings: dict[tuple[Hashable, ...], Probing] = {}

    def model(
        self, name: str, seed: int, ships: bool, *trained: Trained, report: Report
    ) -> Trained:
        """Load or train a model. If ``ships``, the content of its file is returned as well."""
        report(f"Model {name}, seed {seed}")
        self._receive(trained)
        self._system(name, seed)
        digest = self._digests[name, seed]
        return Trained(name, seed, digest, self.content(name, seed) if ships else None)

    def content(self, name: str, seed: int) -> bytes | None:
        """Content of the file of a model, or `None`."""
        path = self.models.find(name, self.study.models[name], self.data.checksums, seed)
        return path.read_bytes() if path else None

    def keep(self, name: str, seed: int, content: bytes) -> None:
        """Store the file of a model that was trained by another process."""
        self.models.put(name, self.study.models[name], self.data.checksums, seed, content)

    def point(self, part: Part, x: float, *trained: Trained, report: Report) -> Values:
        """Estimates of all metrics at an SNR, transmit power or Eb/N0."""
        self._receive(trained)
        evaluation = self.study.evaluation
        whose = part.link if evaluation.common_channels else part.label
        quantity = evaluation.quantity
        kind = () if quantity == SNR_AXIS else (quantity,)
        seeds = (self.study.seed, whose, part.seed, *kind, x)

        def show(state: State) -> None:
            report((part.title, x, state.mc_iter, state.max_mc_iter))

        system, batches = self._over_link(part), self._batches
        measure = self._measure(system, part)
        snr_db = x + system.snr_offset_db(quantity)
        recorder = Recorder(evaluation.records, system.aggregates)
        common = (evaluation, seeds, show, system.aggregates, recorder)
        point = simulate_point(measure, batches, snr_db, *common)
        if evaluation.probes:
            point |= self._probing(system, part).at(snr_db)
        self._check_names(point)
        estimates = {name: astuple(estimate) for name, estimate in point.items()}
        records = {RECORDS: recorder.columns} if evaluation.records else {}
        return {**estimates, SNR: snr_db, **records}

    def summary(self, part: Part, *trained: Trained, report: Report) -> Summary:
        """Summary values, which do not depend on the SNR."""
        self._receive(trained)
        figures = self._over_link(part).summary(self._batches)
        summary = {name: float(value) for name, value in figures.items()}
        check_summary(self.study.evaluation.axis, part.model, summary)
        return summary

    def link(self, name: str, seed: int) -> Any:
        """Link of the study for models of the training seed ``seed``."""
        key = self._link_key(name, seed)
        if key not in self._links:
            set_seed(self.study.seed, "link", name)  # some links draw a pool of channels
            self._links[key] = from_settings(self.study.links[name], key[1])
        return self._links[key]

    def links(self) -> dict[tuple[str, int], Any]:
        """All links of the study's curves, by name and seed."""
        evaluation = self.study.evaluation
        names = dict.fromkeys(link for curve in self.study.curves for _, link in curve.pairs)
        return {(name, seed): self.link(name, seed) for name in names for seed in evaluation.seeds}

    def channel_files(self) -> dict[str, str]:
        """Checksums of the channel files of training and evaluation, by name.

        Links of models that are not trained yet are also built if they read channel files.
        Incompatible files therefore raise an error before the study runs.
        """
        used = dict(self._models_used())
        for name, settings in used.items():
            if settings.link.checksums and (seed := self._untrained(name, settings)) is not None:
                from_settings(settings.link, seed)
        parts = [*used.values(), *self.links().values()]
        return {name: value for part in parts for name, value in part.checksums.items()}

    def _models_used(self) -> Iterator[tuple[str, ModelSettings]]:
        """Models of curves and judges, and their pretrained models, by name."""
        study = self.study
        names = [model for curve in study.curves for model, _ in curve.pairs]
        for name in dict.fromkeys([*names, *study.judges.values()]):
            settings = study.models[name]
            yield name, settings
            while (start := settings.pretrained) is not None:
                name, settings = start.name, start.model
                yield name, settings

    def _untrained(self, name: str, settings: ModelSettings) -> int | None:
        """First seed without weights, or `None` if all seeds have weights."""
        checksums = self.data.checksums
        for seed in self.study.evaluation.seeds:
            if self.models.find(name, settings, checksums, seed) is None:
                return seed
        return None

    def _link_key(self, name: str, seed: int) -> tuple[str, int]:
        """Name of a link, and the training seed if the link depends on it."""
        follows = self.study.links[name].follows_training
        return name, seed if follows else self.study.evaluation.seeds[0]

    def _receive(self, trained: tuple[Trained, ...]) -> None:
        """Store models of other processes if this process does not have them."""
        for one in trained:
            key = (one.name, one.seed)
            if key in self._systems:
                continue
            if one.content is not None and self.content(*key) != one.content:
                self.keep(*key, one.content)
            self._system(*key)
            if one.digest and self._digests[key] != one.digest:
                raise ValueError(
                    f"Model {one.name}, seed {one.seed}, has different weights in two "
                    f"processes: {self._digests[key][:16]} and {one.digest[:16]}"
                )

    def _system(self, name: str, seed: int) -> keras.Model:
        """Trained system with its weights."""
        key = (name, seed)
        if key not in self._systems:
            system = self.models.obtain(name, self.study.models[name], self.data, seed)
            self._digests[key] = weights_digest(system)  # before the judges are added
            if isinstance(system, LinkedModel):
                self._link_weights[key] = [weight.numpy() for weight in system.link_weights]
            self._systems.add(key, system)
        return self._systems.use(key)

    def _over_link(self, part: Part) -> keras.Model:
        """System of a part with its link and judges."""
        study = self.study
        first = study.evaluation.seeds[0]
        judges = {modality: self._system(name, first) for modality, name in study.judges.items()}
        system, link = self._system(part.model, part.seed), self.link(part.link, part.seed)
        if system.link is not link:
            system.link = link
        learned = study.links[part.link].learned
        if learned is not None and learned.weights is None:
            trained = self._link_weights[part.model, part.seed]
            for variable, value in zip(system.link_weights, trained, strict=True):
                variable.assign(value)
        settings = study.models[part.model].system
        if settings.modes:
            system.mode = part.curve.mode or settings.own_mode
        if isinstance(system, DecisionReceiver):
            system.confidence = part.curve.confidence
        if isinstance(settings, DeviceSettings) and settings.may_part:
            system.transmitters = part.curve.transmitters or settings.transmitters
        system.recognizers = judges
        system.further_metrics = study.evaluation.metrics
        return system

    def _measure(self, system: keras.Model, part: Part) -> Measure:
        """``measure`` over the link of a part, traced once and with cached encodings."""
        key = self._kind(part)
        if key not in self._measures:
            mode = self.study.evaluation.graph_mode
            _make_room(self._measures)
            self._measures[key] = self._graphs.measure(system, mode, part.curve.present)
        return self._measures[key]

    def _probing(self, system: keras.Model, part: Part) -> Probing:
        """Probes of a part, with cached results that do not depend on the SNR."""
        key, kind = self._kind(part), self.study.evaluation.probes
        if key not in self._probings:
            _make_room(self._probings)
            self._probings[key] = Probing(
                system,
                self.data,
                self._batches,
                part.curve.present,
                "linear" if isinstance(kind, bool) else kind,
            )
        return self._probings[key]

    def _kind(self, part: Part) -> tuple[Hashable, ...]:
        """Key of parts that are equal except for their random numbers."""
        curve, link = part.curve, self._link_key(part.link, part.seed)
        return (
            *(part.model, part.seed, link, curve.mode, curve.present),
            *(curve.confidence, curve.transmitters),
        )

    @functools.cached_property
    def _batches(self) -> Batches:
        """Samples of the evaluation."""
        evaluation = self.study.evaluation
        draw = self.data.test if evaluation.split == "test" else self.data.validation
        return Batches(draw(evaluation.batch_size))

    def check_data(self) -> None:
        """Check, before any training, that the study fits its data; see :func:`check_data`."""
        check_data(self.study, self.data, self._batches, self.link)

    def _check_names(self, point: dict[str, Any]) -> None:
        for name in self.study.figure.named_metrics:
            if name not in point:
                raise ValueError(
                    f"The study's figure names the metric {shortened(name)}, but there are only "
                    f"{listed(point, 40)}"
                )


def _make_room(known: dict[Any, Any]) -> None:
    """Remove the oldest entries, which contain encodings of all batches. Graphs are kept."""
    while len(known) >= _KEPT:
        known.pop(next(iter(known)))
