"""What runs of the application `shop` told."""


def statuses(run):
    """How each test ended, by its file and its name."""
    return {result.test_id.partition("::")[2]: str(result.status) for result in run.results}
