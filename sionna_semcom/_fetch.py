# SPDX-License-Identifier: Apache-2.0
"""Download of trained weights that are not part of the wheel.

Files are downloaded from the release page, checked against their SHA-256 and cached.
``models/index.json`` lists the weights with their checksums and training settings.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from . import _shipped

RELEASES = "https://github.com/sionna-semcom/sionna-semcom/releases/download"
TIMEOUT = 20.0
"""Timeout of a download [s]"""


def index() -> dict[str, dict[str, Any]]:
    """Entries of all released weights, by path below ``models/`` such as ``"NAME/seed0.keras"``."""
    path = _shipped.folder("models") / "index.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def missing(name: str) -> dict[str, str] | None:
    """Attributes of released weights that are not part of the installed package, or `None`.

    A checkout of the repository contains all weights. Weights that are missing in a checkout were
    removed on purpose, to be trained again, and are not downloaded.
    """
    released = index().get(name) if _shipped.installed() else None
    if released is None or (_shipped.folder("models") / name).exists():
        return None
    attributes = [one for one in ("settings", "data", "channels") if one in released]
    return {attribute: json.dumps(released[attribute]) for attribute in attributes}


def fetch(name: str) -> Path:
    """Path of released weights. Downloads them if they are not available locally.

    Parameters
    ----------
    name : `str`
        Path below ``models/``, such as ``"NAME/seed0.keras"``

    Raises
    ------
    ValueError
        If no weights of this name are released, or the downloaded file has a different checksum
    OSError
        If the release page cannot be reached. The message names the URL and the local path.
    """
    shipped = _shipped.folder("models") / name
    if shipped.exists():
        return shipped
    known = index()
    if name not in known:
        raise ValueError(f"No weights of this name are released. Received: {name!r}")
    import pooch
    from requests.exceptions import RequestException

    url = f"{RELEASES}/v{version('sionna-semcom')}/{asset(name)}"
    cache = pooch.create(
        path=pooch.os_cache("sionna_semcom") / "models",
        base_url="",
        registry={name: f"sha256:{known[name]['sha256']}"},
        urls={name: url},
    )
    try:
        return Path(cache.fetch(name, downloader=pooch.HTTPDownloader(timeout=TIMEOUT)))
    except RequestException as error:
        raise OSError(
            f"{url} cannot be fetched ({type(error).__name__}). Download it elsewhere and store "
            f"it as {Path(cache.path) / name}"
        ) from error


def asset(name: str) -> str:
    """File name of weights on the release page, which has no folders."""
    return name.replace("/", ".")
