"""The command of the browser: which one, and what happens if it cannot be started."""

from __future__ import annotations

import sys
import time

import pytest

from tests.patience import PATIENCE
from vault.cli.browsers import opener, openers
from vault.errors import Usage
from vault.system.programs import ProgramFailed


class EnvironmentOnly:
    """What a command needs of its context here."""

    def __init__(self, **env):
        self.env = env

    def child_env(self):
        return dict(self.env)


@pytest.mark.parametrize(
    ("browser", "env", "words"),
    [
        ("my-browser --new %s", {}, [["my-browser", "--new", "%s"]]),
        (None, {"BROWSER": "one:two -x"}, [["one"], ["two", "-x"]]),
        (None, {"PATH": "/nowhere"}, []),
        (None, {"PATH": "{tools}"}, []),
        (None, {"PATH": "{tools}", "DISPLAY": ":0"}, [["wslview"]]),
        (None, {"PATH": "/nowhere", "WAYLAND_DISPLAY": "w"}, []),
    ],
)
def test_which_browser_is_opened(tmp_path, browser, env, words):
    """The one that is named, else the desktop's where there is a desktop; none is no mistake."""
    tool = tmp_path / "wslview"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    given = {name: value.format(tools=tmp_path) for name, value in env.items()}
    assert openers(EnvironmentOnly(**given), browser) == words


@pytest.mark.parametrize(
    ("browser", "env", "said"),
    [("'", {}, "--browser is"), (None, {"BROWSER": "a 'b"}, "BROWSER is"), (" ", {}, "--browser is")],
)
def test_a_browser_that_is_no_command_is_reported_with_its_source(browser, env, said):
    """The error names the option or the variable, so that the user looks in the right place."""
    with pytest.raises(Usage, match=f"^{said} .*command"):
        openers(EnvironmentOnly(**env), browser)


def test_a_mac_opens_its_own(monkeypatch):
    """No variable says that there is a desktop."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert openers(EnvironmentOnly(PATH="/nowhere"), None) == [["open"]]


def test_the_url_is_put_where_the_command_wants_it(tmp_path):
    """At %s, otherwise at the end; the command gets no credentials."""
    for command in (["{tool}", "--new=%s", "x"], ["{tool}"]):
        script = tmp_path / "tool"
        script.write_text(
            f'#!/bin/sh\necho "$@" $AWS_ACCESS_KEY_ID > {tmp_path}/seen.new\nmv {tmp_path}/seen.new {tmp_path}/seen\n'
        )
        script.chmod(0o755)
        words = [word.format(tool=script) for word in command]
        failed = opener(
            EnvironmentOnly(PATH="/usr/bin:/bin", AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE"), [words]
        )("http://127.0.0.1/a")
        seen = tmp_path / "seen"
        ends = time.monotonic() + PATIENCE
        while not seen.exists() and time.monotonic() < ends:
            time.sleep(0.01)
        assert seen.read_text().strip() == (
            "--new=http://127.0.0.1/a x" if len(command) > 1 else "http://127.0.0.1/a"
        )
        assert not failed()
        seen.unlink()


def test_the_next_command_is_tried():
    """The error is that of the last one."""
    context = EnvironmentOnly(PATH="/usr/bin:/bin")
    assert opener(context, [["/nonexistent/one"], ["true"]])("http://127.0.0.1/") is not None
    with pytest.raises(ProgramFailed, match="/nonexistent/two"):
        opener(context, [["/nonexistent/one"], ["/nonexistent/two"]])("http://127.0.0.1/")
