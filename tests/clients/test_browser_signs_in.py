"""sso login, and a real Chromium whose user presses the buttons of the sign-in's pages; and a hostile page in it meanwhile."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

import pytest

from tests.clients.chromium import Chromium
from tests.patience import PATIENCE
from tests.signins import config

pytestmark = pytest.mark.usefixtures("unmeasured")

RECEIVED = "awsvault-py has received the sign-in"


@pytest.fixture
def chromium(tmp_path):
    with Chromium(tmp_path / "browser") as made:
        yield made


@pytest.fixture
def home(home, aws):
    """A home with a place to sign in, whose page waits for its buttons."""
    home.config(config())
    home.make_vault()
    aws.world.assign("222222222222", "DeveloperRole")
    aws.world.sso.person, aws.world.sso.page = "browser", ""
    return home


class ByBrowser:
    """`sso login` by a browser that is the given Chromium: the command only notes the page."""

    def __init__(self, home, tmp_path):
        script, self._page = tmp_path / "open", tmp_path / "page"
        script.write_text(
            f'#!/bin/sh\nprintf %s "$1" > {self._page}.new && mv {self._page}.new {self._page}\n'
        )
        script.chmod(0o700)
        self.process = home.start("sso", "login", "corp", "--browser", str(script))

    @property
    def page(self):
        ends = time.monotonic() + PATIENCE
        while not self._page.exists():
            assert time.monotonic() < ends
            time.sleep(0.05)
        return self._page.read_text()

    def ends(self):
        _, said = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said.decode()


def test_chromium_signs_in_by_pkce(home, chromium, tmp_path):
    """From the one-time page to the page of the sign-in, its button, and back to the terminal."""
    login = ByBrowser(home, tmp_path)
    chromium.open(login.page)
    chromium.sees("Allow awsvault-py to access your data?")
    chromium.clicks("yes")
    chromium.sees(RECEIVED)
    code, said = login.ends()
    assert (code, "Signed in to corp." in said) == (0, True), said
    assert home.export("dev")["AccountId"] == "222222222222"


def test_chromiums_user_says_no(home, chromium, tmp_path):
    """Exit 10, and the page says so too."""
    login = ByBrowser(home, tmp_path)
    chromium.open(login.page)
    chromium.sees("Allow awsvault-py")
    chromium.clicks("no")
    chromium.sees("The sign-in was refused.")
    assert login.ends()[0] == 10


@pytest.mark.parametrize(("button", "code"), [("yes", 0), ("no", 10)])
def test_chromium_confirms_a_device_code(home, chromium, button, code):
    """The page that the terminal names shows the terminal's code."""
    process = home.start("sso", "login", "--device")
    page, shown = (process.stderr.readline().decode() for _ in range(2))
    chromium.open(re.fullmatch(r"Open (\S+) in any browser\.\n", page)[1])
    chromium.sees(re.search(r"[A-Z]{4}-[A-Z]{4}$", shown)[0])
    chromium.clicks(button)
    chromium.sees("You can close this window")
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, said
    if not code:
        assert home.export("dev")["AccountId"] == "222222222222"


# What the page of any website can do: requests without reading the answers, and forms in a frame.
HOSTILE = """(async () => {
  const frame = document.body.appendChild(document.createElement("iframe"));
  frame.name = "target";
  for (const host of ["127.0.0.1", "localhost"]) {
    const at = `http://${host}:PORT`;
    for (const path of ["/", "/oauth/callback", "/oauth/callback?code=theirs", "/oauth/callback?code=theirs&state=guessed",
                        "/oauth/callback?error=access_denied&state=guessed", "/oauth/callback?error=access_denied"]) {
      await fetch(at + path, {mode: "no-cors"}).catch(() => 0);
      await fetch(at + path, {mode: "no-cors", method: "POST", body: "state=guessed&code=theirs"}).catch(() => 0);
      await new Promise(done => { const image = new Image(); image.onload = image.onerror = done; image.src = at + path; });
      const form = document.body.appendChild(document.createElement("form"));
      Object.assign(form, {target: "target", method: "POST", action: at + path});
      form.submit();
      await new Promise(done => { frame.onload = done; setTimeout(done, 300); });
    }
  }
  return "done";
})()"""


def test_a_hostile_page_cannot_end_or_take_over_the_sign_in(home, aws, chromium, tmp_path):
    """It knows the port and everything but the state. The user's own sign-in comes through after it."""
    login = ByBrowser(home, tmp_path)
    port = urlsplit(login.page).port
    chromium.open(f"{aws.url}/device?user_code=none")  # a page of another origin
    chromium.sees("The code is wrong")
    assert chromium.run(HOSTILE.replace("PORT", str(port))) == "done"
    assert login.process.poll() is None
    assert aws.calls.count("CreateToken") == 0
    chromium.open(login.page)
    chromium.sees("Allow awsvault-py")
    chromium.clicks("yes")
    chromium.sees(RECEIVED)
    assert login.ends()[0] == 0
