"""The command line of scripts/release."""

from __future__ import annotations

import os
import tempfile

from scripts.releasing import builds, papers, trial
from vault import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = "usage: scripts/release --check | --tag TAG | FOLDER | --published FOLDER"


def main(arguments: Sequence[str]) -> int | str:
    try:
        match arguments:
            case ["--check"]:
                with tempfile.TemporaryDirectory(prefix="release-") as folder:
                    check(folder)
            case ["--tag", tag]:
                papers.same_version(tag)
            case ["--published", folder]:
                papers.publish(folder, __version__)
            case [folder] if not folder.startswith("-"):
                write(os.path.abspath(folder))
            case _:
                return USAGE
    except builds.Unfit as unfit:
        return f"scripts/release: {unfit}"
    return 0


def check(folder: str) -> None:
    """Raise Unfit if the packages cannot be reproduced, hold something else than they should, or do not work."""
    packages = builds.twice(folder)
    builds.contents(packages)
    print(
        f"identical twice: {', '.join(f'{os.path.basename(path)} ({digest[:12]})' for path, digest in packages.items())}"
    )
    for path in packages:
        with tempfile.TemporaryDirectory(prefix="release-", dir=folder) as place:
            trial.run(path, place)
        print(f"works in an empty environment: {os.path.basename(path)}")


def write(folder: str) -> None:
    """Write everything that a release publishes; packages/ holds what goes to an index."""
    packages = builds.into(os.path.join(folder, "packages"))
    papers.write(folder, packages, __version__)
    print("\n".join(sorted(os.listdir(folder))))
