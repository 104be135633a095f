"""Whether checkout and sdist build the same wheels, with types: `compare_packages.py OF_SDISTS OF_CHECKOUT`."""

import sys
from pathlib import Path
from zipfile import ZipFile


def contents(folder: Path) -> dict[str, set[str]]:
    """The names of the files in each wheel of a folder, by the wheel's own name."""
    return {wheel.name: set(ZipFile(wheel).namelist()) for wheel in sorted(folder.glob("*.whl"))}


def mistakes(of_sdists: dict[str, set[str]], of_checkout: dict[str, set[str]]) -> list[str]:
    """A sentence for each wheel that is missing, has other files, or has a package that tells type checkers nothing."""
    found: list[str] = []
    for wheel in sorted(of_sdists.keys() | of_checkout.keys()):
        here, there = of_sdists.get(wheel), of_checkout.get(wheel)
        if here is None or there is None:
            found.append(f"{wheel} is built from {'the checkout' if here is None else 'the sdist'} only")
            continue
        if here != there:
            found.append(f"{wheel} differs from the one of its sdist in {', '.join(sorted(here ^ there))}")
        packages = {name.partition("/")[0] for name in there if name.count("/") == 1 and name.endswith("/__init__.py")}
        found.extend(
            f"{wheel} lacks {package}/py.typed" for package in sorted(packages) if f"{package}/py.typed" not in there
        )
    return found


if __name__ == "__main__":
    built = contents(Path(sys.argv[1]))
    wrong = mistakes(built, contents(Path(sys.argv[2])))
    print(*wrong or [f"{len(built)} wheels, the same from sdist and checkout, all typed"], sep="\n")
    sys.exit(bool(wrong) or not built)
