# SPDX-License-Identifier: Apache-2.0
"""The list of versions of the documentation matches the package and the site."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
VERSIONS = json.loads((ROOT / "docs/_static/switcher.json").read_text())


def test_the_version_of_the_package_is_listed() -> None:
    found = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert found is not None
    versions = [entry["version"] for entry in VERSIONS]
    assert sorted(versions) == sorted({*versions, "latest", found[1]})


def test_each_version_has_its_folder() -> None:
    site = re.search(r'"DOCS_SITE", "(.+)"', (ROOT / "docs/conf.py").read_text())
    assert site is not None
    for entry in VERSIONS:
        assert entry["url"] == f"{site[1]}/{entry['version']}/"
    assert [entry["version"] for entry in VERSIONS if entry.get("preferred")] == ["latest"]
