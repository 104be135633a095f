"""Templates: strict about names, in a sandbox."""

import subprocess
import sys

import pytest

from testflow_core.errors import TestflowError
from testflow_core.templates import render, render_html


def test_values_are_filled_in():
    assert render("{{ a }} and {{ b.c }}\n", {"a": 1, "b": {"c": "two"}}) == "1 and two\n"


def test_blocks_leave_no_blank_lines():
    assert render("{% for x in xs %}\n- {{ x }}\n{% endfor %}\n", {"xs": ["a", "b"]}) == "- a\n- b\n"


def test_plain_text_is_not_escaped_and_html_is():
    assert render("{{ x }}", {"x": "<b>"}) == "<b>"
    assert render_html("{{ x }}", {"x": "<b>"}) == "&lt;b&gt;"


def test_an_unknown_name_is_an_error_that_lists_the_known_ones():
    with pytest.raises(TestflowError, match=r"'owner' is undefined \(known: team, test\)"):
        render("{{ owner }}", {"test": "t", "team": "x"})


def test_an_unknown_attribute_is_an_error():
    with pytest.raises(TestflowError, match="port"):
        render("{{ db.port }}", {"db": {"host": "h"}})


def test_a_malformed_template_is_an_error_with_its_line():
    with pytest.raises(TestflowError, match="line 2"):
        render("fine\n{% for %}", {})


@pytest.mark.parametrize(
    "template",
    ["{{ ''.__class__.__mro__ }}", "{{ f.__globals__ }}", "{{ xs.append(1) }}"],
)
def test_what_could_leave_the_sandbox_is_refused(template: str):
    with pytest.raises(TestflowError, match="may not do"):
        render(template, {"f": render, "xs": [1]})


@pytest.mark.parametrize("template", ["{{ 1 / 0 }}", "{{ 1 + 'a' }}", "{{ range(9999999) }}"])
def test_an_expression_that_fails_is_an_error_of_ours(template: str):
    with pytest.raises(TestflowError):
        render(template, {})


def test_a_template_is_not_taken_for_another_of_the_same_text_in_html():
    assert [f("{{ x }}", {"x": "&"}) for f in (render, render_html, render)] == ["&", "&amp;", "&"]


def test_jinja_is_not_imported_before_something_is_rendered():
    code = "import sys, testflow_core.templates; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
