"""Where awsvault-py's files are."""

import os
import sys

from vault.system.paths import from_env


def test_one_folder_holds_all():
    """With AWSVAULT_HOME everything lies under it, as product documentation names it."""
    paths = from_env({"HOME": "/h", "AWSVAULT_HOME": "/v"})
    assert paths.vault == "/v/vault.avlt"
    assert (paths.config_toml, paths.sessions, paths.state) == ("/v/config.toml", "/v/sessions", "/v/state")
    assert (paths.socket, paths.run, paths.log, paths.home) == ("/v/run/agent.sock", "/v/run", "/v/log", "/h")


def test_a_tilde_or_relative_home_is_made_absolute():
    """``~/x`` is the user's, and a relative folder is taken from the current one."""
    assert from_env({"HOME": "/h", "AWSVAULT_HOME": "~/x"}).vault_folder == "/h/x"
    assert from_env({"HOME": "/h", "AWSVAULT_HOME": "x"}).vault_folder == os.path.abspath("x")


def test_linux_places(monkeypatch):
    """XDG's variables count where they are absolute; the pin lies apart from the vault."""
    monkeypatch.setattr(sys, "platform", "linux")
    paths = from_env(
        {"HOME": "/h", "XDG_DATA_HOME": "relative", "XDG_CACHE_HOME": "/c", "XDG_RUNTIME_DIR": "/r"}
    )
    assert paths.vault == "/h/.local/share/awsvault-py/vault.avlt"
    assert paths.sessions == "/c/awsvault-py/s1"
    assert paths.socket == "/r/awsvault-py/agent.sock"
    assert paths.config_toml == "/h/.config/awsvault-py/config.toml"
    assert paths.state == "/h/.local/state/awsvault-py"
    socket = from_env({"HOME": "/h"}).socket  # nobody has an agent in a runtime folder here (tests/conftest)
    assert socket.startswith("/h/.local/state/awsvault-py/run/")
    assert socket.endswith(".sock")


def test_macos_places(monkeypatch):
    """On macOS the Library folders are used."""
    monkeypatch.setattr(sys, "platform", "darwin")
    paths = from_env({"HOME": "/Users/you"})
    assert paths.vault == "/Users/you/Library/Application Support/awsvault-py/vault/vault.avlt"
    assert paths.sessions == "/Users/you/Library/Caches/awsvault-py/s1"


def test_home_comes_from_the_password_database_when_unset(monkeypatch):
    """Cron jobs may run without HOME."""
    monkeypatch.delenv("HOME", raising=False)
    assert from_env({}).home == os.path.expanduser("~")
