"""How the tests of a framework are found and run."""
