"""How the site of the documentation is built: `uv run --group docs sphinx-build -W -n --keep-going -q docs .site`."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "testflow"
author = "The testflow developers"
project_copyright = f"{author}. MIT licence"
version = release = version_of("testflow-core")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "links_outside", "remaining_names", "values"]
exclude_patterns = ["extensions"]

# Docstrings put code between single backticks, as the pages do.
default_role = "code"
highlight_language = "text"
nitpicky = True
# What autodoc makes of an alias within another type, and then does not know.
nitpick_ignore = [("py:class", "TypeAliasForwardRef")]

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
# A link that is neither a page nor an address is a mistake, not a reference to be guessed.
myst_all_links_external = False

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
# What an alias stands for is told where it is defined.
autodoc_type_aliases = {
    name: f"testflow_core.{module}.{name}"
    for module, names in {
        "model": ("Event", "Json", "Record"),
        "interfaces": ("RunBatch",),
        "provisioning.readiness": ("Probe",),
        "testing.contracts.destination": ("Read",),
        "testing.contracts.provisioner": ("Sites",),
        "testing.contracts.reporter": ("Published",),
    }.items()
    for name in names
}
python_maximum_signature_line_length = 100
python_display_short_literal_types = True
toc_object_entries_show_parents = "hide"

html_theme = "furo"
pygments_dark_style = "github-dark"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = "testflow"
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6e6e", "color-brand-content": "#0b6e6e"},
    "dark_css_variables": {"color-brand-primary": "#4fc3c3", "color-brand-content": "#4fc3c3"},
}
