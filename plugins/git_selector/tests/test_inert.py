"""A file that differs in comments, or by functions that nothing calls, makes nothing else happen."""

import pytest
from testflow_git_selector.inert import is_inert

BEFORE = """import os
LIMIT = 3

def pay(amount):
    return amount

class TestPay(Payments):
    def test_one(self):
        assert pay(1) == 1
"""


@pytest.mark.parametrize(
    "now",
    [
        f"# payments\n\n{BEFORE}",
        BEFORE.replace("return amount", "return (amount)  # as it is"),
        f"{BEFORE}\n    def test_two(self):\n        assert pay(2) == 2\n",
        f"{BEFORE}\n\nasync def refund(amount, whole=True):\n    return -amount\n",
    ],
)
def test_comments_and_new_functions_are_inert(now):
    assert is_inert("src/pay.py", BEFORE, now)


@pytest.mark.parametrize(
    "now",
    [
        BEFORE.replace("return amount", "# return amount\n    pass"),
        BEFORE.replace("LIMIT = 3", "LIMIT = 4"),
        BEFORE.replace("    return amount", "    return amount + 0"),
        f"{BEFORE}\n\ndef pay(amount):\n    return 0\n",
        f"{BEFORE}\n\n@register\ndef refund(amount):\n    return 0\n",
        f"{BEFORE}\n\ndef refund(amount=os.getpid()):\n    return 0\n",
        f"{BEFORE}\n    def setUp(self):\n        raise OSError\n",
        f"{BEFORE}\n    def amount(self):\n        return 0\n",
        f"{BEFORE}\n\ndef pytest_runtest_setup(item):\n    raise OSError\n",
        f"{BEFORE}\n\ndef __getattr__(name):\n    return 1\n",
        BEFORE.replace("import os\n", ""),
        f"{BEFORE}\nwhat is this(",
    ],
)
def test_whatever_may_be_run_is_not(now):
    assert not is_inert("src/pay.py", BEFORE, now)


@pytest.mark.parametrize(
    ("file", "before", "now", "inert"),
    [
        ("src/pay.ts", "pay(1);\n", "// once\npay(1);\n\n", True),
        ("src/pay.ts", "pay(1);\n", "// pay(1);\n", False),
        ("src/pay.sh", "pay\n", "# once\npay\n", False),
    ],
)
def test_of_other_languages_whole_lines_of_comment_are_known(file, before, now, inert):
    assert is_inert(file, before, now) is inert
