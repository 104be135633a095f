"""The word lists, taken from Faker once and pinned: what Faker is installed later makes no difference."""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from testflow_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

HASHES = {
    "en_US": "ee9a287f3e3254b6bec2d75ad7047e4756014912d71aea1d225b9c17cc887afa",
    "en_GB": "a0f33759e7409e6c4a699e15c54424b66fe940295f0636dbbfbf48037c99aaf7",
    "de_DE": "a3782b5c3912488568cf1a22d50490f7c7a6a56029fbf272ddc66122fdd45748",
    "fr_FR": "1e688f884eebdbb3e4872328e6b478e7101e84939d074bbecfdb1d66fc4ef671",
    "es_ES": "8aecdf3dc0e67ca70053ebe58fa4a8f7fb07d95afc392656209b66a62751b9d1",
    "it_IT": "070fd6654c7318fec4367ab55aab087a6c8363360dd01af632b1a0d061ef8cce",
    "nl_NL": "7cf468f7c2edd5eb71a7d0cd1eab773a0da83edad6c2494fbfef11603f8a0e37",
    "pl_PL": "cc48026a82d48c10e6868403509c36205087ea72649fcbd67f77d1c3c505de4e",
    "pt_BR": "d723bc3c926c79e9293c7473d96fc2ce94b0e71fd6f24e7f9ba3aa1ed4a8e4b2",
    "sv_SE": "40cdfc115ca13ba79667667776ee3e19643e1d5d7ce23e011943f357894618e7",
    "tr_TR": "2df1cc8a160ceb7503f483fb744dc75b4a8fd3340c1fcb39079a7708a880f2a4",
    "cs_CZ": "0b90ca78dd143e647081bf8dbe666e5f5c11301dd311338290995dc07c703292",
    "ru_RU": "ac61db8a18875068c6ddd2b92a86f216bd693a223c41026a15777b927d7420ad",
    "ja_JP": "0700d8473732a4fd1f536dfcd52b41ea9a7c9dd3f955fdff5bf332cd9811245c",
    "zh_CN": "f188908eee6a85d752ca223a636a9bbcb2f5eac2dd129d3367b139fa58856ef6",
    "ko_KR": "59c7751ccde862d30ddc7caa8aea7ca3815e5ccee3ed291c2ad7eebf80657712",
}
"""SHA-256 of the file of each locale; made by `make_corpus.py` with Faker 40.63.0."""


@lru_cache(maxsize=len(HASHES))
def corpus(locale: str) -> Mapping[str, tuple[str, ...]]:
    """The lists of a locale by their kind; DataError where they are not what they were when they were pinned."""
    content = (files("testflow_faker_data") / "corpus" / f"{locale}.json").read_bytes()
    if sha256(content).hexdigest() != HASHES[locale]:
        raise DataError(f"the word lists of {locale!r} have been changed; install testflow-faker-data again")
    return {kind: tuple(words) for kind, words in json.loads(content).items()}
