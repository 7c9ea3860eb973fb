"""The real tools that call us: two AWS CLIs, boto3, the SDKs of JavaScript, Go, Java and Rust. Each says who it is under
a profile, and shows its warnings.

A tool that is missing is an error of the run, in CI as elsewhere: nothing here is skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from typing import Any

from tests.clients import builds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.home import Home

SCRIPTS = os.path.dirname(sys.executable)
LIMIT = 120  # seconds that one run of a tool may take


class Tool(ABC):
    """One client. ``assumes_at_the_endpoint``: its own AssumeRole obeys AWS_ENDPOINT_URL.

    ``several``: its command takes any number of profiles, and answers for each in a line.
    """

    assumes_at_the_endpoint = True
    several = False

    @abstractmethod
    def command(self, profile: str, url: str, *more: str) -> list[str]:
        """The command that prints GetCallerIdentity's answer as JSON. ``more`` profiles only where ``several``."""

    def identity(self, home: Home, profile: str, url: str, **env: str) -> dict[str, Any]:
        """Runs the tool in ``home``; its answer, which must have come without a word on stderr."""
        done = self.run(home, profile, url, **env)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def identities(self, home: Home, profiles: Sequence[str], url: str) -> dict[str, dict[str, Any]]:
        """Who the tool is under each profile: in one run where it can, since its start costs more than our answer."""
        if not self.several:
            return {profile: self.identity(home, profile, url) for profile in profiles}
        done = self.run(home, profiles[0], url, *profiles[1:])
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return dict(zip(profiles, map(json.loads, done.stdout.splitlines()), strict=True))

    def run(
        self, home: Home, profile: str, url: str, *more: str, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs the tool to its end, whatever that is. The tool's own Python is not measured."""
        return subprocess.run(
            self.command(profile, url, *more),
            env={k: v for k, v in {**home.env, **env}.items() if not k.startswith("COVERAGE_")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )


class CliOne(Tool):
    """AWS CLI v1, as PyPI gives it, beside this Python."""

    def command(self, profile: str, url: str, *_: str) -> list[str]:
        return [
            os.path.join(SCRIPTS, "aws"),
            "sts",
            "get-caller-identity",
            "--output",
            "json",
            "--profile",
            profile,
        ]


class CliTwo(Tool):
    """AWS CLI v2 of the system.

    Debian's 2.9 is older than AWS_ENDPOINT_URL, so the address is given as an option. That one covers the command
    itself; for a role that the CLI assumes before it there is no setting at all, only a proxy (``Tunnel``).
    """

    assumes_at_the_endpoint = False

    def command(self, profile: str, url: str, *_: str) -> list[str]:
        options = ["--output", "json", "--profile", profile]
        if url:
            options += ["--endpoint-url", url]
        return [find_cli_two(), "sts", "get-caller-identity", *options]


class Boto(Tool):
    """boto3 in a Python of its own."""

    several = True
    CODE = (
        "import boto3, json, sys\n"
        "for profile in sys.argv[1:]:\n"
        "    who = boto3.Session(profile_name=profile).client('sts').get_caller_identity()\n"
        "    print(json.dumps({name: who[name] for name in ('Account', 'Arn', 'UserId')}))\n"
    )

    def command(self, profile: str, url: str, *more: str) -> list[str]:
        return [sys.executable, "-c", self.CODE, profile, *more]


class Built(Tool):
    """An SDK of another language: a program that ``build`` makes, and whose start it gives."""

    several = True

    def __init__(self, build: Callable[[], list[str]], *, assumes_at_the_endpoint: bool = True) -> None:
        self.build = build
        self.assumes_at_the_endpoint = assumes_at_the_endpoint

    def command(self, profile: str, url: str, *more: str) -> list[str]:
        return [*self.build(), profile, *more]


TOOLS: dict[str, Tool] = {
    "cli-v1": CliOne(),
    "cli-v2": CliTwo(),
    "boto3": Boto(),
    "javascript": Built(builds.javascript),
    # Its own AssumeRole goes to AWS's address whatever AWS_ENDPOINT_URL says, as CLI v2's does.
    "go": Built(builds.go, assumes_at_the_endpoint=False),
    "java": Built(builds.java),
    "rust": Built(builds.rust),
}


def find_cli_two() -> str:
    """The path of an AWS CLI v2: AWS_CLI_V2, or the first one of the usual places that says it is one."""
    for path in (
        os.environ.get("AWS_CLI_V2", ""),
        "/usr/bin/aws",
        "/usr/local/bin/aws",
        "/opt/aws-cli/bin/aws",
    ):
        if path and os.access(path, os.X_OK):
            said = subprocess.run(
                [path, "--version"], capture_output=True, text=True, timeout=LIMIT, check=False
            )
            if said.stdout.startswith("aws-cli/2."):
                return path
    raise AssertionError("AWS CLI v2 is missing: Debian's package awscli, or AWS_CLI_V2=/path/to/aws")
