# SPDX-License-Identifier: Apache-2.0
"""Files of models that unpack to much more than they are."""

from __future__ import annotations

import tracemalloc
import zipfile

import pytest

from sionna_semcom.simulation.training.weights import load_model, provenance_of


@pytest.mark.parametrize(("name", "read"), [("config", load_model), ("provenance", provenance_of)])
def test_entries_that_unpack_to_much_are_not_read(tmp_path, name, read):
    """30 MB of brackets take 30 kB in the archive, and a gigabyte as lists."""
    path = tmp_path / "x.keras"
    entries = {"metadata.json": "{}", "config.json": "{}", "model.weights.h5": ""}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in {**entries, f"{name}.json": "[],\n" * 7_500_000}.items():
            archive.writestr(entry, content)
    assert path.stat().st_size < 2e5
    tracemalloc.start()
    with pytest.raises(ValueError, match=rf"{name}\.json has 30000000 bytes, more than 4194304"):
        read(path)
    assert tracemalloc.get_traced_memory()[1] < 1e7
    tracemalloc.stop()
