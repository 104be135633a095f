"""Checkout sources and change sources that come with the core keep their contracts."""

import subprocess

import pytest
from repositories import repository_at

from testflow_core.builtin.change_sources.declared import DeclaredChanges
from testflow_core.builtin.checkout_sources.git import GitCheckouts
from testflow_core.builtin.checkout_sources.local import LocalCheckouts
from testflow_core.model import Application
from testflow_core.testing import MemoryChanges, MemoryCheckouts
from testflow_core.testing.contracts import (
    ChangeSourceContract,
    CheckoutSourceContract,
    CheckoutSourceThatNamesTrees,
)


class _OfRepositories(CheckoutSourceContract, CheckoutSourceThatNamesTrees):
    @pytest.fixture
    def tree(self, tmp_path):
        return repository_at(tmp_path / "repository")


class TestLocalCheckouts(_OfRepositories):
    @pytest.fixture
    def source(self, tmp_path):
        (tmp_path / "workspace/shop").mkdir(parents=True)
        return LocalCheckouts(workspace=tmp_path / "workspace", cache=tmp_path / "cache")

    @pytest.fixture
    def available(self):
        return Application(name="shop")

    @pytest.fixture
    def unavailable(self):
        return Application(name="bank")


class TestGitCheckouts(_OfRepositories):
    @pytest.fixture
    def source(self, tmp_path):
        repository = tmp_path / "workspace/shop.git"
        identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false")
        for command in (("init", "-q", str(repository)), ("-C", str(repository), *identity, "commit", "-q")):
            arguments = ("--allow-empty", "-m", "a commit") if "commit" in command else ()
            subprocess.run(["git", *command, *arguments], check=True)
        return GitCheckouts(workspace=tmp_path / "workspace", cache=tmp_path / "cache")

    @pytest.fixture
    def available(self):
        return Application(name="shop", repository="shop.git")

    @pytest.fixture
    def unavailable(self):
        return Application(name="shop", repository="bank.git")


class TestMemoryCheckouts(CheckoutSourceContract):
    on_disk = False

    @pytest.fixture
    def source(self):
        return MemoryCheckouts(unavailable={"bank": "it moved"})

    @pytest.fixture
    def available(self):
        return Application(name="shop")

    @pytest.fixture
    def unavailable(self):
        return Application(name="bank")


class _Declared(ChangeSourceContract):
    @pytest.fixture
    def changed(self):
        return Application(name="shop", changed_files=("src/a.py", "./src/b.py", "src//a.py"))

    @pytest.fixture
    def unknown(self):
        return Application(name="bank")


class TestDeclaredChanges(_Declared):
    @pytest.fixture
    def source(self):
        return DeclaredChanges()


class TestMemoryChanges(_Declared):
    @pytest.fixture
    def source(self):
        return MemoryChanges()
