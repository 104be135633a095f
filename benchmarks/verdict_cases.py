"""Changes and provoked causes, each failing test labelled with what is to blame."""

from __future__ import annotations

from verdict_projects import (
    BASE,
    BROKEN,
    COMMENT,
    COUNTED,
    DB,
    DOWN,
    NEWS,
    SAVES,
    SLOW,
    TEST_CART,
    TEST_DB,
    TWO,
    WORLD,
    B,
    C,
    Case,
    E,
    F,
    Step,
    U,
    cart,
    case,
    db,
    on,
)

CHANGES = (
    case("a function gives another value", {"test_total": C}, on(files=BROKEN)),
    case("a function raises", {"test_total": C}, on(files=cart("sum(prices)", "sum(prices) // (len(prices) - 2)"))),
    case("a signature", {"test_total": C}, on(files=cart("total(prices)", "total(prices, currency)"))),
    case("a function is renamed", {"": C}, on(files=cart("def first(", "def head("))),
    case("it cannot be parsed", {"": C}, on(files=cart("def first(items):", "def first(items)"))),
    case("a data file", {"test_taxed": C}, on(files={"shop/rates.json": '{"fr": 0.2}\n'})),
    case("a data file is gone", {"test_taxed": C}, on(files={"shop/rates.json": None})),
    case("a data file is broken", {"test_taxed": C}, on(files={"shop/rates.json": '{"de": 0.19,\n'})),
    case("the test itself", {"test_total": C}, on(files={"tests/test_cart.py": TEST_CART.replace("== 3", "== 4")})),
    case(
        "a fixture is gone",
        {"test_uses": C},
        on(files={"tests/conftest.py": "# nothing left\n"}),
        base={
            "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef basket():\n    return []\n",
            "tests/test_basket.py": "def test_uses(basket):\n    assert basket == []\n",
        },
    ),
    case(
        "a fixture raises",
        {"test_uses": C},
        on(files={"tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef basket():\n    return [][0]\n"}),
        base={
            "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef basket():\n    return []\n",
            "tests/test_basket.py": "def test_uses(basket):\n    assert basket == []\n",
        },
    ),
    case(
        "it asks at another port",
        {"test_answer": C, "test_answer_again": C},
        on(files=db('int(os.environ["SHOP_DB_PORT"])', "1")),
    ),
    case(
        "it asks another host", {"test_answer": C, "test_answer_again": C}, on(files=db('"127.0.0.1"', '"db.invalid"'))
    ),
    case(
        "it needs a variable",
        {"test_answer": C, "test_answer_again": C},
        on(files=db("SHOP_DB_PORT", "SHOP_DB_NUMBER")),
    ),
    case("it needs a package", {"": C}, on(files=cart("from shop", "import no_such_package\nfrom shop"))),
    case("it ends the process", {"test_first": C}, on(files=cart("return items[0]", "__import__('os')._exit(4)"))),
    case(
        "it crashes",
        {"test_first": C},
        on(files=cart("return items[0]", "__import__('os').abort()")),
    ),
    case("it does not end", {"test_first": C}, on(files=cart("return items[0]", "while True: pass"))),
    case(
        "it waits for too long",
        {"test_slow": C},
        on(files={"shop/wait.py": "import time\n\n\ndef wait():\n    time.sleep(60)\n"}),
        base={"shop/wait.py": "def wait():\n    pass\n", "tests/test_slow.py": SLOW},
    ),
    case(
        "deep in a library",
        {"test_taxed": C},
        on(
            files={
                "shop/rates.py": (
                    "import json\n\n\ndef rate(country):\n    return json.loads(\"{'de': 1}\")[country]\n"
                )
            }
        ),
    ),
    case(
        "new code with a new test",
        {"test_new": C},
        on(
            files={
                "shop/new.py": "def new():\n    return 1\n",
                "tests/test_new.py": "from shop.new import new\n\n\ndef test_new():\n    assert new() == 2\n",
            }
        ),
    ),
    Case(
        name="a function raises, and main never ran",
        truth={"test_total": C},
        steps=(Step(files=BASE, runs=False), on(files=cart("sum(prices)", "prices[9]"))),
    ),
    Case(
        name="recorded: a function gives another value",
        truth={"test_total": C},
        steps=(Step(files=BASE, record=True), on(files=BROKEN)),
    ),
    case(
        "another cause than on main",
        {"test_total": C},
        on(files=cart("sum(prices)", "[][0]")),
        base=cart("sum(prices)", "0"),
    ),
    case("the second run of the same change", {"test_total": C}, on(files=BROKEN), on(files=NEWS)),
    case(
        "a permission in code",
        {"test_save": C},
        on(files={"tests/test_save.py": SAVES.format(path="'/proc/version'")}),
        base={"tests/test_save.py": SAVES.format(path="'/dev/null'")},
    ),
)

