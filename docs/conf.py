# SPDX-License-Identifier: Apache-2.0
"""How Sphinx builds the documentation: ``make docs``."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from importlib.metadata import version as package_version

import sionna.phy  # noqa: F401 (before TensorFlow, see sionna_semcom.cli.terminal.load_tensorflow)

project = "sionna_semcom"
author = "The sionna_semcom authors"
release = version = package_version("sionna-semcom")

extensions = [
    "myst_parser",
    "sphinx_copybutton",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "examples"]

myst_enable_extensions = ["amsmath", "dollarmath", "fieldlist"]
myst_heading_anchors = 3

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
copybutton_prompt_text = "$ "
