"""What exec says before the command starts: whose credentials, until when, and that it is production."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pytest

from vault.cli import banners
from vault.credentials.profile_metadata import ProfileMetadata

ROLE = "arn:aws:iam::333333333333:role/ReadOnlyRole"
PROD = ProfileMetadata("prod", "eu-west-1", True, ROLE, True)
DEV = PROD._replace(profile="dev", role="", production=False)


def issued(**more):
    given = {"expires": None, "shorter": None, "chain": SimpleNamespace(profile="prod"), **more}
    return SimpleNamespace(**given)


ALL = {
    "inside": lambda: banners.inside({"AWSVAULT_PROFILE": "dev"}, "prod"),
    "production": lambda: banners.production({}, PROD),
    "own_shell": lambda: banners.own_shell(issued(), PROD),
    "profile_shell": lambda: banners.profile_shell(PROD),
    "shorter": lambda: banners.shorter(issued(shorter=(7200, 3600, "role chaining")), asked=False),
}


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self):
        return True


@pytest.fixture
def seen(monkeypatch):
    """``seen(function, …)``: what it writes where standard error is a terminal."""

    def run(function, *args, **more):
        screen = Screen()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", screen)
            function(*args, **more)
        return screen.getvalue()

    return run


@pytest.mark.parametrize("name", ALL)
def test_only_a_terminal_is_told(capsys, name):
    """A program reads the command's own words there."""
    ALL[name]()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_said_where_there_is_no_standard_error(monkeypatch, name):
    """It is closed in some services."""
    monkeypatch.setattr(sys, "stderr", None)
    ALL[name]()


def test_an_exec_inside_another(seen):
    """Both profiles; nothing outside of one."""
    said = "note: this shell already has the credentials of dev; this command uses prod\n"
    assert seen(ALL["inside"]) == said
    assert seen(banners.inside, {"AWSVAULT_PROFILE": ""}, "prod") == ""
    assert seen(banners.inside, {}, "prod") == ""


def test_production(seen):
    """In red with its role; without color where none is wanted; another profile has none."""
    plain = f" PRODUCTION  prod ({ROLE}) "
    assert seen(ALL["production"]) == f"\x1b[37m\x1b[41m\x1b[1m{plain}\x1b[0m\n"
    assert seen(banners.production, {"NO_COLOR": "1"}, PROD) == plain + "\n"
    assert seen(banners.production, {}, DEV) == ""


@pytest.mark.parametrize(
    ("given", "refreshes", "until"),
    [
        ({"expires": None}, False, "without expiry"),
        ({"expires": 1_700_000_000}, False, "until 2023-11-1"),
        ({"expires": 1_700_000_000}, True, "refreshed while it runs"),
    ],
)
def test_a_shell(seen, given, refreshes, until):
    """Until when it has its credentials, and how to leave it."""
    said = seen(banners.own_shell, issued(**given), DEV, refreshes=refreshes)
    assert f"shell with the credentials of dev (no role), {until}" in said
    assert said.endswith("To leave it: exit\n")


def test_a_shell_with_a_profile(seen):
    """The variable that it has."""
    said = f"awsvault-py: shell with AWS_PROFILE=prod ({ROLE}). To leave it: exit\n"
    assert seen(banners.profile_shell, PROD) == said


def test_a_session_that_is_shorter(capsys):
    """Who asked for more by an option is told everywhere."""
    banners.shorter(issued(shorter=(7200, 3600, "role chaining")), asked=True)
    assert capsys.readouterr().err == (
        "awsvault-py: the session of prod lasts 1h 00m instead of 2h 00m: role chaining\n"
    )
    banners.shorter(issued(), asked=True)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("banner", "given"),
    [
        (banners.inside, ({"AWSVAULT_PROFILE": "x\x1b[2J"}, "a\x1b[2Jb")),
        (banners.production, ({"NO_COLOR": "1"}, PROD._replace(profile="a\x1b[2Jb", role="r\x1b[2J"))),
        (banners.profile_shell, (PROD._replace(profile="a\x1b[2Jb", role="r\x1b[2J"),)),
    ],
)
def test_no_name_moves_the_cursor(seen, banner, given):
    """Names come from files that others may write."""
    said = seen(banner, *given)
    assert said
    assert "\x1b" not in said
