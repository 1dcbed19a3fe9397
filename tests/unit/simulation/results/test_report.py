# SPDX-License-Identifier: Apache-2.0
"""HTML reports, and data frames of results."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from typer.testing import CliRunner

from sionna_semcom.cli import app as cli
from sionna_semcom.simulation import Curve, Metric, Result, write_report

pytest.importorskip("plotly", reason="needs the extra `report`")
CHROMIUM = shutil.which("chromium")


def _curve(snr_db, **axis):
    mean = np.linspace(0.5, 0.25, len(snr_db))
    metric = Metric(mean, mean - 0.1, mean + 0.2, np.full(len(snr_db), 7))
    return Curve(np.array(snr_db), {"image_mse": metric, "ber": metric}, {"tti": 8.0}, **axis)


def _result(**options):
    curves = {"CDL-C <b>": _curve([0.0, 10.0, np.inf]), "AWGN": _curve([0.0, 10.0, np.inf])}
    return Result(curves, "Title <i>", seed=3, checksums={"data": "abc"}, **options)


def test_the_page_has_all_values_and_needs_nothing_else(tmp_path):
    settings = {"name": "tiny & small", "figure": {"log_scale": ["ber"]}}
    write_report({"one": _result(settings=settings)}, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    own = re.sub(r"<script>/\*.*?</script>", "", page, count=1, flags=re.DOTALL)
    assert set(re.findall(r"""(?:src|href)=["']?([^"'> ]*)""", own)) == {"#result-0"}
    assert "<td>0.38 ± 0.20</td>" in own
    assert "CDL-C &lt;b&gt;" in own and "<b>" not in own and "<i>" not in own
    assert "name: tiny &amp; small" in own and "abc" in own and "seed 3" in own


def test_several_results_have_a_section_each(tmp_path):
    along = Result({"a": _curve([5.0, 5.0], axis="num_symbols", x=np.array([4.0, 8.0]))})
    write_report({"one": _result(), "two": along}, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert [f'id="result-{n}"' in page for n in range(3)] == [True, True, False]
    assert "<th>4</th><th>8</th>" in page


def test_the_noiseless_link_is_joined_to_no_other_point():
    from sionna_semcom.simulation.results.report import metric_figure

    figure = metric_figure({"a": _curve([0.0, np.inf, 10.0])}, "image_mse", log_scale=True)
    line, point = figure.data
    assert list(line.x) == [0.0, 10.0] and list(line.y) == [0.5, 0.25]
    assert point.x[0] > 10.0 and not point.showlegend
    assert figure.layout.xaxis.ticktext[-1] == "noiseless"
    assert figure.layout.yaxis.type == "log"
    np.testing.assert_allclose(line.error_y.array, 0.2)
    np.testing.assert_allclose(line.error_y.arrayminus, 0.1)


def test_the_command_writes_it_and_bad_files_end_in_one_line(tmp_path):
    _result().save(tmp_path / "one.h5")
    out = tmp_path / "page.html"

    def invoke(*arguments):
        return CliRunner().invoke(cli.app, ["report", *map(str, arguments)])

    assert invoke(tmp_path / "one.h5", "--out", out).exit_code == 0
    assert out.stat().st_size > 1e6
    ended = invoke(tmp_path / "none.h5", "--out", out)
    assert ended.exit_code == 2
    assert "No result file" in ended.output


def test_nothing_is_no_report(tmp_path):
    with pytest.raises(ValueError, match=r"at least one result\. Received: none"):
        write_report({}, tmp_path / "report.html")


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_browser_draws_all_points(tmp_path):
    assert CHROMIUM
    write_report({"one": _result()}, tmp_path / "report.html")
    page = (tmp_path / "report.html").as_uri()
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    found = subprocess.run(
        [CHROMIUM, *options, profile, "--dump-dom", page], capture_output=True, text=True
    ).stdout
    assert len(re.findall(r'<path class="point\b', found)) == 2 * 2 * 3  # metrics, curves, points


def test_rows_of_a_dataframe_are_estimates():
    along = Result({"a": _curve([5.0, 5.0], axis="num_symbols", x=np.array([4.0, 8.0]))})
    table = along.to_dataframe()
    assert list(table.columns) == [
        *("curve", "snr_db", "num_symbols", "metric"),
        *("mean", "ci_low", "ci_high", "count"),
    ]
    assert len(table) == 4
    row = table[(table.metric == "ber") & (table.num_symbols == 8)].iloc[0]
    assert (row.curve, row.snr_db, row["mean"], row["count"]) == ("a", 5.0, 0.25, 7)
    assert "num_symbols" not in _result().to_dataframe()
