# SPDX-License-Identifier: Apache-2.0
"""Write the tables of the pages in docs/results/, and the model cards, from the files there.

A table is between two comments. The first comment defines its content::

    <!-- table RESULT.h5 [snr=0,10,20] METRIC... [| CURVE | ...] -->
    <!-- end -->

All curves of the file are shown unless curves are named. Metrics that start with ``summary:`` do
not depend on the SNR. Curves along another axis have ``x=0.1,0.2`` instead of ``snr=0,10``, or one
row per point without it. ``seed=0`` shows the first training seed alone. Results of a benchmark are
between ``<!-- benchmark RESULT.json KEY.SUBKEY... -->`` and the same end. Differences of curves
with common channels, with intervals over the differences of seeds, are between::

    <!-- differences RESULT.h5 [snr=0,10,20] METRIC... | CURVE - OTHER CURVE | ... -->
    <!-- end -->

Gains in dB of a curve over another (``snr_gain``) have the same form, with ``gains`` instead of
``differences``.

Gains of parts of the two-stage bottleneck (see ``regime_tables.py``) are between::

    <!-- regimes RESULT.json TABLE ... -->
    <!-- end -->

A table with one row per entry of a JSON file, and one column per key, is between::

    <!-- rows RESULT.json KEY.SUBKEY... -->
    <!-- end -->

Percentiles of a metric and, with a threshold, its outage, computed from records, are between::

    <!-- distribution RESULT.h5 [x=10,20] METRIC [percent=5,95] [above=0.1] -->
    <!-- end -->

Run it again after a study: ``python docs/make_results.py``.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml
from regime_tables import regimes
from result_tables import curves_table, of_seed, within_ranges

from sionna_semcom.simulation import (
    Curve,
    Metric,
    Result,
    distribution_curve,
    paired_difference,
    snr_gain,
)

FOLDER = Path(__file__).parent
TABLE = re.compile(
    r"(<!-- (?P<kind>table|differences|gains|distribution|benchmark|regimes|rows) "
    r"(?P<request>.+?) -->\n)"
    r".*?(<!-- end -->)",
    re.DOTALL,
)


def table(request: str) -> str:
    """Markdown tables for ``request`` with one row per curve and one column per SNR."""
    wanted, *labels = (part.strip() for part in request.split(" | "))
    curves, names, xs = _asked_for(wanted)
    shown = {label: within_ranges(curves[label]) for label in labels or curves}
    return curves_table(shown, names, xs)


def differences(request: str) -> str:
    """Markdown table of paired differences: a row a pair of curves, columns as in a table."""
    return _of_pairs(request, paired_difference, " less ")


def gains(request: str) -> str:
    """Markdown table of gains in dB: a row a pair of curves, columns as in a table."""
    return _of_pairs(request, snr_gain, " over ")


def _of_pairs(request: str, compare: Callable[[Curve, Curve, str], Metric], between: str) -> str:
    """Markdown table of the output of ``compare`` for each pair of curves."""
    wanted, *pairs = (part.strip() for part in request.split(" | "))
    curves, names, xs = _asked_for(wanted)
    rows = {}
    for pair in pairs:
        first, second = (curves[label] for label in pair.split(" - "))
        metrics = {name: compare(first, second, name) for name in names}
        rows[pair.replace(" - ", between)] = replace(first, metrics=metrics)
    return curves_table(rows, names, xs)


def distribution(request: str) -> str:
    """Markdown table of percentiles and outage of one metric: a row a curve."""
    curves, (metric,), xs = _asked_for(request)
    options = dict(word.split("=") for word in request.split() if "=" in word)
    percents = [float(percent) for percent in options.get("percent", "5,50,95").split(",")]
    limits = {name: float(options[name]) for name in ("below", "above") if name in options}
    found = {
        label: distribution_curve(curve, metric, percents, **limits)
        for label, curve in curves.items()
    }
    return curves_table(found, list(next(iter(found.values())).metrics), xs)


def _asked_for(request: str) -> tuple[Mapping[str, Curve], list[str], list[float] | None]:
    """Curves of a result file, names of metrics, and points that ``request`` names."""
    file, *words = request.split()
    result = Result.load(FOLDER / "results" / file)
    options = dict(word.split("=") for word in words if "=" in word)
    names = [word for word in words if "=" not in word]
    given = options.get("x", options.get("snr"))
    curves = result.curves
    if "seed" in options:
        curves = {label: of_seed(curve, int(options["seed"])) for label, curve in curves.items()}
    return curves, names, [float(x) for x in given.split(",")] if given else None


def benchmark(request: str) -> str:
    """Markdown table of figures that a benchmark wrote to a JSON file."""
    file, *keys = request.split()
    document = json.loads((FOLDER / "results" / file).read_text(encoding="utf-8"))
    lines = ["| figure | value |", "| --- | --- |"]
    for key in keys:
        value = functools.reduce(lambda node, part: node[part], key.split("."), document)
        lines.append(f"| {key.replace('_', ' ').replace('.', ', ')} | {value:.4g} |")
    return "\n".join(lines) + "\n"


def rows(request: str) -> str:
    """Markdown table of a JSON file: a row per name, and a column per key, empty if missing."""
    file, *keys = request.split()
    document = json.loads((FOLDER / "results" / file).read_text(encoding="utf-8"))
    titles = [key.replace("_", " ").replace(".", ", ") for key in keys]
    lines = [f"| | {' | '.join(titles)} |", "| --- |" + " --- |" * len(keys)]
    for name, figures in document.items():
        found = [
            functools.reduce(lambda node, part: node.get(part, {}), key.split("."), figures)
            for key in keys
        ]
        cells = [f"{value:.3f}" if isinstance(value, float) else "" for value in found]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def fill(text: str) -> str:
    """Page with updated tables."""
    kinds = {
        "table": table,
        "differences": differences,
        "gains": gains,
        "distribution": distribution,
        "benchmark": benchmark,
        "regimes": regimes,
        "rows": rows,
    }
    return TABLE.sub(
        lambda match: match[1] + kinds[match["kind"]](match["request"]) + match[4], text
    )


CARD = """# {name}

