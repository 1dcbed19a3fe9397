# SPDX-License-Identifier: Apache-2.0
"""How Sphinx builds the documentation: ``make docs``."""

import json
import os
import re
import urllib.request
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from importlib.metadata import version as package_version

import nbformat
import sionna.phy  # noqa: F401 (before TensorFlow, see sionna_semcom.cli.terminal.load_tensorflow)
from myst_nb.core.read import read_myst_markdown_notebook

project = "sionna_semcom"
author = "The sionna_semcom authors"
release = version = package_version("sionna-semcom")

extensions = [
    "myst_nb",
    "sphinx_copybutton",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
source_suffix = {".md": "myst-nb"}
exclude_patterns = ["_build", "examples"]

myst_enable_extensions = ["amsmath", "dollarmath", "fieldlist"]
myst_heading_anchors = 3

nb_execution_mode = "auto"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_merge_streams = True

autosummary_generate = False  # tables only: each package has one page
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"show-inheritance": True}
napoleon_google_docstring = False
napoleon_use_rtype = False
# the docstring sections of Sionna
napoleon_custom_sections = [
    ("Input", "params_style"),
    ("Output", "params_style"),
    "Input, Output",
]


def _reachable(url: str) -> bool:
    """Whether the inventory of another documentation can be read; without network none can."""
    try:
        with urllib.request.urlopen(f"{url}objects.inv", timeout=5):
            return True
    except OSError:
        return False


_OTHERS = {
    "sionna": "https://nvlabs.github.io/sionna/",
    "numpy": "https://numpy.org/doc/stable/",
    "python": "https://docs.python.org/3/",
    "pandas": "https://pandas.pydata.org/docs/",
    "distributed": "https://distributed.dask.org/en/stable/",
}
intersphinx_mapping = {name: (url, None) for name, url in _OTHERS.items() if _reachable(url)}

html_theme = "pydata_sphinx_theme"
html_title = "sionna_semcom"
html_theme_options = {
    "github_url": "https://github.com/sionna-semcom/sionna-semcom",
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}
# Version switch, for a site with several versions: `DOCS_VERSION=0.1.0 make docs`
_SITE_VERSION = os.environ.get("DOCS_VERSION")
_SITE = os.environ.get("DOCS_SITE", "https://sionna-semcom.github.io/sionna-semcom")
html_static_path = ["_static"]
if _SITE_VERSION:
    _LISTED = json.loads(Path(__file__).with_name("_static").joinpath("switcher.json").read_text())
    if _SITE_VERSION not in (entry["version"] for entry in _LISTED):
        raise ValueError(
            "`DOCS_VERSION` must be a version in docs/_static/switcher.json. "
            f"Received: {_SITE_VERSION}"
        )
    html_theme_options["switcher"] = {
        "json_url": f"{_SITE}/latest/_static/switcher.json",  # the latest list, for all versions
        "version_match": _SITE_VERSION,
    }
    html_theme_options["check_switcher"] = False  # the list may be published with this build
    html_theme_options["navbar_start"] = ["navbar-logo", "version-switcher"]
_COLAB = "https://colab.research.google.com"
_NOTEBOOKS = "sionna-semcom/sionna-semcom/blob/gh-pages/{version}/notebooks"


def _add_badge(app, name, source):
    """Put links that open the notebook in Colab, or download it, below the title of a notebook."""
    if "jupytext:" not in source[0]:
        return
    place = _NOTEBOOKS.format(version=_SITE_VERSION or "latest")
    badge = (
        f"[![Open in Colab]({_COLAB}/assets/colab-badge.svg)]({_COLAB}/github/{place}/{name}.ipynb)"
    )
    up = "../" * name.count("/")
    download = f'<a href="{up}notebooks/{name}.ipynb" download>Download the notebook</a>'
    links = f"{badge} {download}"
    source[0] = re.sub(r"^(# .*)$", rf"\1\n\n{links}", source[0], count=1, flags=re.MULTILINE)


def _write_notebooks(app, error):
    """Write the notebooks, without outputs, beside the pages, where Colab finds them."""
    if error is not None or app.builder.format != "html":
        return
    for path in sorted(Path(app.srcdir, "tutorials").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if "jupytext:" in text:
            target = Path(app.outdir, "notebooks", "tutorials", f"{path.stem}.ipynb")
            target.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(read_myst_markdown_notebook(text), target)


def setup(app):
    app.connect("source-read", _add_badge)
    app.connect("build-finished", _write_notebooks)


copybutton_prompt_text = "$ "
