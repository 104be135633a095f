"""Secrets are struck out, and nothing else."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testflow_core.tracking import masked

SECRETS = {
    "github": "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "github, fine-grained": "github_pat_11ABCDEFG0123456789_abcdefghijklmnop",
    "gitlab": "glpat-0123456789abcdefghij",
    "slack": "xoxb-123456789012-abcdefABCDEF",
    "slack hook": "https://hooks.slack.com/services/T000/B000/XXXXXXXX",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "atlassian": "ATATT3xFfGF0abcdefghijklmnop_-=12",
    "stripe": "sk_live_0123456789abcdefghij",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nAbCd\n-----END RSA PRIVATE KEY-----",
    "key that is cut off": "-----BEGIN PRIVATE KEY-----\nMIIEow\nAbCd",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_what_looks_like_a_secret_is_struck_out(secret):
    assert masked(f"before {secret}", {}) == "before ********"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://bob:hunter2@db:5432/shop", "postgresql://bob:********@db:5432/shop"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ********"),
        ("'authorization': 'Basic Ym9iOmh1bnRlcjI='", "'authorization': 'Basic ********'"),
        ("curl -H bearer 0123456789abcdefgh", "curl -H bearer ********"),
        ("PASSWORD=hunter2 next", "PASSWORD=******** next"),
        ('{"db_password": "hunter2", "user": "bob"}', '{"db_password": "********", "user": "bob"}'),
        ("api-key: 0123456", "api-key: ********"),
    ],
)
def test_what_is_called_a_secret_is_struck_out_and_the_rest_stays(text, shown):
    assert masked(text, {}) == shown


@pytest.mark.parametrize(
    "text",
    [
        "connection to server at 127.0.0.1, port 5432 failed: basic authentication failed",
        "assert 422 == 201",
        "https://example.test/a:b@c?d=e",
        "unexpected token in JSON at position 4",
        "the bearer of bad news",
        "risk-assessment-of-a-long-name",
    ],
)
def test_what_is_no_secret_stays(text):
    assert masked(text, {}) == text


def test_values_of_variables_that_are_named_like_secrets_are_struck_out():
    variables = {
        "MY_TOKEN": "plain words",
        "MY_TOKEN_LONG": "plain words and more",
        "PASSWORD": "short",
        "HOME": "/home/bob",
    }
    assert masked("plain words and more, plain words, short, /home/bob", variables) == (
        "********, ********, short, /home/bob"
    )


def test_the_variables_of_the_process_are_those_where_nothing_is_given(monkeypatch):
    monkeypatch.setenv("SHOP_SECRET", "open sesame")
    assert masked("they say open sesame") == "they say ********"


@given(st.text())
def test_any_text_is_survived_and_none_is_masked_twice(text):
    once = masked(text, {})
    assert masked(once, {}) == once


@pytest.mark.parametrize("piece", ["a", "password=", "eyJ", "x://y:", "-----BEGIN PRIVATE KEY-----", "bearer ", "_-."])
def test_a_text_without_an_end_takes_a_time_that_grows_with_it(piece):
    def took(length):
        begun = time.process_time()
        masked(piece * (length // len(piece)), {})
        return time.process_time() - begun

    short = max(took(20_000), 0.005)
    assert took(80_000) < 12 * short
