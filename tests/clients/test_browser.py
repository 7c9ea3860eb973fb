"""login, and a real browser that lands on the console's page."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import tempfile
import time
import urllib.request
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.display import running
from tests.patience import PATIENCE

CHROMIUM = shutil.which("chromium") or "chromium"  # a machine without it fails this test, and should
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox") or "firefox"  # as above
# Everything but the stand-in is asked for at a port where nobody answers.
PREFERENCES = "".join(
    f'user_pref("{name}", {json.dumps(value)});'
    for name, value in {
        "network.proxy.type": 1,
        "network.proxy.http": "127.0.0.1",
        "network.proxy.http_port": 9,
        "network.proxy.ssl": "127.0.0.1",
        "network.proxy.ssl_port": 9,
        "network.proxy.no_proxies_on": "127.0.0.1",
        "network.captive-portal-service.enabled": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "browser.shell.checkDefaultBrowser": False,
    }.items()
)


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
def desktop(tmp_path):
    """A desktop whose browsers are the real ones: nothing leaves the machine, and each start's process ID is written down."""
    folder = tmp_path / "bin"
    folder.mkdir()
    noted = f"#!/bin/sh\necho $$ >> {tmp_path}/pids\n"
    scripts = {
        # Chromium says at which port it can be looked into.
        "chromium": f"exec {CHROMIUM} --no-sandbox --disable-gpu --disable-dev-shm-usage --no-proxy-server "
        '--host-resolver-rules="MAP * ~NOTFOUND, EXCLUDE 127.0.0.1" --remote-debugging-port=0 "$@"',
        # Its arguments are --profile FOLDER URL.
        "firefox": f'[ -e "$2/user.js" ] || printf \'%s\\n\' \'{PREFERENCES}\' > "$2/user.js"\nexec {FIREFOX} "$@"',
    }
    for name, script in scripts.items():
        (folder / name).write_text(f"{noted}{script} > /dev/null 2>> {tmp_path}/log\n")
        (folder / name).chmod(0o700)
    with running("1024x768x24") as display:
        yield {"PATH": f"{folder}:{os.environ['PATH']}", "DISPLAY": display}
        for pid in pids(tmp_path):
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)  # each leads a session of its own


def pids(tmp_path):
    """Of each browser that was started, in their order."""
    return [int(pid) for pid in (tmp_path / "pids").read_text().split()]


def alive(pid):
    """Whether the process runs: not ended, and no zombie, which its parent would have to wait for."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def eventually(look, want):
    """Wait until ``look()`` is what is wanted; a browser writes its files now and then."""
    ends, seen = time.monotonic() + PATIENCE, None
    while time.monotonic() < ends:
        with suppress(OSError, ValueError, sqlite3.Error):
            seen = look()
            if seen == want:
                return
        time.sleep(0.1)
    raise AssertionError(f"{seen} instead of {want}")


def signed_in(home, profile, name, desktop):
    """Run login in a browser; the folder that the browser has for the profile."""
    done = home.run("login", profile, "--browser", name, **desktop)
    assert done.returncode == 0, done.stderr
    (folder,) = Path(home.root).rglob(f"browsers/{name}-{profile}-*")
    assert folder.stat().st_mode & 0o777 == 0o700
    return folder


def titles(folder):
    """The titles of the pages that Chromium with this folder shows: there the stand-in puts the cookies."""
    with open(folder / "DevToolsActivePort", encoding="ascii") as file:
        port = file.readline().strip()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as answer:
        return sorted(page["title"] for page in json.load(answer) if page["type"] == "page")


def cookies(folder):
    """The names of the cookies in Firefox's folder, read from a copy, since Firefox keeps its own files locked."""
    with tempfile.TemporaryDirectory() as copy:
        for path in folder.glob("cookies.sqlite*"):
            shutil.copy(path, copy)
        with closing(sqlite3.connect(f"{copy}/cookies.sqlite")) as jar:
            return sorted(name for (name,) in jar.execute("SELECT name FROM moz_cookies"))


def test_two_profiles_side_by_side_keep_their_own_cookies(home, desktop):
    """--browser chromium, twice, both open: each console knows its own sign-in and not the other's."""
    folders = {
        role: signed_in(home, profile, "chromium", desktop)
        for profile, role in (("dev", "DeveloperRole"), ("prod", "ReadOnlyRole"))
    }
    for role, folder in folders.items():
        eventually(lambda folder=folder: titles(folder), [f"{role}=in"])


def test_a_second_login_opens_a_tab_of_the_open_browser(home, desktop, tmp_path):
    """The second Chromium of the same profile hands the page over and ends well; the first one shows both."""
    folder = signed_in(home, "dev", "chromium", desktop)
    eventually(lambda: titles(folder), ["DeveloperRole=in"])
    assert signed_in(home, "dev", "chromium", desktop) == folder
    eventually(lambda: titles(folder), ["DeveloperRole=in"] * 2)
    first, second = pids(tmp_path)
    eventually(lambda: (alive(first), alive(second)), (True, False))


def test_firefox_does_the_same(home, aws, desktop, tmp_path):
    """A tab for the second login of a profile, and another Firefox with its own cookies for another profile."""
    folder = signed_in(home, "dev", "firefox", desktop)
    eventually(lambda: cookies(folder), ["DeveloperRole"])
    assert signed_in(home, "dev", "firefox", desktop) == folder
    eventually(lambda: aws.calls.count("login"), 2)
    first, second = pids(tmp_path)
    eventually(lambda: (alive(first), alive(second)), (True, False))
    other = signed_in(home, "prod", "firefox", desktop)
    eventually(lambda: cookies(other), ["ReadOnlyRole"])
    assert cookies(folder) == ["DeveloperRole"]
    assert alive(first)
