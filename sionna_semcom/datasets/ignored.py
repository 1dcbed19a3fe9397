# SPDX-License-Identifier: Apache-2.0
"""Warning about samples in formats that are not read."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterable

AUDIO = (
    *(".aac", ".aif", ".aiff", ".au", ".flac", ".m4a", ".mp3", ".mp4", ".ogg", ".opus"),
    *(".sph", ".voc", ".webm", ".wma"),
)
IMAGES = (
    *(".bmp", ".gif", ".heic", ".jp2", ".npy", ".pgm", ".pnm", ".ppm", ".tif", ".tiff", ".webp"),
    *(".avif", ".jfif", ".jpe", ".tga"),
)


def warn_of_ignored(
    names: Iterable[str], kinds: Iterable[str], where: str | os.PathLike[str]
) -> None:
    """Warn about files that may be samples but are not read.

    Parameters
    ----------
    names : iterable of `str`
        Names of all files
    kinds : iterable of `str`
        Suffixes in lower case, with the dot, of samples in formats that are not read
    where : `str` or `PathLike`
        Folder of the files, for the warning
    """
    known = frozenset(kinds)
    found = Counter(os.path.splitext(name)[1].lower() for name in names)
    ignored = {suffix: count for suffix, count in found.most_common() if suffix in known}
    if ignored:
        listed = ", ".join(f"{count} {suffix}" for suffix, count in ignored.items())
        warnings.warn(f"`{where}` has files that are not read: {listed}", stacklevel=2)
