# SPDX-License-Identifier: Apache-2.0
"""Write models/index.json: checksums of all weights, and their training settings.

Run it again after weights change: ``python docs/make_model_index.py``. With ``--assets FOLDER`` the
weights are copied to a folder as well, under the names that they have on a release page.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

from sionna_semcom._fetch import asset
from sionna_semcom._files import sha256
from sionna_semcom.simulation.training.weights import provenance_of

MODELS = Path(__file__).parents[1] / "models"


def index(models: Path = MODELS) -> dict[str, dict[str, Any]]:
    """Content of ``models/index.json``."""
    return {path.relative_to(models).as_posix(): _entry(path) for path in _weights(models)}


def _weights(models: Path) -> list[Path]:
    return sorted(models.glob("*/seed*.keras"))


def _entry(path: Path) -> dict[str, Any]:
    found = provenance_of(path)
    known = [name for name in ("settings", "data", "channels") if name in found]
    trained = {name: json.loads(found[name]) for name in known}
    return {"sha256": sha256(path), "bytes": path.stat().st_size, **trained}


def text(models: Path = MODELS) -> str:
    """The file, one line for each of the weights."""
    lines = (f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in index(models).items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    """Write the index, and copy the weights if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=Path)
    assets = parser.parse_args().assets
    (MODELS / "index.json").write_text(text(), encoding="utf-8")
    if assets is not None:
        assets.mkdir(parents=True, exist_ok=True)
        for path in _weights(MODELS):
            shutil.copy(path, assets / asset(path.relative_to(MODELS).as_posix()))


if __name__ == "__main__":
    main()
