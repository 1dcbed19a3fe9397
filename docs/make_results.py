# SPDX-License-Identifier: Apache-2.0
"""Write the tables of docs/results.md, and the model cards, from the files in docs/results/.

A table stands between two comments, the first of which says what it shows::

    <!-- table RESULT.h5 [snr=0,10,20] METRIC... -->
    <!-- end -->

Metrics that start with ``summary:`` do not depend on the SNR. Figures of a benchmark stand between
``<!-- benchmark RESULT.json KEY.SUBKEY... -->`` and the same end. Run it again after a study:
``python docs/make_results.py``.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import yaml

from sionna_semcom.simulation import Curve, Result
from sionna_semcom.simulation.labels import format_estimate, format_snr

FOLDER = Path(__file__).parent
TABLE = re.compile(
    r"(<!-- (?P<kind>table|benchmark) (?P<request>.+?) -->\n).*?(<!-- end -->)", re.DOTALL
)


def table(request: str) -> str:
    """Markdown table of what ``request`` asks for: a row a curve, a column a metric and SNR."""
    file, *words = request.split()
    result = Result.load(FOLDER / "results" / file)
    options = dict(word.split("=") for word in words if "=" in word)
    names = [word for word in words if "=" not in word]
    snrs = [float(snr) for snr in options["snr"].split(",")] if "snr" in options else None
    return curves_table(result.curves, names, snrs)


def benchmark(request: str) -> str:
    """Markdown table of figures that a benchmark wrote to a JSON file."""
    file, *keys = request.split()
    document = json.loads((FOLDER / "results" / file).read_text(encoding="utf-8"))
    lines = ["| figure | value |", "| --- | --- |"]
    for key in keys:
        value = functools.reduce(lambda node, part: node[part], key.split("."), document)
        lines.append(f"| {key.replace('_', ' ').replace('.', ', ')} | {value:.4g} |")
    return "\n".join(lines) + "\n"


def curves_table(
    curves: Mapping[str, Curve], names: Sequence[str], snrs: Sequence[float] | None = None
) -> str:
    """Markdown table with a row for each of ``curves`` and columns as :func:`table` says."""
    snrs = snrs or list(next(iter(curves.values())).snr_db)
    columns = [
        (name, snr) for name in names for snr in ([None] if name.startswith("summary:") else snrs)
    ]
    heads = [_head(name, snr, len(snrs) > 1) for name, snr in columns]
    rows = [
        [label, *(_cell(curve, name, snr) for name, snr in columns)]
        for label, curve in curves.items()
    ]
    lines = [["curve", *heads], ["---"] * (len(columns) + 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _head(name: str, snr: float | None, several: bool) -> str:
    title = name.removeprefix("summary:").replace("recall_at_1/", "R@1 ").replace("_", " ")
    return f"{title}, {format_snr(snr)}" if snr is not None and several else title


def _cell(curve: Curve, name: str, snr: float | None) -> str:
    if snr is None:
        value = curve.summary.get(name.removeprefix("summary:"))
        return "" if value is None else f"{value:.4g}"
    if name not in curve.metrics:
        return ""
    index = int(np.flatnonzero(curve.snr_db == snr)[0])
    return format_estimate(curve.metrics[name][index])


def fill(text: str) -> str:
    """The page with every table written anew."""
    kinds = {"table": table, "benchmark": benchmark}
    return TABLE.sub(
        lambda match: match[1] + kinds[match["kind"]](match["request"]) + match[4], text
    )


CARD = """# {name}

{what} Weights of training seed {seeds}, rounded to bfloat16.

Trained on `{data}` (SHA-256 in the attributes of the weights files) with

```yaml
{settings}```

Train it anew (`--seed` for other seeds):

```bash
sionna-semcom train link_sims/{study}.yaml --model {name} --seed {first} --out retrained
```

Test figures, from `docs/results/{study}.h5` (`sionna-semcom run link_sims/{study}.yaml`), mean and
95 % interval:

{figures}"""
WHAT = {
    "centroid": "Centroid transmission of image, audio and text, `{mode}` mode.",
    "classifier": "Classifier of one modality, trained on clean samples: an independent judge.",
}


def cards() -> dict[Path, str]:
    """Model cards of all committed weights, by path."""
    written = {}
    for path in sorted((FOLDER / "results").glob("*.h5")):
        result = Result.load(path)
        for name, model in result.settings.get("models", {}).items():
            weights = sorted((FOLDER.parent / "models" / name).glob("seed*.weights.h5"))
            if weights:
                target = weights[0].parent / "README.md"
                written.setdefault(target, _card(path.stem, result, name, model, weights))
    return written


def _card(study: str, result: Result, name: str, model: Mapping, weights: Sequence[Path]) -> str:
    seeds = [path.name.removeprefix("seed").split(".")[0] for path in weights]
    curves = {
        settings["label"]: result.curves[settings["label"]]
        for settings in result.settings["curves"]
        if settings["model"] == name
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
    page = FOLDER / "results.md"
    page.write_text(fill(page.read_text(encoding="utf-8")), encoding="utf-8")
    for path, text in cards().items():
        path.write_text(text, encoding="utf-8")
