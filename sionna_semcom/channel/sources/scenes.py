# SPDX-License-Identifier: Apache-2.0
"""Files of scenes: scenes of `sionna.rt` and your own scenes."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from ..._files import sha256

_FILE = re.compile(rb'name\s*=\s*"filename"\s+value\s*=\s*"([^"]+)"')


def scene_file(name: str) -> Path:
    """File of a scene.

    Parameters
    ----------
    name : `str`
        Scene of `sionna.rt`, or an XML file of Mitsuba

    Raises
    ------
    FileNotFoundError
        If the XML file does not exist
    ValueError
        If the scene is unknown, with a list of all scenes, or `sionna.rt` is not installed
    """
    if name.endswith(".xml"):
        if not Path(name).is_file():
            raise FileNotFoundError(f"No scene {name}")
        return Path(name)
    found = importlib.util.find_spec("sionna.rt")
    if found is None or found.origin is None:
        raise ValueError(
            "Ray tracing needs sionna-rt, and LLVM (Debian: libllvm15) or a GPU. Received: "
            "No module named 'sionna.rt'"
        )
    files = sorted((Path(found.origin).parent / "scenes").glob("*/*.xml"))
    known = {file.stem: file for file in files}
    if name not in known:
        raise ValueError(
            f"`scene` must be an XML file or one of {', '.join(known)}. Received: {name!r}"
        )
    return known[name]


def scene_checksum(path: Path) -> str:
    """SHA-256 of the file of a scene and of all files that it refers to, such as meshes."""
    named = (path.parent / part.decode() for part in _FILE.findall(path.read_bytes()))
    return sha256(path, *sorted({file for file in named if file.is_file()}))
