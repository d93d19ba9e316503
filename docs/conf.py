"""Sphinx: the documentation as a site. `make docs` builds it; warnings are errors."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

project = "lag3ig"
author = "the lag3ig developers"
release = version = version_of("lag3ig")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "mathml"]
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
html_math_renderer = "mathml"
html_theme = "furo"
html_title = "lag3ig"
html_static_path = ["static"]
html_css_files = ["page.css"]
html_copy_source = False
html_show_sphinx = False
exclude_patterns = ["_build", "extensions", "templates"]
napoleon_google_docstring = False
napoleon_use_rtype = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
default_role = "literal"
