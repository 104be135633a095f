"""A small application that relies on what is shared in every way, recorded once for each kind of recorder."""

import sys

import pytest
from pythons import with_pytest
from touched_project import Project

APPLICATION = {
    "shop/__init__.py": "",
    "shop/prices.py": """
        import functools

        RATE = 3

        def base():
            return RATE

        @functools.lru_cache(maxsize=None)
        def price():
            return base()

        def told():
            return price() * 2

        class Cart:
            def __init__(self):
                self.items = []

            def add(self, item):
                def check():
                    return [each for each in self.items]
                check()
                self.items.append(item)
    """,
    "shop/opening.py": """
        def connect():
            return "open"

        def close():
            return "closed"
    """,
    "shop/settings.py": """
        from shop.defaults import default

        LIMIT = default()
    """,
    "shop/defaults.py": """
        def default():
            return 5
    """,
    "shop/chosen.py": """
        def chosen():
            return 1
    """,
    "scripts/tool.py": "print('tool')",
    "data/rates.txt": "3",
    "conftest.py": """
        import pytest
        from shop import opening

        @pytest.fixture(scope="module")
        def connection():
            yield opening.connect()
            opening.close()

        @pytest.fixture
        def cart():
            from shop.prices import Cart
            return Cart()
    """,
    "tests/conftest.py": """
        import pytest

        def below():
            return 1

        @pytest.fixture(autouse=True)
        def always():
            below()
    """,
    "tests/test_first.py": """
        from shop import prices, settings

        def test_connects(connection):
            assert connection == "open"

        def test_connects_again(connection):
            assert connection == "open"

        def test_needs_nothing():
            pass

        def test_price():
            assert prices.price() == 3

        def test_price_again():
            assert prices.told() == 6

        def test_cart(cart):
            cart.add(1)

        class TestLimits:
            def test_limit(self):
                assert settings.LIMIT == 5
    """,
    "tests/test_second.py": """
        import importlib
        import inspect
        import os
        import subprocess
        import sys
        from pathlib import Path

        import shop.settings

        HERE = Path(__file__).parent.parent

        def test_reads():
            assert (HERE / "data" / "rates.txt").read_text() == "3"

        def test_misses():
            assert not (HERE / "data" / "more.txt").exists()

        def test_tries_to_open():
            try:
                open(HERE / "data" / "absent.txt")
            except FileNotFoundError:
                pass

        def test_lists():
            assert sorted(os.listdir(HERE / "data")) == ["rates.txt"]

        def test_optional():
            try:
                import shop.optional
            except ImportError:
                pass

        def test_starts():
            subprocess.run([sys.executable, HERE / "scripts" / "tool.py"], check=True)

        def test_imports_by_name():
            assert importlib.import_module("shop.chosen").chosen() == 1

        def test_imports_by_name_again():
            assert importlib.import_module("shop.chosen").chosen() == 1

        def test_reads_source():
            assert "LIMIT" in inspect.getsource(shop.settings)

        def test_patches(monkeypatch):
            import shop.prices
            monkeypatch.setattr(shop.prices, "base", lambda: 4)
            assert shop.prices.base() == 4

        def test_writes():
            made = HERE / "made.txt"
            made.write_text("x")
            assert made.read_text() == "x"
            made.unlink()
    """,
    "other/test_other.py": """
        def test_elsewhere():
            pass
    """,
}


@pytest.fixture(autouse=True, scope="session")
def _plain_pytest():
    # What is installed for our own tests would be recorded with the application's.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        yield


@pytest.fixture(params=[None, ("3.8", "7.0.0"), ("3.12", "8.4.2"), ("3.13", "9.2.0")], ids=str, scope="package")
def python(request):
    """Interpreters that monitor, and such as trace."""
    return with_pytest(request.param)


@pytest.fixture(scope="package")
def recorded(tmp_path_factory, python):
    """The map of the whole application."""
    project = Project(tmp_path_factory.mktemp("application"), python, APPLICATION)
    project.record("tests/test_first.py", "tests/test_second.py", "other/test_other.py")
    return project


@pytest.fixture
def project(tmp_path):
    """A small application of one's own."""

    def make(files, python=None):
        return Project(tmp_path, python or sys.executable, files)

    return make
