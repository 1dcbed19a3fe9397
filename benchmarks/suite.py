# SPDX-License-Identifier: Apache-2.0
"""Number of tests of an earlier version and of this one, without slow tests.

    python benchmarks/suite.py [--base 6e39b9b] [--json docs/results/suite.json]

pytest collects the tests of both versions. None of them runs.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from run import BASE, ROOT, checked_out, run

from sionna_semcom._files import write_bytes


def count(tree: Path) -> int:
    """Number of tests in ``tree`` that `make test` selects."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    last = run(command, tree)[0].splitlines()[-1]
    found = re.match(r"(\d+)(/\d+)? tests collected", last)
    if not found:
        raise SystemExit(f"pytest did not collect the tests in {tree}: {last}")
    return int(found[1])


def main() -> None:
    """Count, show and keep the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default=BASE, help="commit to compare with")
    parser.add_argument("--json", type=Path, default=ROOT / "docs" / "results" / "suite.json")
    options = parser.parse_args()
    with checked_out(options.base) as base:
        found = {"base": options.base, "before": count(base), "now": count(ROOT)}
    print(found)
    write_bytes(options.json, (json.dumps(found, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
