import pytest


@pytest.fixture(autouse=True, scope="session")
def _plain_pytest():
    # The plugins installed for our own tests take seconds to import, and say nothing of the runner.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        yield
