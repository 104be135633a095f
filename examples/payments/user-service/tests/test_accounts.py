"""Who may register and who may log in."""

import pytest

from users.accounts import Accounts
from users.errors import AuthenticationError, EmailTakenError, ValidationError

ADA = {"name": "Ada", "email": "ada@example.org", "password": "analytical engine"}


@pytest.fixture
def accounts() -> Accounts:
    """No accounts yet."""
    return Accounts()


def test_registered_user_logs_in(accounts: Accounts) -> None:
    """The address and the password of a registration open the same account."""
    account = accounts.register(ADA)
    assert accounts.log_in(ADA) is account
    assert accounts.find(account.id) is account


def test_letter_case_of_an_address_does_not_matter(accounts: Accounts) -> None:
    """People do not remember in which case they typed their address."""
    account = accounts.register(ADA)
    assert accounts.log_in({**ADA, "email": "Ada@Example.org"}) is account
    with pytest.raises(EmailTakenError):
        accounts.register({**ADA, "email": "ADA@example.org"})


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"email": None},
        {"email": "ada"},
        {"email": "ada@example.org, eve@example.org"},
        {"password": "short"},
        {"password": 12345678},
    ],
)
def test_unusable_registration_is_refused(
    accounts: Accounts, change: dict[str, object]
) -> None:
    """A user has a name, an address and a password of some length."""
    with pytest.raises(ValidationError, match=r"^invalid input: "):
        accounts.register({**ADA, **change})


@pytest.mark.parametrize(
    "change", [{"password": "difference engine"}, {"email": "eve@example.org"}]
)
def test_refusal_does_not_tell_who_is_registered(
    accounts: Accounts, change: dict[str, object]
) -> None:
    """A wrong password and an unknown address are refused in the same words."""
    accounts.register(ADA)
    with pytest.raises(AuthenticationError, match="wrong email or password"):
        accounts.log_in({**ADA, **change})


def test_password_cannot_be_read(accounts: Accounts) -> None:
    """What is kept of a password does not show it, and differs for equal passwords."""
    ada = accounts.register(ADA)
    eve = accounts.register({**ADA, "email": "eve@example.org"})
    assert ADA["password"] not in repr(ada)
    assert ada.password.digest != eve.password.digest
