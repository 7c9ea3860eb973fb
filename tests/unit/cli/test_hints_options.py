"""A hint repeats the options that restrict the session: without them, its command would give more."""

from __future__ import annotations

import shlex

import pytest

from tests.fakes.example import role
from tests.home import SCENARIO, failed

READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ROLE = role("OpenRole")
OPTIONS = ["--duration", "20m", "--policy-arn", READ, "--region", "eu-west-1"]


@pytest.fixture
def ready(home):
    """The scenario, with a profile that has to be confirmed."""
    home.scenario()
    home.make_vault()
    return home


def with_rail(home, profile, rail):
    home.config(SCENARIO.replace(f"[profile {profile}]\n", f"[profile {profile}]\n{rail}\n"))


def hinted(done):
    """The words of the command in the hint."""
    line = next(line for line in done.stderr.splitlines() if "hint: " in line)
    return shlex.split(line[line.index("awsvault-py ", line.index("hint: ")) :])[1:]


def test_login_that_opens_no_browser(ready, aws):
    """The printed command gives the same session and the same page, and never an MFA code."""
    given = ["--write", "--service", "s3", *OPTIONS]
    done = ready.run("login", "dev", "--browser", "false", *given, "--mfa-code", aws.code())
    words = hinted(done)
    assert words[:4] == ["login", "--print", "--service", "s3"]
    assert words[4:] == [*OPTIONS, "--write", "dev"]
    assert ready.run(*words).returncode == 0
    first, second = (call.parameters for call in aws.calls.of("AssumeRole"))
    assert first["PolicyArns.member.1.arn"] == second["PolicyArns.member.1.arn"] == READ
    assert first["DurationSeconds"] == second["DurationSeconds"] == "1200"


def test_login_with_the_environments_key(ready):
    """Which has no profile."""
    env = {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    }
    words = hinted(ready.run("login", "--env", "--browser", "false", "--policy-arn", READ, **env))
    assert words == ["login", "--print", "--policy-arn", READ, "--env"]


def test_login_of_a_role_by_its_arn(ready):
    """The source too."""
    done = ready.run("login", "--source", "shared-services", ROLE, "--browser", "false", "--policy-arn", READ)
    assert hinted(done) == ["login", "--print", "--policy-arn", READ, "--source=shared-services", ROLE]


@pytest.mark.parametrize("setting", ["always", "session"])
def test_what_has_to_be_confirmed(ready, tmp_path, setting):
    """A policy file with a blank in its name is quoted."""
    with_rail(ready, "dev", f"awsvault_confirm = {setting}")
    path = tmp_path / "my policy.json"
    path.write_text('{"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}')
    words = hinted(ready.run("export", "dev", *OPTIONS, "--policy", str(path), "--no-session"))
    assert words[:-2] == [
        "exec",
        "--duration",
        "20m",
        "--policy",
        str(path),
        *OPTIONS[2:],
        "--no-session",
        "dev",
    ]


def test_write_is_repeated_once(ready):
    """By --write itself or by the hint that suggests it."""
    with_rail(ready, "dev", "awsvault_confirm = always\nawsvault_read_only = on")
    failed(
        done := ready.run("exec", "--server", "--write", "--duration", "20m", "dev", "--", "true"),
        10,
        "terminal",
    )
    assert "--write" not in done.stderr
    with_rail(ready, "shared-services", "awsvault_read_only = on")
    words = hinted(ready.run("export", "shared-services", "--duration", "20m"))
    assert words == ["exec", "--write", "--duration", "20m", "shared-services", "--", "COMMAND"]


@pytest.mark.parametrize("way", ["export", "login"])
def test_a_role_without_its_source(ready, way):
    """The command that names one."""
    words = hinted(ready.run(way, ROLE, *OPTIONS))
    assert words == [way, *OPTIONS, "--source", "PROFILE", ROLE]
