"""What files held in another commit, all of them asked for at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_git_selector.git_command import GitError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testflow_git_selector.git_command import Git


def texts_at(git: Git, commit: str, files: Sequence[str]) -> Mapping[str, bytes]:
    """The content of those of the files, relative to the checkout, that were there; nothing where git cannot say."""
    # A line break ends a question.
    asked = [file for file in files if "\n" not in file]
    question = "".join(f"{commit}:./{file}\n" for file in asked).encode("utf-8", "surrogateescape")
    try:
        answer = git("cat-file", "--batch", said=question)
    except GitError:
        return {}
    found: dict[str, bytes] = {}
    place = 0
    for file in asked:
        end = answer.index(b"\n", place)
        words = answer[place:end].split(b" ")
        place = end + 1
        if len(words) != 3 or words[1] != b"blob":  # noqa: PLR2004 - object, type, size
            if len(words) == 3 and words[2].isdigit():  # noqa: PLR2004
                place += int(words[2]) + 1
            continue
        size = int(words[2])
        found[file] = answer[place : place + size]
        place += size + 1
    return found
