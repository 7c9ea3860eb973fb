"""Opens each AWS profile in its own browser profile, for browsers known by name, so that their consoles share no cookies."""

from __future__ import annotations

import hashlib
import shutil
import sys

from vault.errors import Usage
from vault.records import NamedTuple
from vault.system.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = 32  # characters of the profile's name in the name of its folder, for readers
_DIGEST = 16  # hexadecimal digits that distinguish profiles


class Installable(NamedTuple):
    """A browser: its programs on Linux, its name on macOS, and its arguments. ``{folder}`` is the browser profile's folder."""

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
    """A browser of this machine. The command line is ``program``, ``arguments``, and the URL."""

    name: str
    program: tuple[str, ...]
    arguments: tuple[str, ...]

    def words(self, profile: str, *, state: str) -> list[str]:
        """The command for ``profile``, without the URL. Creates its folder in ``state``. Raises UnsafeFile, StorageError."""
        folder = f"{state}/browsers/{self.name}-{folder_name(profile)}"
        Folder.open(f"{state}/browsers", create=True).close()
        Folder.open(folder, create=True).close()
        return [*self.program, *(each.replace("{folder}", folder) for each in self.arguments)]


def known(name: str, env: Mapping[str, str]) -> Browser:
    """The browser with one of ``NAMES``. Raises Usage if this machine does not have it, or if it cannot separate profiles."""
    if name == SAFARI:
        raise Usage(
            "--browser safari: no command can open Safari with a given profile",
            hint="run login with --browser 'open -a Safari', where all profiles share cookies, or use another browser",
        )
    found = KNOWN[name]
    if sys.platform == "darwin":
        # -n: a new instance, because a running one would ignore the arguments.
        return Browser(name, ("open", "-na", found.application, "--args"), found.arguments)
    program = next((p for p in found.programs if shutil.which(p, path=env.get("PATH"))), None)
    if program is None:
        raise Usage(
            f"--browser {name}: {' or '.join(found.programs)} is not on PATH",
            hint="install it, or use another browser",
        )
    return Browser(name, (program,), found.arguments)


def folder_name(profile: str) -> str:
    """The folder name for a profile: part of its name for readers, and a digest that makes it unique."""
    shown = "".join(c if c.isascii() and c.isalnum() else "-" for c in profile[:_SHOWN])
    digest = hashlib.sha256(profile.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGEST]
    return f"{shown}-{digest}"
