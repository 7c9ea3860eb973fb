"""login, and a real browser that lands on the console's page."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from tests.patience import PATIENCE

CHROMIUM = shutil.which("chromium") or "chromium"  # a machine without it fails this test, and should


@pytest.fixture
def home(home):
    """The README's home, with a vault."""
    home.scenario()
    home.make_vault()
    return home


def browser(tmp_path):
    """A command that opens the address in a real Chromium, headless, and keeps what it shows."""
    shown, argv = tmp_path / "shown.html", tmp_path / "argv"
    script = tmp_path / "open"
    options = (
        "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --no-proxy-server"
    )
    script.write_text(
        "#!/bin/sh\n"
        f'echo "$@" > {argv}\n'
        f'{CHROMIUM} {options} --user-data-dir={tmp_path}/profile --virtual-time-budget=5000 --dump-dom "$@"'
        f" > {shown}.new 2> {tmp_path}/log\n"
        f"mv {shown}.new {shown}\n"
    )
    script.chmod(0o700)
    return str(script), shown, argv


def wait_for(path):
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if path.exists():
            return path.read_text()
        time.sleep(0.1)
    raise AssertionError(f"{path} did not come")


def test_a_real_browser_lands_on_the_page(home, tmp_path):
    """Chromium is given a one-time address, is led to the sign-in, and shows the role's page."""
    command, shown, argv = browser(tmp_path)
    done = home.run("login", "dev", "--service", "ec2", "--browser", command)
    assert done.returncode == 0, done.stderr
    assert "Opening the console as arn:aws:iam::222222222222:role/DeveloperRole" in done.stderr
    page = wait_for(shown)
    assert "Signed in" in page, page
    assert "DeveloperRole" in page
    assert "222222222222" in page
    assert "https://us-west-2.console.aws.amazon.com/ec2/home?region=us-west-2" in page
    given = argv.read_text()
    assert "SigninToken" not in given
    assert done.stdout == ""


@pytest.fixture
def desktop(home, tmp_path):
    """A `chromium` in PATH: the real one, headless, which stays open and says at which port it can be looked into."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "chromium"
    script.write_text(
        "#!/bin/sh\n"
        f"echo $$ >> {tmp_path}/pids\n"
        f"exec {CHROMIUM} --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-proxy-server "
        f'--remote-debugging-port=0 "$@" > /dev/null 2>> {tmp_path}/log\n'
    )
    script.chmod(0o700)
    yield {"PATH": f"{folder}:{os.environ['PATH']}"}
    for pid in (tmp_path / "pids").read_text().split():
        with suppress(ProcessLookupError):
            os.killpg(int(pid), signal.SIGKILL)  # each leads a session of its own


def titles(folder):
    """The titles of the pages that the browser with this folder shows: there the cookies stand."""
    with open(folder / "DevToolsActivePort", encoding="ascii") as file:
        port = file.readline().strip()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as answer:
        return {page["title"] for page in json.load(answer) if page["type"] == "page"}


def shown(folder, title):
    """Wait until the browser with this folder shows the page of ``title``."""
    ends = time.monotonic() + PATIENCE
    seen = set()
    while time.monotonic() < ends:
        with suppress(OSError, ValueError):
            seen = titles(folder)
            if title in seen:
                return
        time.sleep(0.1)
    raise AssertionError(f"{folder.name} shows {seen} instead of {title}")


def test_two_profiles_side_by_side_keep_their_own_cookies(home, desktop):
    """--browser chromium, twice, both open: each console knows its own sign-in and not the other's."""
    roles = {"dev": "DeveloperRole", "prod": "ReadOnlyRole"}
    for profile in roles:
        done = home.run("login", profile, "--browser", "chromium", **desktop)
        assert done.returncode == 0, done.stderr
    (state,) = [path for path in Path(home.root).rglob("browsers") if path.is_dir()]
    for profile, role in roles.items():
        (folder,) = state.glob(f"chromium-{profile}-*")
        assert folder.stat().st_mode & 0o777 == 0o700
        shown(folder, f"{role}=in")
