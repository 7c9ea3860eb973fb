"""Browsers known by name, each AWS profile in a browser profile of its own, so that their consoles do not share cookies."""

from __future__ import annotations

import hashlib
import shutil
import sys
from typing import NamedTuple

from vault.errors import Usage
from vault.system.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = 32  # characters of the profile's name in the folder's, for users who look there
_DIGEST = 16  # hexadecimal digits that tell profiles apart


class Installable(NamedTuple):
    """A browser: its programs on Linux, its name on macOS, and its arguments; ``{folder}`` is the browser profile's."""

    programs: tuple[str, ...]
    application: str
    arguments: tuple[str, ...]


_CHROMIUM = ("--user-data-dir={folder}", "--no-first-run", "--no-default-browser-check")
KNOWN = {
    "firefox": Installable(("firefox", "firefox-esr"), "Firefox", ("--profile", "{folder}")),
    "chrome": Installable(("google-chrome", "google-chrome-stable", "chrome"), "Google Chrome", _CHROMIUM),
    "chromium": Installable(("chromium", "chromium-browser"), "Chromium", _CHROMIUM),
    "edge": Installable(("microsoft-edge", "microsoft-edge-stable"), "Microsoft Edge", _CHROMIUM),
}
SAFARI = "safari"  # no option of its command chooses a profile
NAMES = (*KNOWN, SAFARI)


class Browser(NamedTuple):
    """A browser of this machine: ``program`` starts it, ``arguments`` follow, and after them the URL."""

    name: str
    program: tuple[str, ...]
    arguments: tuple[str, ...]

    def words(self, profile: str, *, state: str) -> list[str]:
        """The command for ``profile``, without the URL. Makes its folder below ``state``. Errors: UnsafeFile, StorageError."""
        folder = f"{state}/browsers/{self.name}-{folder_name(profile)}"
        Folder.open(f"{state}/browsers", create=True).close()
        Folder.open(folder, create=True).close()
        return [*self.program, *(each.replace("{folder}", folder) for each in self.arguments)]


def known(name: str, env: Mapping[str, str]) -> Browser:
    """The browser of one of ``NAMES``. Raises Usage if this machine has none, or if it cannot keep profiles apart."""
    if name == SAFARI:
        raise Usage(
            "--browser safari: Safari cannot open a given profile from a command",
            hint="run login with --browser 'open -a Safari', where all profiles share cookies, or use another browser",
        )
    found = KNOWN[name]
    if sys.platform == "darwin":
        # -n: a new instance, because a running one would ignore the arguments.
        return Browser(name, ("open", "-na", found.application, "--args"), found.arguments)
    program = next((p for p in found.programs if shutil.which(p, path=env.get("PATH"))), None)
    if program is None:
        raise Usage(
            f"--browser {name}: there is no {' or '.join(found.programs)} in PATH",
            hint="install it, or give the command of another browser",
        )
    return Browser(name, (program,), found.arguments)


def folder_name(profile: str) -> str:
    """A name for the folder of any profile: part of its name for readers, and a digest that tells it apart."""
    shown = "".join(c if c.isascii() and c.isalnum() else "-" for c in profile[:_SHOWN])
    digest = hashlib.sha256(profile.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGEST]
    return f"{shown}-{digest}"
