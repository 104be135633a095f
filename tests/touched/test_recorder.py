"""What a test touches is recorded for it, and what it shares for each that relies on it."""

import pytest

SECOND = {
    "test_reads",
    "test_misses",
    "test_tries_to_open",
    "test_lists",
    "test_optional",
    "test_starts",
    "test_imports_by_name",
    "test_imports_by_name_again",
    "test_reads_source",
    "test_patches",
    "test_writes",
}
FIRST = {
    "test_connects",
    "test_connects_again",
    "test_needs_nothing",
    "test_price",
    "test_price_again",
    "test_cart",
    "TestLimits::test_limit",
}


def named(recorded, tests):
    return {place.partition("::")[2] for place in recorded.map().places(tests)}


@pytest.mark.parametrize(
    ("path", "unit", "tests"),
    [
        ("shop/prices.py", "told", {"test_price_again"}),
        ("shop/prices.py", "Cart.__init__", {"test_cart"}),
        ("shop/prices.py", "Cart.add", {"test_cart"}),
        ("tests/test_first.py", "test_needs_nothing", {"test_needs_nothing"}),
        ("tests/test_first.py", "TestLimits.test_limit", {"TestLimits::test_limit"}),
        ("shop/chosen.py", "chosen", {"test_imports_by_name", "test_imports_by_name_again"}),
    ],
)
def test_a_function_belongs_to_the_tests_that_enter_it(recorded, path, unit, tests):
    assert named(recorded, recorded.map().entering(path, unit)) == tests


def test_all_tests_are_known(recorded):
    assert named(recorded, recorded.map().recorded) == FIRST | SECOND | {"test_elsewhere"}


@pytest.mark.parametrize("unit", ["connect", "close"])
def test_what_a_shared_fixture_enters_belongs_to_each_test_that_uses_it(recorded, unit):
    assert named(recorded, recorded.map().entering("shop/opening.py", unit)) == {"test_connects", "test_connects_again"}


def test_what_a_memoised_function_enters_belongs_to_every_test_that_can_call_it(recorded):
    for unit in ("price", "base"):
        assert named(recorded, recorded.map().entering("shop/prices.py", unit)) >= FIRST


def test_what_an_import_enters_belongs_to_every_test_whose_file_imports_it_at_last(recorded):
    assert named(recorded, recorded.map().entering("shop/defaults.py", "default")) == FIRST | SECOND


def test_what_an_import_enters_does_not_belong_to_other_tests_of_the_process(recorded):
    assert "test_elsewhere" not in named(recorded, recorded.map().entering("shop/settings.py", "<module>"))


def test_a_module_imported_by_its_name_belongs_to_whoever_runs_what_is_in_it(recorded):
    found = named(recorded, recorded.map().entering("shop/chosen.py", "<module>"))
    assert found == {"test_imports_by_name", "test_imports_by_name_again"}


def test_a_conftest_belongs_to_the_tests_below_it(recorded):
    assert named(recorded, recorded.map().entering("tests/conftest.py", "below")) == FIRST | SECOND
    assert named(recorded, recorded.map().entering("tests/conftest.py", "<module>")) == FIRST | SECOND
    assert named(recorded, recorded.map().entering("conftest.py", "<module>")) == FIRST | SECOND | {"test_elsewhere"}


def test_a_file_that_is_read_belongs_to_its_reader(recorded):
    assert named(recorded, recorded.map().reading("data/rates.txt")) == {"test_reads"}


def test_reading_source_is_reading_and_importing_it_is_not(recorded):
    assert named(recorded, recorded.map().reading("shop/settings.py")) == {"test_reads_source"}
    assert not recorded.map().reading("shop/prices.py")
    assert not recorded.map().reading("tests/test_first.py")


@pytest.mark.parametrize(
    ("path", "tests"),
    [
        ("data/more.txt", {"test_misses", "test_lists"}),
        ("data/absent.txt", {"test_tries_to_open", "test_lists"}),
        ("data/any.txt", {"test_lists"}),
        ("shop/optional.py", {"test_optional"}),
        ("shop/optional/__init__.py", {"test_optional"}),
        ("shop/optional/deep/module.py", {"test_optional"}),
        ("shop/optional.cpython-313-x86_64-linux-gnu.so", {"test_optional"}),
        ("shop/unheard_of.py", set()),
    ],
)
def test_a_file_that_was_not_there_belongs_to_who_looked_for_it(recorded, path, tests):
    assert named(recorded, recorded.map().missing(path)) == tests


def test_a_program_that_is_started_is_known_by_its_file_and_as_one_that_touches_anything(recorded):
    assert named(recorded, recorded.map().starting("scripts/tool.py")) == {"test_starts"}
    assert named(recorded, recorded.map().opaque) == {"test_starts"}


