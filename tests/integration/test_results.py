# SPDX-License-Identifier: Apache-2.0
"""No figure of docs/results/index.md or of a model card was typed by hand."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def make_results():
    spec = importlib.util.spec_from_file_location("make_results", DOCS / "make_results.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tables_are_those_of_the_result_files(make_results):
    page = (DOCS / "results" / "index.md").read_text(encoding="utf-8")
    assert page.count("<!-- end -->") > 5
    assert make_results.fill(page) == page


def test_model_cards_are_those_of_the_result_files(make_results):
    cards = make_results.cards()
    weights = {path.parent for path in (DOCS.parent / "models").glob("*/*.keras")}
    assert {path.parent for path in cards} == weights
    for path, text in cards.items():
        assert path.read_text(encoding="utf-8") == text
