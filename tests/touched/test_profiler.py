"""Before Python 3.12 a profiler notes who is entered: nothing is lost by it, and tests see nothing of it."""

import pytest

MEMOISED = {
    "lib.py": """
        import functools
        from pathlib import Path

        def before(): return 1
        def after(): return 2
        def inner(): return 3

        @functools.lru_cache(maxsize=None)
        def deep():
            return inner() + len(Path(__file__).with_name("data.txt").read_text())

        @functools.lru_cache(maxsize=None)
        def slow():
            before()
            import late
            return after() + late.VALUE + deep()
    """,
    "late.py": "def value(): return 4\nVALUE = value()",
    "data.txt": "12345",
    "test_it.py": """
        import lib

        def test_makes(): assert lib.slow() == 14
        def test_gets(): assert lib.slow() == 14
    """,
    "test_other.py": "def test_other(): pass",
}


@pytest.fixture
def memoised(project, python):
    application = project(MEMOISED, python)
    application.record("test_it.py", "test_other.py")
    return application


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("lib.py", "slow"),
        ("lib.py", "before"),
        ("lib.py", "after"),
        ("lib.py", "deep"),
        ("lib.py", "inner"),
        ("late.py", "value"),
    ],
)
def test_who_gets_what_a_memoised_function_has_kept_relies_on_all_that_it_entered(memoised, path, unit):
    touched = memoised.map()
    assert {"test_it.py::test_makes", "test_it.py::test_gets"} == set(touched.places(touched.entering(path, unit)))


def test_who_gets_what_a_memoised_function_has_kept_relies_on_the_files_it_read(memoised):
    touched = memoised.map()
    assert set(touched.places(touched.reading("data.txt"))) == {"test_it.py::test_gets", "test_it.py::test_makes"}


@pytest.mark.parametrize(
    "work",
    [
        "cProfile.Profile().runcall(lib.one)",
        "sys.setprofile(lambda *told: None); lib.one(); sys.setprofile(None)",
        "before = sys.getprofile(); sys.setprofile(lambda *told: None); lib.one(); sys.setprofile(before)",
        "before = sys.gettrace(); sys.settrace(lambda *told: None); lib.one(); sys.settrace(before)",
    ],
)
def test_a_test_that_profiles_is_not_taken_for_one_that_enters_nothing_and_the_next_is_recorded(project, python, work):
    application = project(
        {
            "lib.py": "def one(): return 1\ndef two(): return 2",
            "test_it.py": f"""
                import cProfile, sys
                import lib

                def test_profiles():
                    {work}

                def test_next(): lib.two()
            """,
        },
        python,
    )
    touched = application.record("test_it.py")
    assert "test_it.py::test_profiles" in touched.places(touched.entering("lib.py", "one") | touched.opaque)
    assert touched.places(touched.entering("lib.py", "two")) == ("test_it.py::test_next",)


@pytest.mark.parametrize("asked", ["pathlib.Path('absent').stat()", "os.path.exists([])", "inspect.getsource(1)"])
def test_a_failure_reads_as_it_does_where_nothing_is_recorded(project, python, asked):
    application = project(
        {"test_it.py": f"import inspect, os, pathlib\ndef test_fails():\n    {asked}\n    raise AssertionError"}, python
    )
    (plain,), _ = application.run("test_it.py", record=False)
    (recorded,), _ = application.run("test_it.py")
    assert plain.status == "failed"
    assert recorded.text == plain.text


def test_what_is_called_between_an_import_and_the_end_of_a_test_belongs_to_it(project, python):
    application = project(
        {
            "lib.py": "def one(): return 1\ndef two(): return 2",
            "late.py": "import lib\nlib.one()",
            "test_it.py": """
                def test_imports():
                    import late
                    late.lib.two()

                def test_other(): pass
            """,
        },
        python,
    )
    touched = application.record("test_it.py")
    assert touched.places(touched.entering("lib.py", "two")) == ("test_it.py::test_imports",)