FLAKY = (
    case(
        "passes when tried again",
        {"test_sometimes": F},
        on(attempts=2),
        base={"tests/test_some.py": COUNTED.format(passes="!= 1")},
    ),
    case(
        "passes when tried again, beside a change",
        {"test_sometimes": F},
        on(files=NEWS, attempts=2),
        base={"tests/test_some.py": COUNTED.format(passes="!= 1")},
    ),
    case(
        "passes when tried again, its own file changed",
        {"test_sometimes": F},
        on(files={"tests/test_some.py": "# changed\n" + COUNTED.format(passes="!= 1")}, attempts=2),
        base={"tests/test_some.py": COUNTED.format(passes="!= 1")},
    ),
    case(
        "known: failed and passed on main",
        {"test_sometimes": F},
        Step(),
        Step(),
        on(files=NEWS),
        base={"tests/test_some.py": COUNTED.format(passes="% 2 == 0")},
    ),
    case(
        "known: failed and passed, nothing changed",
        {"test_sometimes": F},
        Step(),
        Step(),
        Step(),
        base={"tests/test_some.py": COUNTED.format(passes="% 2 == 0")},
    ),
    case(
        "known, and its own file changed by a comment",
        {"test_sometimes": F},
        Step(),
        Step(),
        on(files={"tests/test_some.py": "# changed\n" + COUNTED.format(passes="% 2 == 0")}),
        base={"tests/test_some.py": COUNTED.format(passes="% 2 == 0")},
    ),
    case(
        "known, and a change that others fail of",
        {"test_sometimes": F, "test_total": C},
        Step(),
        Step(),
        on(files=BROKEN),
        base={"tests/test_some.py": COUNTED.format(passes="% 2 == 0")},
    ),
    case(
        "known, but now for another cause, which was changed",
        {"test_sometimes": C},
        Step(),
        Step(),
        Step(),
        on(files={"tests/test_some.py": "def test_sometimes():\n    raise LookupError('no such page')\n"}),
        base={"tests/test_some.py": COUNTED.format(passes="% 2 == 0")},
    ),
    case("the database answers when asked again", {"test_answer": F}, on(world={"SHOP_DB": "late"}, attempts=2)),
)

ENVIRONMENTS = (
    case("the database refuses", TWO, on(files=NEWS, world=DOWN)),
    case("the database refuses, nothing changed", TWO, on(world=DOWN)),
    case("the database refuses, on main", TWO, Step(world=DOWN)),
    case("the database refuses, other code changed", TWO, on(files=cart("sum(prices)", "sum(prices) + 0"), world=DOWN)),
    case("the database refuses, the test's file has a comment more", TWO, on(files=COMMENT, world=DOWN)),
    case(
        "the database refuses, the code that asks it has a comment more",
        TWO,
        on(files={"shop/db.py": f"# speaks to the database\n{DB}"}, world=DOWN),
    ),
    case(
        "the database refuses, and a change breaks another test", {**TWO, "test_total": C}, on(files=BROKEN, world=DOWN)
    ),
    case("the database hangs", TWO, on(files=NEWS, world={"SHOP_DB": "hangs"})),
    case("the database hangs up", TWO, on(files=NEWS, world={"SHOP_DB": "resets"})),
    case(
        "the host has no name",
        TWO,
        on(files=NEWS, world={"SHOP_DB_HOST": "db.invalid"}),
        base=db('HOST = "127.0.0.1"', 'HOST = os.environ.get("SHOP_DB_HOST", "127.0.0.1")'),
    ),
    case(
        "a variable is not set",
        TWO,
        on(files=NEWS, world={"SHOP_DB_PORT": ""}),
        base=db('int(os.environ["SHOP_DB_PORT"])', 'int(os.environ["SHOP_DB_PORT"] or os.environ["SHOP_DB_ADDRESS"])'),
    ),
    case(
        "the disk is full",
        {"test_save": E},
        on(files=NEWS, world={"SHOP_FILE": "/dev/full"}),
        base={"tests/test_save.py": "import os\n" + SAVES.format(path='os.environ.get("SHOP_FILE", "/dev/null")')},
    ),
    case(
        "a disk can only be read",
        {"test_save": E},
        on(files=NEWS, world={"SHOP_FILE": "/proc/version"}),
        base={"tests/test_save.py": "import os\n" + SAVES.format(path='os.environ.get("SHOP_FILE", "/dev/null")')},
    ),
    case(
        "a mounted file is gone",
        {"test_world": E},
        on(files=NEWS, world={"SHOP_GONE": "mounted"}),
        base={"tests/test_world.py": WORLD.format(name="mounted")},
    ),
    case(
        "a package is gone",
        {"": E},
        on(files=NEWS, world={"SHOP_GONE": "packages/driver.py"}),
        base={
            "tests/test_driver.py": (
                'import os\nimport sys\n\nsys.path.insert(0, os.environ["SHOP_WORLD"] + "/packages")\n\n'
                "import driver\n\n\ndef test_driver():\n    assert driver\n"
            )
        },
    ),
)

