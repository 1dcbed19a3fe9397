# SPDX-License-Identifier: Apache-2.0
import io

import pytest
from matplotlib.figure import Figure

from sionna_semcom.simulation.results.names import (
    check_label,
    check_mathtext,
    check_metrics,
    check_seed,
    check_title,
    drawable,
)

BROKEN = [r"$\frac{$", r"$\nosuchsymbol$", "$x^$", "$" + "{" * 5000 + "}" * 5000 + "$", "a\n$_$ b"]


@pytest.mark.parametrize("text", ["", "5 $", r"\$5 and \$6", "$x$ over $\\alpha_1$", "a\nb", "_x"])
def test_text_that_can_be_drawn_stays_as_it_is(text):
    assert check_mathtext(text) == drawable(text) == text


@pytest.mark.parametrize("text", BROKEN)
def test_formulas_that_cannot_be_drawn_are_refused_or_drawn_as_they_are(text):
    with pytest.raises(ValueError, match="mathtext") as caught:
        check_mathtext(text)
    assert len(str(caught.value)) < 600
    figure = Figure()
    figure.suptitle(drawable(text))
    figure.savefig(io.BytesIO())
    with pytest.raises((ValueError, RecursionError)):
        figure.suptitle(text)
        figure.savefig(io.BytesIO())


@pytest.mark.parametrize("label", ["a/b", ".", "..", "a\0", "\x1b[31m", "\ud800", "a\nb", "\x85"])
def test_labels_that_a_file_cannot_hold(label):
    with pytest.raises(ValueError, match="Received"):
        check_label(label)


@pytest.mark.parametrize("label", ["", "...", ". .", "é 日本", "_a", "a\u00a0b", "x" * 400])
def test_labels_that_it_can(label):
    assert check_label(label) == label


def test_titles_seeds_and_metrics():
    assert check_title("two\nlines\tx") == "two\nlines\tx"
    check_metrics(["mse", "recall/a_to_b", "a.b"])
    for check, value in [
        (check_title, "a\0"),
        (check_metrics, [""]),
        (check_metrics, [3]),
        (check_metrics, ["a/../b"]),
        (check_metrics, ["/a"]),
        (check_metrics, ["a\0"]),
        (check_seed, -1),
        (check_seed, 2**64),
        (check_seed, True),
    ]:
        with pytest.raises(ValueError, match="Received"):
            check(value)  # type: ignore[operator]
    assert check_seed(2**64 - 1)