{what} Weights of training seed {seeds}, rounded to bfloat16.

Trained on `{data}` (SHA-256 in `provenance.json` of the model files) with

```yaml
{settings}```

Train it again (`--seed` for other seeds):

```bash
sionna-semcom train link_sims/{study}.yaml --model {name} --seed {first} --out retrained
```

Test figures, from `docs/results/{study}.h5` (`sionna-semcom run link_sims/{study}.yaml`), mean and
95 % interval:

{figures}"""
WHAT = {
    "centroid": "Centroid transmission of image, audio and text, `{mode}` mode.",
    "classifier": "Classifier of one modality, trained on clean samples: an independent judge.",
    "neural_alignment": "Latent-space alignment by networks, `{network}`.",
    "two_stage_vib": "Two-stage information bottleneck, {transmitted_dim} numbers sent.",
    "t_deepsc": "T-DeepSC, {transmitted_dim} numbers sent.",
    "comm": "Representations of several modalities without labels, objective `{objective}`.",
    "compressed_comm": "Representations of CoMM in {num_symbols} complex symbols.",
    "channel_estimation": "Network that refines the channel estimate of its link.",
    "broadcast_alignment": "Networks at {num_users} users that decode one shared precoder.",
    "image_classifier": "Encoder (`{network}`, {latent_dim} features) with its own head.",
}
ENCODER_CARD = """# {name}

{what} Weights of training seed 0, rounded to bfloat16.

Trained on the images of `{data}` with

```yaml
{settings}```

Train it again after moving the weights to another folder:

```bash
sionna-semcom latents link_sims/{study}.yaml --out latents.h5
```

Accuracy with its own head, from `docs/results/encoders.json` (`python benchmarks/encoders.py`):

| validation | test |
| --- | --- |
| {validation:.4f} | {test:.4f} |
"""


def cards() -> dict[Path, str]:
    """Model cards of all committed weights, by path."""
    written = {}
    for path in sorted((FOLDER / "results").glob("*.h5")):
        result = Result.load(path)
        settings = result.settings
        used = [*settings.get("judges", {}).values()]
        for curve in settings.get("curves", []):
            used += np.atleast_1d(curve["model"]).tolist()
        for name, model in settings.get("models", {}).items():
            if name not in used:  # another one starts from it
                continue
            weights = sorted((FOLDER.parent / "models" / name).glob("seed*.keras"))
            if weights:
                target = weights[0].parent / "README.md"
                written.setdefault(target, _card(path.stem, result, name, model, weights))
    return written | _encoder_cards()


def _encoder_cards() -> dict[Path, str]:
    """Model cards of the networks whose latents are aligned, by path."""
    figures = json.loads((FOLDER / "results" / "encoders.json").read_text(encoding="utf-8"))
    written = {}
    for path in sorted((FOLDER / "results").glob("alignment_*.h5")):
        data = Result.load(path).settings["data"]
        if data["kind"] == "latents":  # of networks that others trained
            continue
        users = data.get("users", {})
        networks = {**users, **data}  # those of one receiver, or of several
        for end, network in networks.items():
            name = f"{data['kind'].split('_')[0]}_{end}"
            target = FOLDER.parent / "models" / name / "README.md"
            if name not in figures or (end in users and target in written):
                continue
            written[target] = ENCODER_CARD.format(
                name=name,
                what=WHAT["image_classifier"].format(**network["system"]),
                data=name.split("_")[0],
                settings=yaml.safe_dump(dict(network), sort_keys=False),
                study=path.stem,
                **figures[name],
            )
    return written


def _card(study: str, result: Result, name: str, model: Mapping, weights: Sequence[Path]) -> str:
    seeds = [path.name.removeprefix("seed").split(".")[0] for path in weights]
    curves = {
        settings["label"]: within_ranges(result.curves[settings["label"]])
        for settings in result.settings["curves"]
        if name in np.atleast_1d(settings["model"])
    }
    figures = "It judges the curves of the study.\n"
    if curves:
        metrics = list(next(iter(curves.values())).metrics)
        figures = "\n".join(curves_table(curves, [metric]) for metric in metrics)
    return CARD.format(
        name=name,
        what=WHAT[model["system"]["kind"]].format(**model["system"]),
        seeds=", ".join(seeds),
        first=seeds[0],
        data=result.settings["data"]["kind"],
        settings=yaml.safe_dump(dict(model), sort_keys=False),
        study=study,
        figures=figures,
    )


if __name__ == "__main__":
    for page in sorted((FOLDER / "results").glob("*.md")):
        page.write_text(fill(page.read_text(encoding="utf-8")), encoding="utf-8")
    for path, text in cards().items():
        path.write_text(text, encoding="utf-8")
