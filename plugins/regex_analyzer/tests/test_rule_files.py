"""Rule files of the user, and those of other tools."""

import json

import pytest
from testflow_regex_analyzer import RegexAnalyzer, allure_rules, jenkins_rules

import testflow
from testflow_core.errors import SpecError
from testflow_core.model import Context, FailureAnalysis
from testflow_core.testing import failure

RULES = """\
version = "7"

[[rules]]
id = "stock-empty"
category = "stock/empty"
says = ['no (?P<thing>\\w+) left']
advice = "Order more {{ thing }}."
owner = "warehouse-team"
tracker = "STOCK"
"""
WRONG = """\
[[rules]]
id = "a"
category = "x/y/z"
says = ['(']

[[rules]]
id = "a"
sayz = ['x']
strength = "huge"
"""


def diagnosed(of, context=None, **options):
    (made,) = RegexAnalyzer(**options).analyze((of,), context or Context())
    return made


def test_a_rule_of_the_user_wins_over_the_pack_and_gives_advice_owner_and_tracker(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    made = diagnosed(failure(message="ValueError: no Apples left"), rules=(str(path),))
    assert (made.category, made.owner, made.tracker) == ("stock/empty", "warehouse-team", "STOCK")
    assert made.advice == "Order more Apples."
    assert made.runner_up == "code/value"


def test_every_mistake_of_a_rule_file_is_told_with_its_line(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(WRONG)
    with pytest.raises(SpecError) as caught:
        RegexAnalyzer(rules=(str(path),))
    told = [(problem.path, problem.message) for problem in caught.value.problems]
    assert [where for where, _ in told] == [f"$.rules[0] ({path}:{line})" for line in (3, 4, 8, 6)]
    assert "neither `first` nor `first/second`" in told[0][1]
    assert "is no regular expression" in told[1][1]
    assert "unknown key 'sayz'" in told[2][1]
    assert "category: is missing" in told[3][1]


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SpecError, match="cannot be read"):
        RegexAnalyzer(rules=(str(tmp_path / "missing.toml"),))


def test_categories_of_allure_are_imported(tmp_path):
    path = tmp_path / "categories.json"
    categories = [
        {"name": "Ignored", "matchedStatuses": ["skipped"], "messageRegex": ".*x.*"},
        {"name": "Broken stock", "matchedStatuses": ["broken"], "messageRegex": ".*stock is broken.*"},
    ]
    path.write_text(json.dumps(categories))
    context = Context(analysis=FailureAnalysis(categories=allure_rules(path)))
    assert [each.name for each in allure_rules(path)] == ["Broken stock"]
    assert diagnosed(failure(message="Error: the stock is broken today"), context).category == "Broken stock"


def test_causes_of_jenkins_are_imported(tmp_path):
    path = tmp_path / "build-failure-analyzer.xml"
    package = "com.sonyericsson.jenkins.plugins.bfa.model"
    path.write_text(
        f"""<?xml version='1.1' encoding='UTF-8'?>
<{package}.PluginImpl><knowledgeBase><causes><entry><{package}.FailureCause>
  <name>Mirror down</name><categories><string>infra</string></categories>
  <indications><{package}.indication.BuildLogIndication>
    <pattern>.*mirror \\w+ is down.*</pattern>
  </{package}.indication.BuildLogIndication></indications>
</{package}.FailureCause></entry></causes></knowledgeBase></{package}.PluginImpl>"""
    )
    context = Context(analysis=FailureAnalysis(categories=jenkins_rules(path)))
    assert diagnosed(failure(message="x", stderr="the mirror west is down"), context).category == "infra/Mirror down"


@pytest.mark.parametrize("text", ["<a>", "no xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_xml_that_is_none_or_dangerous_is_refused(tmp_path, text):
    path = tmp_path / "x.xml"
    path.write_text(text)
    with pytest.raises(SpecError):
        jenkins_rules(path)


def test_an_explanation_names_what_fired_and_what_nearly_did():
    said = RegexAnalyzer().explain(failure(message="AttributeError: 'NoneType' object has no attribute 'x'"), Context())
    assert said.fired[0].rule.id == "attribute"
    assert "mock-target" in {miss.rule.id for miss in said.nearly}
    assert "nearly: mock-target (test_definition/mock): no " in str(said)


def test_diagnose_answers_in_order_and_the_users_categories_win():
    failures = [failure(message="ValidationError: x"), failure(message="what is this"), failure(message="MemoryError")]
    own = {"categories": [{"name": "validation", "patterns": ["ValidationError"]}]}
    assert [each.category for each in testflow.diagnose(failures, own)] == ["validation", "unknown", "resource/oom"]
    assert testflow.diagnose(failures)[0].category == "data/schema"


def test_a_log_decides_where_the_message_knows_nothing_and_not_where_it_does():
    log = 'ERROR could not translate host name "db" to address: Name or service not known'
    assert diagnosed(failure(message="AssertionError", stderr=log)).category == "network/dns"
    assert diagnosed(failure(message="AssertionError: assert 1 == 2", stderr=log)).category == "assertion/equality"
