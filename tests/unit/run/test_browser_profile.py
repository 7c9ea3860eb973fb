"""A browser profile for each AWS profile: which program, which folder, and what a hostile name cannot do."""

from __future__ import annotations

import os
import re
import stat

import pytest

from vault.errors import UnsafeFile, Usage
from vault.run import browser_profile

HOSTILE = [
    "../../etc",
    "a/b",
    "--no-sandbox",
    "",
    "\n",
    "é\u202e",
    "\udcff",
    "x" * 500,
    "{folder}",
    "%s",
    "a\0b",
]


def programs(tmp_path, *names):
    """An environment whose PATH has only these programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o700)
    return {"PATH": str(folder)}


@pytest.mark.parametrize(
    ("name", "program", "option"),
    [
        ("firefox", "firefox-esr", "--profile"),
        ("chrome", "google-chrome-stable", "--user-data-dir="),
        ("chromium", "chromium-browser", "--user-data-dir="),
        ("edge", "microsoft-edge", "--user-data-dir="),
    ],
)
def test_each_browser_gets_its_own_folder(tmp_path, monkeypatch, name, program, option):
    """The first of its programs in PATH, with a folder of mode 0700 below our state."""
    monkeypatch.setattr("sys.platform", "linux")
    words = browser_profile.known(name, programs(tmp_path, program)).words("dev", state=f"{tmp_path}/state")
    assert words[0] == program
    assert words[1].startswith(option)
    (made,) = (tmp_path / "state" / "browsers").iterdir()
    assert any(word.removeprefix(option) == str(made) for word in words)
    for folder in (made, made.parent):
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700


def test_macos_opens_the_application(tmp_path, monkeypatch):
    """A new instance, so that its arguments count."""
    monkeypatch.setattr("sys.platform", "darwin")
    words = browser_profile.known("chrome", {}).words("dev", state=f"{tmp_path}/state")
    assert words[:4] == ["open", "-na", "Google Chrome", "--args"]


def test_safari_and_a_browser_that_is_not_there_are_usage(tmp_path, monkeypatch):
    """Each says what to do instead."""
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(Usage, match="Safari"):
        browser_profile.known("safari", {})
    with pytest.raises(Usage, match="google-chrome or"):
        browser_profile.known("chrome", programs(tmp_path, "firefox"))


def test_each_hostile_name_gets_one_safe_folder():
    """No slash, no dot, no control character, bounded, and no two the same."""
    names = [browser_profile.folder_name(profile) for profile in HOSTILE]
    assert all(re.fullmatch(r"[A-Za-z0-9-]{17,49}", name) for name in names)
    assert len({*names, browser_profile.folder_name("a-b")}) == len(HOSTILE) + 1


def test_a_folder_that_others_may_read_is_refused(tmp_path, monkeypatch):
    """Cookies of the console are in it; a link is not followed either."""
    monkeypatch.setattr("sys.platform", "linux")
    browser = browser_profile.known("firefox", programs(tmp_path, "firefox"))
    folder = browser.words("dev", state=f"{tmp_path}/state")[-1]
    os.chmod(folder, 0o755)
    with pytest.raises(UnsafeFile):
        browser.words("dev", state=f"{tmp_path}/state")
    os.rmdir(folder)
    os.symlink(tmp_path, folder)
    with pytest.raises(UnsafeFile):
        browser.words("dev", state=f"{tmp_path}/state")
