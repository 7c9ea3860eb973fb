"""login --browser NAME: the command line that each browser is started with, recorded by a program of its name in PATH."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes.example import KEY_ID, SECRET
from tests.home import failed
from tests.patience import PATIENCE

URL = re.compile(r"http://127\.0\.0\.1:\d+/[\w-]{32}")
CHROMIUM = ["--user-data-dir={folder}", "--no-first-run", "--no-default-browser-check"]
FIREFOX = ["--profile", "{folder}"]
RECORDER = """#!{python}
import http.client, json, os, sys, urllib.parse
url = urllib.parse.urlsplit(sys.argv[-1])
connection = http.client.HTTPConnection(url.netloc, timeout=30)
connection.request("GET", url.path)
found = {{"program": os.path.basename(sys.argv[0]), "words": sys.argv[1:], "status": connection.getresponse().status,
         "secrets": [name for name in os.environ if "PASSPHRASE" in name or "SECRET" in name]}}
with open("{log}", "a", encoding="utf-8") as file:
    file.write(json.dumps(found) + "\\n")
"""
# As on a Mac, where this module alone asks which system it is.
ON_A_MAC = """
import sys, types
from vault.run import browser_profile
browser_profile.sys = types.SimpleNamespace(platform="darwin")
sys.argv[0] = "awsvault-py"
from vault.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def home(home):
    """The README's home, with a vault."""
    home.scenario()
    home.make_vault()
    return home


class Recorder:
    """Programs in a folder for PATH that write down how they were started, and fetch the page as a browser does."""

    def __init__(self, folder):
        self.folder, self._log = folder, folder / "log"
        folder.mkdir()
        self._text = RECORDER.format(python=sys.executable, log=self._log)
        self._before = 0

    def named(self, name):
        """The environment in which this program is the only browser."""
        (self.folder / name).write_text(self._text)
        (self.folder / name).chmod(0o700)
        return {"PATH": str(self.folder), "DISPLAY": ":0"}

    def started(self):
        """How the program was started since the last look. It writes after it has fetched the page, so wait for it."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            lines = self._log.read_text().splitlines() if self._log.exists() else []
            if len(lines) > self._before:
                (line,) = lines[self._before :]
                self._before = len(lines)
                return json.loads(line)
            time.sleep(0.02)
        raise AssertionError("the browser was not started")


@pytest.fixture
def recorder(tmp_path):
    return Recorder(tmp_path / "bin")


def words_of(home, name, words):
    """The words with the folder of the profile dev, which must be there and nobody else's."""
    (folder,) = (path for path in Path(home.root).rglob("browsers/*") if path.name.startswith(f"{name}-dev-"))
    assert folder.stat().st_mode & 0o777 == 0o700
    return [word.replace("{folder}", str(folder)) for word in words]


def check(found, words):
    """The words, then a one-time URL that was answered with the redirect, and no secret anywhere."""
    assert found["words"][:-1] == words
    assert URL.fullmatch(found["words"][-1])
    assert (found["status"], found["secrets"]) == (303, [])


@pytest.mark.parametrize(
    ("name", "program", "words"),
    [
        ("firefox", "firefox", FIREFOX),
        ("firefox", "firefox-esr", FIREFOX),
        ("chrome", "google-chrome", CHROMIUM),
        ("chromium", "chromium", CHROMIUM),
        ("edge", "microsoft-edge", CHROMIUM),
    ],
)
def test_the_command_line_of_each_browser(home, recorder, name, program, words):
    """The profile's folder, and the page last; the second time the same folder, so that an open browser gets a tab."""
    env = recorder.named(program)
    for _ in range(2):
        done = home.run("login", "dev", "--browser", name, **env)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        found = recorder.started()
        assert found["program"] == program
        check(found, words_of(home, name, words))


@pytest.mark.parametrize(
    ("name", "application", "words"),
    [
        ("firefox", "Firefox", FIREFOX),
        ("chrome", "Google Chrome", CHROMIUM),
        ("chromium", "Chromium", CHROMIUM),
        ("edge", "Microsoft Edge", CHROMIUM),
    ],
)
def test_the_command_line_on_macos(home, recorder, name, application, words):
    """`open` starts a new instance, which gets the words after --args."""
    done = subprocess.run(
        [sys.executable, "-c", ON_A_MAC, "login", "dev", "--browser", name],
        env={**home.env, **recorder.named("open")}, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = recorder.started()
    assert found["program"] == "open"
    check(found, ["-na", application, "--args", *words_of(home, name, words)])


def test_safari_is_opened_by_its_command_only(home, recorder):
    """By its name it is usage, before AWS is asked; the command that the hint names opens it."""
    env = recorder.named("open")
    done = home.run("login", "dev", "--browser", "safari", **env)
    failed(done, 2, "--browser 'open -a Safari'")
    done = home.run("login", "dev", "--browser", "open -a Safari", **env)
    assert done.returncode == 0, done.stderr
    check(recorder.started(), ["-a", "Safari"])
    assert not list(Path(home.root).rglob("browsers"))


def test_each_profile_has_its_folder(home, recorder):
    """As have the credentials of the environment, which the browser does not inherit."""
    env = recorder.named("chromium")
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}
    folders = set()
    for words in (["dev"], ["prod"], ["--env"]):
        done = home.run("login", *words, "--browser", "chromium", **env, **keys)
        assert done.returncode == 0, done.stderr
        found = recorder.started()
        folders.add(found["words"][0])
        assert found["secrets"] == []
    assert len(folders) == 3
    assert all(os.path.isdir(folder.partition("=")[2]) for folder in folders)


def test_without_a_display_the_url_is_printed(home, recorder):
    """A browser known by name would only fail there."""
    env = recorder.named("chromium")
    unset = dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))
    done = home.run("login", "dev", "--browser", "chromium", **env | unset)
    assert (done.returncode, done.stdout.startswith("http://127.0.0.1:")) == (0, True), done.stderr
    assert "No browser can be opened here." in done.stderr
