# SPDX-License-Identifier: Apache-2.0
"""Layers of imports without circles: the contracts in setup.cfg."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_imports_run_one_way():
    command = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    process = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True
    )
    assert process.returncode == 0, process.stdout + process.stderr
    assert "3 kept, 0 broken" in process.stdout
