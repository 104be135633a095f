"""What the checkout source `git` takes for an address, and what it refuses; nothing here reaches a network."""

import shutil
from pathlib import Path

import pytest
from repositories import repository_at

from testflow_core.builtin.checkout_sources.git import GitCheckouts
from testflow_core.errors import ApplicationUnavailableError
from testflow_core.model import Application


def reason(clones: GitCheckouts, address: str | None) -> str:
    """Why an application of this repository is unavailable."""
    with pytest.raises(ApplicationUnavailableError) as caught:
        clones.checkout(Application(name="pay", repository=address))
    return str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "nowhere.invalid/o/n",
        "http://nowhere.invalid/o/n",
        "https://nowhere.invalid:8443/o/n.git",
        "git://nowhere.invalid/o/n",
        pytest.param(
            "ssh://git@nowhere.invalid:2222/o/n", marks=pytest.mark.skipif(not shutil.which("ssh"), reason="ssh")
        ),
        pytest.param("git@nowhere.invalid:o/n.git", marks=pytest.mark.skipif(not shutil.which("ssh"), reason="ssh")),
    ],
)
def test_a_host_that_is_not_found_is_named_with_the_remedies(clones: GitCheckouts, address: str):
    said = reason(clones, address)
    assert said.startswith(f"pay: the repository {address!r}")
    assert said.endswith(
        "cannot be cloned: the host nowhere.invalid is not found; check the network and `repository`, "
        "or give the application a path"
    )


def test_a_host_without_a_scheme_is_said_to_be_taken_for_https(clones: GitCheckouts):
    said = reason(clones, "nowhere.invalid/o/n")
    assert "'nowhere.invalid/o/n' (no directory of the workspace, so https://nowhere.invalid/o/n)" in said


def test_a_directory_of_the_workspace_goes_before_a_host_of_its_name(clones: GitCheckouts, workspace: Path):
    repository_at(workspace / "nowhere.invalid" / "o" / "n")
    assert (clones.checkout(Application(name="pay", repository="nowhere.invalid/o/n")) / "a.py").is_file()


def folders(clones: GitCheckouts, cache: Path, *addresses: str) -> set[str]:
    """The names in the cache, one for each address that is not the same as another."""
    for address in addresses:
        reason(clones, address)
    return {path.name for path in cache.iterdir()}


@pytest.mark.parametrize(
    "other",
    [
        "https://nowhere.invalid/o/n",
        "https://nowhere.invalid/o/n/",
        "https://nowhere.invalid:443/o/n",
        "HTTPS://Nowhere.Invalid/o/n",
        "https://user:token@nowhere.invalid/o/n",
    ],
)
def test_spellings_of_one_address_share_a_clone(clones: GitCheckouts, cache: Path, other: str):
    assert len(folders(clones, cache, "nowhere.invalid/o/n", other)) == 1


@pytest.mark.parametrize(
    "other",
    [
        "http://nowhere.invalid/o/n",
        "https://nowhere.invalid/O/n",
        "https://nowhere.invalid/o/n.git",
        "https://nowhere.invalid:8443/o/n",
        "https://elsewhere.invalid/o/n",
        "nowhere.invalid/o-n",
    ],
)
def test_different_addresses_never_share_a_clone(clones: GitCheckouts, cache: Path, other: str):
    assert len(folders(clones, cache, "nowhere.invalid/o/n", other)) == 2


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("ext::sh -c touch% {marker}", "git may only speak file, git, http, https, ssh here"),
        ("ext://sh -c touch% {marker}", "git may only speak file, git, http, https, ssh here, not ext"),
        ("ftp://nowhere.invalid/o/n", "not ftp"),
        ("--upload-pack=touch {marker}", "does not begin with `-`"),
        ("-u", "does not begin with `-`"),
        ("ssh://-oProxyCommand=touch%20{marker}/o/n", "lacks a host"),
        ("ssh://-oProxyCommand=x@nowhere.invalid/o/n", "a user does not begin with `-`"),
        ("-oProxyCommand=x@nowhere.invalid:o/n", "does not begin with `-`"),
        ("git@-oProxyCommand=x:o/n", "a user or host does not begin with `-`"),
        ("https://nowhere.invalid/o\n/n", "no control characters"),
        ("nul\0byte", "no control characters"),
        ("https://nowhere.invalid", "lacks a host or a path"),
        ("https:///o/n", "lacks a host or a path"),
        ("https://nowhere.invalid/o/n?x=1", "no query"),
        ("https://nowhere.invalid:port/o/n", "its host or port cannot be read"),
        ("file://elsewhere.invalid/pay", "'elsewhere.invalid' is another machine"),
        ("file:///not/there", "there is no directory /not/there"),
        ("origins/pay", "it is no directory (looked at"),
        ("x" * 5_000, "File name too long"),
        ("", "no repository is declared"),
        (None, "no repository is declared"),
    ],
)
def test_an_address_of_any_other_kind_is_unavailable_with_the_remedy_and_runs_nothing(
    clones: GitCheckouts, tmp_path: Path, address: str | None, why: str
):
    marker = tmp_path / "marker"
    said = reason(clones, address.replace("{marker}", str(marker)) if address else address)
    assert said.startswith("pay: ")
    assert why in said
    assert "give the application a path" in said
    assert not marker.exists()
    assert not clones.cache.exists()


@pytest.mark.parametrize(
    "address",
    [
        "https://user:s3cret@nowhere.invalid/o/n",
        "https://s3cret@nowhere.invalid/o/n",
        "https://s3cret:x-oauth-basic@nowhere.invalid/o/n",
        "https://user:s3cret%40@nowhere.invalid/o/n",
        "https://user:s3cret@nowhere.invalid/o/n?x=1",
        "https://user:s3cret@nowhere.invalid/o\n/n",
        "https://user:s3cret@s3cret@nowhere.invalid/o/n",
        "https://user:p@s3cret/x@nowhere.invalid/o/n",
        "https://user:p/s3cret@nowhere.invalid/o/n",
        "https://user:p#s3cret@nowhere.invalid/o/n",
        "git://user:s3cret@nowhere.invalid/o/n",
        "ftp://user:s3cret@nowhere.invalid/o/n",
        "file://user:s3cret@nowhere.invalid/o/n",
        "user:s3cret@nowhere.invalid/o/n",
        "s3cret@nowhere.invalid/o/n",
        "ext::https://user:s3cret@nowhere.invalid/o/n",
        pytest.param(
            "ssh://git:s3cret@nowhere.invalid/o/n", marks=pytest.mark.skipif(not shutil.which("ssh"), reason="ssh")
        ),
    ],
)
def test_credentials_of_an_address_are_never_said(clones: GitCheckouts, address: str):
    with pytest.raises(ApplicationUnavailableError) as caught:
        clones.checkout(Application(name="pay", repository=address))
    error: BaseException | None = caught.value
    while error is not None:
        assert "s3cret" not in f"{error} {error!r}"
        error = error.__cause__
    assert "nowhere.invalid/o" in str(caught.value)