BEFORE = (
    case("red on main", {"test_total": B}, on(files=NEWS), base=BROKEN),
    case(
        "red on main, the test's file has a comment more",
        {"test_total": B},
        on(files={"tests/test_cart.py": f"# cart\n{TEST_CART}"}),
        base=BROKEN,
    ),
    case(
        "red on main, and a change breaks another test",
        {"test_total": B, "test_first": C},
        on(
            files=cart("sum(prices)", "sum(prices) + 1")
            | {"shop/cart.py": str(BROKEN["shop/cart.py"]).replace("items[0]", "items[-2]")}
        ),
        base=BROKEN,
    ),
    case("red on main: it cannot be collected", {"": B}, on(files=NEWS), base=cart("def first(", "def head(")),
    case(
        "red on main, and the code that fails changed elsewhere",
        {"test_total": B},
        on(files={"shop/cart.py": str(BROKEN["shop/cart.py"]) + "\n\ndef last(items):\n    return items[-1]\n"}),
        base=BROKEN,
    ),
    case("red on main since the branch began", {"test_total": B}, Step(files=BROKEN), on(files=NEWS)),
    case(
        "red in earlier runs, nobody knows the change", {"test_total": B}, Step(git=False), Step(git=False), base=BROKEN
    ),
    case(
        "red on main for two causes",
        {"test_total": B, "test_first": B},
        on(files=NEWS),
        base={"shop/cart.py": str(BROKEN["shop/cart.py"]).replace("items[0]", "items[7]")},
    ),
)

UNKNOWN = (
    Case(
        name="the first run, and nobody knows the change",
        truth={"test_total": U},
        steps=(Step(files={**BASE, **BROKEN}, git=False),),
    ),
)

LATER = (
    # Written after the verdicts were mended by those above: what they were mended for must hold of others, too.
    case(
        "the database refuses, the test's file has a test more",
        TWO,
        on(files={"tests/test_db.py": f"{TEST_DB}\n\ndef test_new():\n    assert True\n"}, world=DOWN),
    ),
    case(
        "the database refuses, the code that asks it has a function more",
        TWO,
        on(files={"shop/db.py": f"{DB}\n\ndef name():\n    return HOST\n"}, world=DOWN),
    ),
    case(
        "a line is commented out",
        {"test_first": C},
        on(files=cart("    return items[0]", "    # return items[0]\n    return None")),
    ),
    case(
        "a module is renamed, and one import forgotten",
        {"": C},
        on(files={"shop/rates.py": None, "shop/tax.py": BASE["shop/rates.py"]}),
    ),
    case(
        "a fixture for all is new, and raises",
        {"test_total": C, "test_taxed": C, "test_first": C, "test_answer": C, "test_answer_again": C},
        on(
            files={
                "tests/conftest.py": (
                    "import pytest\n\n\n@pytest.fixture(autouse=True)\n"
                    "def basket():\n    raise RuntimeError('no basket')\n"
                )
            }
        ),
    ),
    case(
        "the process is killed, and a document changed",
        {"test_killed": E},
        on(files=NEWS, world={"SHOP_KILLS": "9"}),
        base={
            "tests/test_killed.py": (
                "import os\n\n\ndef test_killed():\n"
                '    if os.environ.get("SHOP_KILLS"):\n        os.kill(os.getpid(), int(os.environ["SHOP_KILLS"]))\n'
            )
        },
    ),
    case(
        "data of the world are broken, and code changed elsewhere",
        {"test_orders": E},
        on(files=cart("sum(prices)", "sum(prices) + 0"), world={"SHOP_ORDERS": "{"}),
        base={
            "tests/test_orders.py": (
                "import json\nimport os\n\n\ndef test_orders():\n"
                '    assert json.loads(os.environ.get("SHOP_ORDERS", "[1]")) == [1]\n'
            )
        },
    ),
    case(
        "a package is gone, and code changed elsewhere",
        {"": E},
        on(files=cart("sum(prices)", "sum(prices) + 0"), world={"SHOP_GONE": "packages/driver.py"}),
        base={
            "tests/test_driver.py": (
                'import os\nimport sys\n\nsys.path.insert(0, os.environ["SHOP_WORLD"] + "/packages")\n\n'
                "import driver\n\n\ndef test_driver():\n    assert driver\n"
            )
        },
    ),
    case(
        "a mounted file is gone, and the test's file has a comment more",
        {"test_world": E},
        on(
            files={"tests/test_world.py": "# the world\n" + WORLD.format(name="mounted")},
            world={"SHOP_GONE": "mounted"},
        ),
        base={"tests/test_world.py": WORLD.format(name="mounted")},
    ),
    case(
        "fails for the first time, and a document changed",
        {"test_sometimes": U},
        on(files=NEWS),
        base={"tests/test_some.py": COUNTED.format(passes="!= 1")},
    ),
    case(
        "the disk is full, and the code that writes has another name in it",
        {"test_save": E},
        on(
            files={
                "shop/store.py": 'def save(path, text):\n    with open(path, "w") as file:\n        file.write(text)\n'
            },
            world={"SHOP_FILE": "/dev/full"},
        ),
        base={"tests/test_save.py": "import os\n" + SAVES.format(path='os.environ.get("SHOP_FILE", "/dev/null")')},
    ),
)

CASES = (*CHANGES, *FLAKY, *ENVIRONMENTS, *BEFORE, *UNKNOWN, *LATER)
