"""Links that leave `docs/` hold in the repository, where a test follows them; the site has their text alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

LINK = re.compile(r"\[([^\]\n]+)\]\((\.\./[^)\s]+)\)")


def setup(app: Sphinx) -> dict[str, bool]:
    """Read the pages without such links."""
    app.connect("source-read", _without_links_outside)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _without_links_outside(app: Sphinx, docname: str, source: list[str]) -> None:
    folder = (Path(app.srcdir) / docname).parent

    def inside(link: re.Match[str]) -> str:
        stays = (folder / link[2]).resolve().is_relative_to(Path(app.srcdir).resolve())
        return link[0] if stays else link[1]

    source[0] = LINK.sub(inside, source[0])
