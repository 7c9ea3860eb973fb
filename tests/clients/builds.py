"""The clients that are not in this Python, built from their registries into .work: once, until they or this file change.

`python -m tests.clients.builds` builds them all, so that no test has to wait for it. A toolchain that is missing or
too old is an error of the run: nothing here is skipped.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.fakes.remote import ROOT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = os.path.join(ROOT, ".work")
LIMIT = 900  # seconds for one build on a busy machine, most of them Rust's
# The plug-in by its version, or Maven takes whichever its own version knows.
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def program(name: str) -> str:
    """The path of a toolchain's program. AssertionError where it is missing."""
    found = shutil.which(name)
    assert found, f"{name} is missing: scripts/test installs it, or put it on PATH"
    return found


def built(name: str, build: Callable[[str], None]) -> str:
    """A folder under .work with a copy of the sources in ``name``, where ``build(folder)`` has been, by one process."""
    source, mark = os.path.join(HERE, name), hashlib.sha256()
    files = sorted(os.path.join(at, file) for at, _, files in os.walk(source) for file in files)
    for path in (__file__, *files):
        with open(path, "rb") as content:
            mark.update(os.path.relpath(path, HERE).encode() + b"\0" + content.read())
    folder = os.path.join(WORK, f"{name.replace(os.sep, '-')}-{mark.hexdigest()[:16]}")
    os.makedirs(WORK, exist_ok=True)
    with open(folder + ".lock", "w", encoding="utf-8") as lock, contextlib.ExitStack() as stack:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stack.callback(fcntl.flock, lock, fcntl.LOCK_UN)
        if not os.path.exists(os.path.join(folder, ".done")):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(source, folder)
            build(folder)
            with open(os.path.join(folder, ".done"), "w", encoding="utf-8"):
                pass
    return folder


def run(folder: str, *command: str, env: Mapping[str, str] | None = None) -> None:
    """One step of a build; what it says is shown where it fails."""
    done = subprocess.run(
        [program(command[0]), *command[1:]],
        cwd=folder,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)} in {folder}:\n{done.stdout}"


def javascript() -> list[str]:
    """The JavaScript SDK's client, as the start of a command."""
    install = ("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    folder = built("javascript", lambda folder: run(folder, *install))
    return [program("node"), "--no-warnings", os.path.join(folder, "identity.mjs")]


def go() -> list[str]:
    """The Go SDK's client."""
    return [go_program("go", ".")]


def aws_vault() -> str:
    """The path of aws-vault itself."""
    return go_program("aws_vault", "github.com/99designs/aws-vault/v7")


def go_program(name: str, package: str) -> str:
    """The path of a program of Go; go.sum holds what its modules must be."""
    env = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    folder = built(name, lambda folder: run(folder, "go", "build", "-o", "program", package, env=env))
    return os.path.join(folder, "program")


def versitygw() -> str:
    """The path of versitygw, an S3 server that keeps conditions."""
    return go_program("versitygw", "github.com/versity/versitygw/cmd/versitygw")


def s3rver() -> list[str]:
    """s3rver, an S3 server that ignores conditions, as the start of a command."""
    install = ("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    folder = built("s3rver", lambda folder: run(folder, *install))
    return [program("node"), os.path.join(folder, "node_modules", "s3rver", "bin", "s3rver.js")]


def s3s_fs() -> str:
    """The path of s3s-fs, an S3 server that races. Built by the versions that its makers locked."""

    def build(folder: str) -> None:
        of = ("s3s-fs", "--version", "0.14.1", "--features", "binary", "--locked")
        env = {"CARGO_TARGET_DIR": os.path.join(WORK, "cargo-s3s")}
        run(folder, "cargo", "install", "--quiet", "--debug", "--no-track", "--root", folder, *of, env=env)

    return os.path.join(built("s3s_fs", build), "bin", "s3s-fs")


def java() -> list[str]:
    """The Java SDK's client, with the switches that make a virtual machine start soon."""

    def build(folder: str) -> None:
        run(folder, "mvn", "-q", "-B", COPY_JARS, "-DoutputDirectory=lib", "-DincludeScope=runtime")
        run(folder, "javac", "-cp", "lib/*", "-d", ".", "Identity.java")

    folder = built("java", build)
    soon = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
    return [program("java"), *soon, "-cp", f"{folder}{os.pathsep}{folder}/lib/*", "Identity"]


def rust() -> list[str]:
    """The Rust SDK's client. What cargo built of the crates is kept apart, so that a new main.rs takes seconds."""
    target = os.path.join(WORK, "cargo")

    def build(folder: str) -> None:
        run(folder, "cargo", "build", "--quiet", env={"CARGO_TARGET_DIR": target})
        shutil.copy2(os.path.join(target, "debug", "identity"), os.path.join(folder, "identity"))

    return [os.path.join(built("rust", build), "identity")]


def others_python() -> str:
    """The Python of an environment with the programs of PyPI that handle credentials in their own ways."""

    def build(folder: str) -> None:
        run(folder, sys.executable, "-m", "venv", "python")
        pip = os.path.join(folder, "python", "bin", "pip")
        quiet = ("-q", "--disable-pip-version-check", "--no-deps", "--require-hashes")
        run(folder, pip, "install", *quiet, "-r", "requirements.txt")

    return os.path.join(built("others/python", build), "python", "bin", "python")


def others_javascript() -> str:
    """The folder with such programs of npm."""
    install = (
        "npm",
        "ci",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--omit=optional",
        "--loglevel=error",
    )
    return built("others/javascript", lambda folder: run(folder, *install))


BUILDS = (rust, s3s_fs, versitygw, go, aws_vault, java, javascript, s3rver)


def main() -> int:
    """Build all of them, two at a time; the longest first."""
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(build) for build in BUILDS]
    failures = [str(job.exception()) for job in jobs if job.exception() is not None]
    print("\n".join(failures), file=sys.stderr, end="\n" if failures else "")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
