"""Builds wheel and sdist from the tracked files, and compares two builds byte for byte."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import hatch_build

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What the sdist holds at its top, beside the PKG-INFO and .gitignore that hatchling adds.
SDIST = {
    "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "LICENSE", "NOTICE", "README.md", "SECURITY.md", "docs", "hatch_build.py",
    "pyproject.toml", "requirements", "scripts", "tests", "vault",
}  # fmt: skip
BY_HATCHLING = {"PKG-INFO", ".gitignore"}
PURE = "-py3-none-any.whl"


class Unfit(Exception):
    """A reason not to release."""


def commit_time() -> str:
    """The time of the last commit: each file of a package has it."""
    shown = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return shown.stdout.strip()


def copy_tracked(target: str, *, private: bool) -> None:
    """Copy every tracked file, as it is now, to an empty folder; ``private`` gives the copy other modes and times."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        source, copy = os.path.join(ROOT, name), os.path.join(target, name)
        if not os.path.isfile(source):
            continue
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copyfile(source, copy)
        runs = os.access(source, os.X_OK)
        if private:
            os.chmod(copy, 0o700 if runs else 0o600)
            os.utime(copy, (1_000_000_000, 1_000_000_000))
        else:
            os.chmod(copy, 0o755 if runs else 0o644)


def build(tree: str, target: str, *, native: bool = False, **env: str) -> list[str]:
    """Build sdist and pure wheel of a tree, and the wheel with the native front if ``native``; their paths, in this order."""
    for wish, kinds in (("0", ()), ("1", ("-t", "wheel")))[: 1 + native]:
        given = {"SOURCE_DATE_EPOCH": commit_time(), "PYTHONDONTWRITEBYTECODE": "1", "AWSVAULT_NATIVE": wish}
        done = subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-d", target, *kinds], cwd=tree, env={**os.environ, **given, **env},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Unfit(f"hatchling cannot build the packages:\n{done.stdout}{done.stderr}")
    order = (".tar.gz", PURE, ".whl")
    names = sorted(
        os.listdir(target), key=lambda name: next(at for at, end in enumerate(order) if name.endswith(end))
    )
    return [os.path.join(target, name) for name in names]


def digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def into(target: str) -> dict[str, str]:
    """Build into a folder that does not exist yet; path → SHA-256."""
    if os.path.exists(target):
        raise Unfit(f"{target} exists; name a new folder")
    tree = target + ".tree"
    try:
        copy_tracked(tree, private=False)
        return {path: digest(path) for path in build(tree, target)}
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def twice(folder: str) -> dict[str, str]:
    """Build in two trees with different paths, modes, times, languages and hash seeds, and the wheels from the sdist too: the
    pure wheel, and the one with the native front where a compiler is.

    Raise Unfit, with the first file that differs, if any byte differs. Return path → SHA-256.
    """
    first = build_in(folder, "one", private=False, PYTHONHASHSEED="1", TZ="UTC", LC_ALL="C")
    second = build_in(
        folder, "a deeper/two", private=True, PYTHONHASHSEED="2", TZ="Asia/Kolkata", LC_ALL="C.UTF-8"
    )
    same(first, second)
    unpacked = os.path.join(folder, "unpacked")
    with tarfile.open(first[0]) as archive:
        archive.extractall(unpacked, filter="data")
    (tree,) = os.listdir(unpacked)
    same(
        first,
        build(
            os.path.join(unpacked, tree), os.path.join(folder, "third"), native=bool(hatch_build.compiler())
        ),
    )
    return {path: digest(path) for path in first}


def same(first: Sequence[str], second: Sequence[str]) -> None:
    """Raise Unfit if two builds differ."""
    for one, other in zip(first, second, strict=True):
        if os.path.basename(one) != os.path.basename(other):
            raise Unfit(f"two builds are named {os.path.basename(one)} and {os.path.basename(other)}")
        if digest(one) != digest(other):
            raise Unfit(f"two builds of {os.path.basename(one)} differ: {difference(one, other)}")


def build_in(folder: str, name: str, *, private: bool, **env: str) -> list[str]:
    tree = os.path.join(folder, name, "tree")
    copy_tracked(tree, private=private)
    return build(tree, os.path.join(folder, name, "dist"), native=bool(hatch_build.compiler()), **env)


def difference(one: str, other: str) -> str:
    """The first file in which two archives differ, or what surrounds the files."""
    for (name, content, mode), (name_two, content_two, mode_two) in zip(
        entries(one), entries(other), strict=False
    ):
        if (name, content, mode) != (name_two, content_two, mode_two):
            return name if name == name_two else f"{name} and {name_two}"
    return "the archive itself: order, times or compression"


def entries(path: str) -> Iterator[tuple[str, bytes, int]]:
    """Name, content and mode of each file of a wheel or an sdist."""
    if path.endswith(".whl"):
        with zipfile.ZipFile(path) as wheel:
            for each in wheel.infolist():
                yield each.filename, wheel.read(each), each.external_attr >> 16
        return
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member)
            yield member.name, content.read() if content is not None else b"", member.mode


def contents(packages: Mapping[str, str]) -> None:
    """Raise Unfit if a package lacks something, or holds what no user needs."""
    for path in packages:
        names = [name for name, _, _ in entries(path)]
        if path.endswith(".whl"):
            problem = wheel_problem(names, native=not path.endswith(PURE))
        else:
            tops = {name.split("/")[1] for name in names}
            problem = ", ".join(sorted(tops ^ (SDIST | BY_HATCHLING)))
        if problem:
            raise Unfit(f"{os.path.basename(path)} holds too much or too little: {problem}")


def wheel_problem(names: list[str], *, native: bool) -> str:
    """What is missing from a wheel or should not be in it, or ""."""
    dist_info = next(name.split("/")[0] for name in names if ".dist-info/" in name)
    data = dist_info.replace(".dist-info", ".data")
    wanted = {
        "awsvault_warm.py", "vault/__init__.py", f"{data}/scripts/awsvault-py", f"{dist_info}/licenses/LICENSE",
        f"{dist_info}/licenses/NOTICE", f"{data}/data/share/man/man1/awsvault-py.1",
        *([f"{data}/scripts/{hatch_build.FULL}"] if native else []),
    }  # fmt: skip
    tops = {name.split("/")[0] for name in names} - {"vault", "awsvault_warm.py", dist_info, data}
    return ", ".join(sorted({*(wanted - set(names)), *tops}))
