# SPDX-License-Identifier: Apache-2.0
"""All numbers on the pages of results and in model cards are generated from result files."""

from pathlib import Path

import make_results
import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted((DOCS / "results").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_tables_are_those_of_the_result_files(page):
    text = page.read_text(encoding="utf-8")
    assert make_results.fill(text) == text


def test_pages_show_most_results():
    texts = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    shown = [path.name for path in (DOCS / "results").glob("*.h5") if path.name in texts]
    assert len(shown) > 20


def test_model_cards_are_those_of_the_result_files():
    cards = make_results.cards()
    weights = {path.parent for path in (DOCS.parent / "models").glob("*/*.keras")}
    assert {path.parent for path in cards} == weights
    for path, text in cards.items():
        assert path.read_text(encoding="utf-8") == text
