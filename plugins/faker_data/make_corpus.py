"""Takes word lists from the installed Faker, once: they are then the corpus, whatever Faker is installed later."""  # noqa: INP001 - a program

from __future__ import annotations

import json
import sys
import unicodedata
from hashlib import sha256
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING

from faker import Faker

if TYPE_CHECKING:
    from collections.abc import Iterable

LOCALES = (
    *("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "pt_BR", "sv_SE", "tr_TR", "cs_CZ"),
    *("ru_RU", "ja_JP", "zh_CN", "ko_KR"),
)
SAMPLED = {
    "cities": "city",
    "streets": "street_name",
    "companies": "company",
    "jobs": "job",
    "countries": "country",
    "postcodes": "postcode",
    "words": "word",
}
LIMIT = 700
ASKED = 6 * LIMIT
_PLAIN = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "ı": "i", "đ": "d", "å": "a"})  # noqa: RUF001


def taken(names: Iterable[str]) -> list[str]:
    """Each once, in their order, as many as are wanted; of more, evenly many of all letters of the alphabet."""
    found = list(dict.fromkeys(" ".join(name.split()) for name in names if name.strip()))
    step = max(len(found) / LIMIT, 1)
    return [found[int(number * step)] for number in range(min(LIMIT, len(found)))]


def login(name: str) -> str:
    """A name as it stands before the @ of an address."""
    plain = unicodedata.normalize("NFKD", name.translate(_PLAIN))
    return "".join(letter for letter in plain.lower() if letter.isascii() and letter.isalpha())


def corpus(locale: str) -> dict[str, list[str]]:
    """All lists of a locale."""
    provider = import_module(f"faker.providers.person.{locale}").Provider
    faker = Faker(locale, use_weighting=False)
    faker.seed_instance(0)
    found = {"first_names": taken(provider.first_names), "last_names": taken(provider.last_names)}
    if len(found["last_names"]) < LIMIT // 10:
        found["last_names"] = taken([*found["last_names"], *(faker.last_name() for _ in range(ASKED))])
    for kind, method in SAMPLED.items():
        found[kind] = taken(getattr(faker, method)() for _ in range(ASKED))
    for kind in ("first", "last"):
        logins = taken(map(login, found[f"{kind}_names"]))
        found[f"{kind}_logins"] = [each for each in logins if len(each) > 1]
    return found


def main() -> None:
    """Write a file for each locale, and print its hash for `corpus.py`."""
    folder = Path(__file__).parent / "testflow_faker_data" / "corpus"
    english = corpus("en_US")
    sys.stdout.write(f"Faker {metadata.version('faker')}\n")
    for locale in LOCALES:
        found = corpus(locale)
        for kind in ("first_logins", "last_logins"):
            # Where names are not written in Latin letters.
            if len(found[kind]) < LIMIT // 20:
                found[kind] = english[kind]
        text = (
            "{\n" + ",\n".join(f'"{kind}": {json.dumps(found[kind], ensure_ascii=False)}' for kind in found) + "\n}\n"
        )
        path = folder / f"{locale}.json"
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f'    "{locale}": "{sha256(text.encode()).hexdigest()}",\n')


if __name__ == "__main__":
    main()
