"""login, and a real browser that lands on the console's page."""

from __future__ import annotations

import shutil
import time

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
