"""
Changes as they are made, in real repositories: whatever test ends otherwise afterwards is selected.

The truth is told by pytest, which runs all tests before and after the change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from changed_projects import Scenario, commit, endings, noticing, put, scenario
from testflow_git_selector import GitChanges, SelectByChange, SelectByComponent

from testflow_core.interfaces import Gathers
from testflow_core.model import Application, Context, TestCase

if TYPE_CHECKING:
    from pathlib import Path

    from testflow_core.model import Choice

ALL = "all"
"""Every test, as nobody can say whom the change concerns."""

BASE = {
    "shop/__init__.py": "",
    "shop/prices.py": "TAX = 20\n\ndef gross(net):\n    return net + net * TAX // 100\n",
    "shop/cart.py": "from shop.prices import gross\n\ndef total(nets):\n    return sum(map(gross, nets))\n",
    "shop/stock.py": "def left(have, sold):\n    return have - sold\n",
    "tests/test_prices.py": "import shop.prices\n\ndef test_gross():\n    assert shop.prices.gross(100) == 120\n",
    "tests/test_cart.py": "from shop import cart\n\ndef test_total():\n    assert cart.total([100]) == 120\n",
    "tests/test_stock.py": "from shop.stock import left\n\ndef test_left():\n    assert left(3, 1) == 2\n",
    "pytest.ini": "[pytest]\npythonpath = .\n",
    ".gitignore": "__pycache__\n",
}
PRICES, CART, STOCK = "tests/test_prices.py", "tests/test_cart.py", "tests/test_stock.py"


SCENARIOS = {
    "the body of a function": scenario(
        {"shop/prices.py": BASE["shop/prices.py"].replace("net + ", "")}, {PRICES, CART}
    ),
    "a constant of a module": scenario({"shop/prices.py": BASE["shop/prices.py"].replace("20", "7")}, {PRICES, CART}),
    "an optional import that appears": scenario(
        {"fast_prices.py": "def gross(net):\n    return 0\n"},
        {PRICES, CART},
        {
            "shop/prices.py": "try:\n    from fast_prices import gross\nexcept ImportError:\n"
            "    def gross(net):\n        return net * 6 // 5\n"
        },
    ),
    "a new module in front of one of the standard library": scenario(
        {"colorsys.py": "def rgb_to_hsv(*_):\n    return None\n"},
        {"tests/test_colours.py"},
        {
            "tests/test_colours.py": "import colorsys\n\ndef test_hue():\n"
            "    assert colorsys.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)\n"
        },
    ),
    "a script that a test starts": scenario(
        {"scripts/report.py": "raise SystemExit(3)\n"},
        ALL,
        {
            "scripts/report.py": "print('fine')\n",
            "tests/test_report.py": "import subprocess, sys\n\ndef test_report():\n"
            "    assert subprocess.call([sys.executable, 'scripts/report.py']) == 0\n",
        },
    ),
    "a module that a started program imports": scenario(
        {"shop/prices.py": "TAX = 1\n\ndef gross(net):\n    return net\n"},
        {PRICES, CART, "tests/test_program.py"},
        {
            "tests/test_program.py": "import subprocess, sys\n\ndef test_program():\n"
            "    code = 'import shop.prices; print(shop.prices.gross(10))'\n"
            "    assert subprocess.check_output([sys.executable, '-c', code]) == b'12\\n'\n",
        },
    ),
    "a new fixture for every test, in a conftest": scenario(
        {
            "tests/api/conftest.py": "import pytest\n\n@pytest.fixture(autouse=True)\ndef _broken():\n"
            "    pytest.fail('no')\n"
        },
        {"tests/api/test_api.py"},
        {"tests/api/conftest.py": "", "tests/api/test_api.py": "def test_api():\n    assert True\n"},
    ),
    "a new conftest at the root": scenario(
        {"conftest.py": "import pytest\n\n@pytest.fixture(autouse=True)\ndef _broken():\n    pytest.fail('no')\n"},
        {PRICES, CART, STOCK},
    ),
    "the body of a fixture": scenario(
        {"tests/api/conftest.py": "import pytest\n\n@pytest.fixture\ndef answer():\n    return 41\n"},
        {"tests/api/test_api.py"},
        {
            "tests/api/conftest.py": "import pytest\n\n@pytest.fixture\ndef answer():\n    return 42\n",
            "tests/api/test_api.py": "def test_api(answer):\n    assert answer == 42\n",
        },
    ),
    "what a fixture of a module has made for all its tests": scenario(
        {"shop/stock.py": "def left(have, sold):\n    return 0\n"},
        {STOCK, "tests/api/test_api.py"},
        {
            "tests/api/conftest.py": "import pytest\nfrom shop.stock import left\n\n@pytest.fixture(scope='module')\n"
            "def stock():\n    return left(3, 1)\n",
            "tests/api/test_api.py": "def test_one(stock):\n    assert stock == 2\n\ndef test_other(stock):\n"
            "    assert stock < 3\n",
        },
    ),
    "a function behind a cache": scenario(
        {"shop/rates.py": "def rate():\n    return 3\n"},
        {"tests/test_rates.py"},
        {
            "shop/rates.py": "def rate():\n    return 2\n",
            "shop/cached.py": "from functools import lru_cache\nfrom . import rates\n\n@lru_cache\ndef rate():\n"
            "    return rates.rate()\n",
            "tests/test_rates.py": "from shop.cached import rate\n\ndef test_one():\n    assert rate() == 2\n\n"
            "def test_other():\n    assert rate() == 2\n",
        },
    ),
    "the base of a class": scenario(
        {"shop/base.py": "class Base:\n    def name(self):\n        return 'other'\n"},
        {"tests/test_special.py"},
        {
            "shop/base.py": "class Base:\n    def name(self):\n        return 'base'\n",
            "shop/special.py": "from .base import Base\n\nclass Special(Base):\n    pass\n",
            "tests/test_special.py": "from shop.special import Special\n\ndef test_name():\n"
            "    assert Special().name() == 'base'\n",
        },
    ),
    "a package that hands names on": scenario(
        {"shop/api/_impl.py": "def answer():\n    return 0\n"},
        {"tests/test_api.py"},
        {
            "shop/api/_impl.py": "def answer():\n    return 42\n",
            "shop/api/__init__.py": "from shop.api._impl import (\n    answer,  # (public)\n)\n",
            "tests/test_api.py": "import shop.api as api\n\ndef test_answer():\n    assert api.answer() == 42\n",
        },
    ),
    "a module that is only patched, by its name": scenario(
        {"shop/stock.py": "def sold():\n    return 0\n"},
        {STOCK, "tests/test_patched.py"},
        {
            "tests/test_patched.py": "def test_patched(monkeypatch):\n"
            "    monkeypatch.setattr('shop.stock.left', lambda: 1)\n",
        },
    ),
    "a module that is imported by a computed name": scenario(
        {"shop/plugins/one.py": "NAME = 'other'\n"},
        {"tests/test_plugins.py"},
        {
            "shop/plugins/one.py": "NAME = 'one'\n",
            "tests/test_plugins.py": "from importlib import import_module\n\ndef test_one():\n"
            "    assert import_module('shop.' + 'plugins.' + 'one').NAME == 'one'\n",
        },
    ),
    "a module that one test imports, and another by a computed name": scenario(
        {"shop/stock.py": "def left(have, sold):\n    return 0\n"},
        {STOCK, "tests/test_plugins.py"},
        {
            "tests/test_plugins.py": "from importlib import import_module\n\ndef test_stock():\n"
            "    assert import_module('shop.' + 'stock').left(2, 1) == 1\n",
        },
    ),
    "a plugin of pytest in the project": scenario(
        {"checks/plugin.py": "import pytest\n\n@pytest.fixture(autouse=True)\ndef _no():\n    pytest.fail('no')\n"},
        {PRICES, CART, STOCK},
        {"checks/plugin.py": "", "pytest.ini": "[pytest]\npythonpath = .\naddopts = -p checks.plugin\n"},
    ),
    "a module that a plugin of pytest imports": scenario(
        {"checks/rule.py": "raise RuntimeError\n"},
        {PRICES, CART, STOCK},
        {
            "checks/plugin.py": "import checks.rule\n",
            "checks/rule.py": "",
            "pytest.ini": "[pytest]\npythonpath = .\naddopts = -p checks.plugin\n",
        },
    ),
    "a source that is deleted": scenario({"shop/prices.py": None}, {PRICES, CART}),
    "a source that is renamed": scenario({"shop/prices.py": None, "shop/price_list.py": BASE["shop/prices.py"]}, ALL),
    "a module of tests that is deleted": scenario({STOCK: None}, set()),
    "a file of data": scenario(
        {"shop/rates.json": "{}"},
        ALL,
        {
            "shop/rates.json": '{"tax": 1}',
            "tests/test_data.py": "import json\n\ndef test_tax():\n"
            "    assert json.load(open('shop/rates.json'))['tax'] == 1\n",
        },
    ),
    "a template": scenario({"shop/mail.txt": "Bye"}, ALL, {"shop/mail.txt": "Hello"}),
    "a file of SQL": scenario(
        {"schema.sql": "create table b (id int);"}, ALL, {"schema.sql": "create table a (id int);"}
    ),
    "a lock file": scenario({"requirements.lock": "a==2"}, ALL, {"requirements.lock": "a==1"}),
    "the options of pytest": scenario({"pytest.ini": "[pytest]\npythonpath = tests\n"}, ALL),
    "an extension in C": scenario({"shop/fast.c": "int x = 2;"}, ALL, {"shop/fast.c": "int x = 1;"}),
    "what a parametrization takes from a module": scenario(
        {"shop/known.py": "CASES = [1, 2, 4]\n"},
        {"tests/test_known.py"},
        {
            "shop/known.py": "CASES = [1, 2]\n",
            "tests/test_known.py": "import pytest\nfrom shop.known import CASES\n\n"
            "@pytest.mark.parametrize('case', CASES)\ndef test_case(case):\n    assert case < 4\n",
        },
    ),
    "a setting that is read from a file": scenario(
        {".env": "MODE=live\n"},
        ALL,
        {
            ".env": "MODE=test\n",
            "shop/settings.py": "MODE = open('.env').read().split('=')[1].strip()\n",
            "tests/test_mode.py": "from shop.settings import MODE\n\ndef test_mode():\n    assert MODE == 'test'\n",
        },
    ),
    "a new test": scenario(
        {"tests/test_new.py": "from shop.prices import gross\n\ndef test_new():\n    assert gross(10) == 12\n"},
        {"tests/test_new.py"},
    ),
    "a test itself": scenario({STOCK: "def test_left():\n    assert False\n"}, {STOCK}),
    "a comment": scenario({"shop/prices.py": f"# The tax is 20 %.\n{BASE['shop/prices.py']}"}, set()),
    "a docstring": scenario({"shop/prices.py": f'"""Prices."""\n{BASE["shop/prices.py"]}'}, set()),
    "another docstring": scenario(
        {"shop/stock.py": '"""Others."""\n\ndef left(have, sold):\n    """More."""\n    return have - sold\n'},
        set(),
        {"shop/stock.py": '"""Ones."""\n\ndef left(have, sold):\n    """Less."""\n    return have - sold\n'},
    ),
    "a comment that a test reads": scenario(
        {"shop/prices.py": f"# FIXME\n{BASE['shop/prices.py']}"},
        {"tests/test_style.py"},
        {
            "tests/test_style.py": "import inspect\nimport shop.prices\n\ndef test_style():\n"
            "    assert 'FIXME' not in inspect.getsource(shop.prices)\n"
        },
    ),
    "an example in a docstring": scenario(
        {"shop/stock.py": '"""\n>>> 1 + 1\n3\n"""\n\ndef left(have, sold):\n    return have - sold\n'},
        {STOCK, "tests/test_examples.py"},
        {
            "shop/stock.py": '"""\n>>> 1 + 1\n2\n"""\n\ndef left(have, sold):\n    return have - sold\n',
            "tests/test_examples.py": "import doctest\nimport shop.stock\n\ndef test_examples():\n"
            "    assert doctest.testmod(shop.stock).failed == 0\n",
        },
    ),
    "a file that is no longer Python": scenario({"shop/stock.py": "def left(:\n"}, {STOCK}),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
def test_what_ends_otherwise_is_selected_and_little_besides(scenario: Scenario, tmp_path: Path):
    project = tmp_path / "shop"
    put(project, {**BASE, **scenario.files})
    commit(project)
    before = endings(project)
    put(project, scenario.change)
    chosen = {choice.test.file for choice in choices(project, SelectByChange()) if choice.selected}
    noticed = noticing(before, endings(project))
    assert noticed <= chosen
    assert chosen == (files_of_tests(project) if scenario.selected == ALL else scenario.selected)
    assert noticed <= {choice.test.file for choice in choices(project, SelectByComponent()) if choice.selected}


def test_a_reason_tells_the_way_from_the_change_to_the_test(tmp_path: Path):
    put(tmp_path, BASE)
    commit(tmp_path)
    put(tmp_path, {"shop/prices.py": "TAX = 1\n"})
    assert {choice.test.file: choice.reason for choice in choices(tmp_path, SelectByChange())} == {
        PRICES: "shop/prices.py changed → imported by tests/test_prices.py",
        CART: "shop/prices.py changed → imported by shop/cart.py → tests/test_cart.py",
        STOCK: "no change concerns it (changed: shop/prices.py)",
    }


def files_of_tests(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.glob("tests/**/test_*.py")}


def choices(directory: Path, selector: SelectByChange | SelectByComponent) -> list[Choice]:
    application = Application(name="shop", path=directory)
    context = Context(application=application, change=GitChanges().changes(application))
    if isinstance(selector, Gathers):
        context = evolve(context, evidence=selector.gather(context))
    tests = [TestCase(application="shop", file=file) for file in sorted(files_of_tests(directory))]
    return [*selector.select(tests, context)]