def test_what_a_test_made_itself_is_nothing_that_it_depends_on(recorded):
    assert not recorded.map().reading("made.txt")
    assert not list(recorded.map().outdated(recorded.checkout))


def test_a_module_that_a_test_patches_is_one_that_it_relies_on(recorded):
    assert "test_patches" in named(recorded, recorded.map().entering("shop/prices.py", "<module>"))


def test_nothing_is_noted_where_no_record_is_wanted(project):
    application = project({"test_plain.py": "def test_it(): pass"})
    outcomes, noted = application.run("test_plain.py", record=False)
    assert [outcome.status for outcome in outcomes] == ["passed"]
    assert not noted.exists()


def test_a_function_of_code_that_was_put_together_by_hand_belongs_to_who_enters_it(project, python):
    application = project(
        {
            "lib.py": """
                def one(): return 1
                two = type(one)(one.__code__.replace(co_name="two"), globals())
            """,
            "test_it.py": "import lib\ndef test_it(): assert lib.two() == 1\ndef test_other(): pass",
        },
        python,
    )
    touched = application.record("test_it.py")
    assert touched.places(touched.units("lib.py")["one"]) == ("test_it.py::test_it",)


def test_a_function_that_was_there_before_the_recorder_belongs_to_who_enters_it(project, python, monkeypatch):
    application = project(
        {
            "sitecustomize.py": "import early\n",
            "early.py": "def one():\n    def inner(): return 1\n    return inner()\n",
            "test_it.py": "import early\ndef test_it(): assert early.one() == 1\ndef test_other(): pass",
        },
        python,
    )
    monkeypatch.setenv("PYTHONPATH", str(application.checkout))
    touched = application.record("test_it.py")
    assert touched.places(touched.units("early.py")["one"]) == ("test_it.py::test_it",)


def test_functions_that_are_called_alike_are_told_apart(project, python):
    application = project(
        {
            "one.py": "def same(): return 1",
            "two.py": "def same(): return 2",
            "test_it.py": """
                import one, two
                def test_one(): assert one.same() == 1
                def test_two(): assert two.same() == 2
                def test_both(): assert (one.same(), two.same()) == (1, 2)
                def test_one_again(): assert one.same() == 1
            """,
        },
        python,
    )
    touched = application.record("test_it.py")
    for path, tests in (("one.py", {"test_one", "test_both", "test_one_again"}), ("two.py", {"test_two", "test_both"})):
        assert named(application, touched.entering(path, "same")) == tests


def test_what_a_thread_enters_belongs_to_the_test_it_runs_in_though_the_thread_goes_on(project, python):
    application = project(
        {
            "lib.py": "def answer(): return 1\ndef other(): return 2",
            "test_it.py": """
                import queue, threading
                import lib

                asked, answers = queue.Queue(), queue.Queue()

                def serve():
                    while asked.get():
                        answers.put(lib.answer())

                thread = threading.Thread(target=serve)

                def ask():
                    asked.put(True)
                    assert answers.get(timeout=30) == 1

                def test_begins():
                    thread.start()
                    ask()

                def test_asks(): ask()
                def test_needs_nothing(): lib.other()
                def test_asks_again(): ask()

                def test_ends():
                    asked.put(False)
                    thread.join(30)

                def test_alone(): assert lib.answer() == 1
            """,
        },
        python,
    )
    touched = application.record("test_it.py")
    found = named(application, touched.entering("lib.py", "answer"))
    assert found == {"test_begins", "test_asks", "test_asks_again", "test_alone"}


def test_a_test_that_starts_a_process_by_multiprocessing_may_touch_anything(project, python):
    application = project(
        {
            "lib.py": "def work(): pass",
            "test_it.py": """
                import lib

                def test_starts():
                    import multiprocessing
                    process = multiprocessing.get_context("spawn").Process(target=lib.work)
                    process.start()
                    process.join(60)

                def test_other(): pass
            """,
        },
        python,
    )
    touched = application.record("test_it.py")
    assert named(application, touched.opaque) == {"test_starts"}


def test_what_hypothesis_reads_to_draw_from_is_no_source_that_a_test_depends_on(project):
    pytest.importorskip("hypothesis")
    files = {
        "lib.py": "LIMIT = 12345\n",
        "test_any.py": """
            import lib
            from hypothesis import given, strategies

            @given(strategies.integers())
            def test_any(number): assert number < lib.LIMIT or lib.LIMIT
        """,
        "test_other.py": "import lib\ndef test_other(): assert lib\n",
    }
    touched = project(files).record("test_any.py", "test_other.py")
    assert not touched.reading("lib.py")
    assert not [file for file in touched.files if file.startswith(".hypothesis")]
