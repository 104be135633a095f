"""What git's own words mean."""

import pytest

from testflow_core.builtin.checkout_sources.refusals import refusal


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("error: 51234 bytes of body are still expected\nfatal: early EOF", "broke off"),
        ("error: 40312 bytes of body are still expected\nfatal: early EOF", "broke off"),
        ("error: 404001 bytes of body are still expected\nfatal: early EOF", "broke off"),
        ("fatal: unable to access '...': The requested URL returned error: 503", "is in trouble"),
        ("error: RPC failed; HTTP 429 curl 22 The requested URL returned error: 429", "is in trouble"),
        ("fatal: unable to access '...': The requested URL returned error: 403", "denies access"),
        ("fatal: repository 'https://x/y.git/' not found", "no such repository"),
    ],
)
def test_a_number_of_bytes_is_no_status(said, reason):
    found = refusal(said)
    assert found is not None
    assert reason in found.reason
