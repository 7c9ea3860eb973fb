"""What an agent says of itself, and whether it is of use: another version's, another vault's, or one that says less."""

from __future__ import annotations

import os

import pytest

from tests.vaults import paths_in
from vault.agent.link import Hello, name_of
from vault.agent.protocol import VERSION


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


def hello(paths, **more):
    said = {
        "ok": True,
        "v": VERSION,
        "version": "1",
        "file": name_of(paths),
        "vault": "00",
        "why": "",
        "main": True,
    }
    return Hello.of({**said, **more})


@pytest.mark.parametrize("answer", [None, {"ok": False}, {"ok": False, "v": VERSION, "why": ""}])
def test_an_agent_that_says_nothing_is_none(answer):
    """It did not answer, or does not know the question."""
    assert Hello.of(answer) is None


def test_an_agent_that_says_only_yes_is_locked_and_of_no_use(paths):
    """Whatever an older version leaves out counts as not there."""
    found = Hello.of({"ok": True})
    assert (found.why, found.is_open, found.seen) == ("locked", False, None)
    assert not found.serves(paths)


def test_an_agent_of_this_version_and_vault_serves(paths):
    """Open or locked."""
    assert hello(paths).serves(paths)
    assert hello(paths, why="held", main=False).serves(paths)


def test_an_agent_of_another_version_does_not_serve_but_has_the_vault(paths):
    """It is told to lock, and asked for nothing."""
    found = hello(paths, v=VERSION + 1)
    assert (found.speaks, found.serves(paths), found.of_vault(paths)) == (False, False, True)


def test_an_agent_of_another_vault_does_not_serve(paths, tmp_path):
    """It may be behind the same socket."""
    assert not hello(paths, file=name_of(paths_in(tmp_path / "other"))).serves(paths)


@pytest.mark.parametrize(
    ("why", "main", "is_open"), [("", True, True), ("", False, False), ("held", True, False)]
)
def test_open_is_an_agent_with_the_main_key_that_nothing_locks(paths, why, main, is_open):
    """With the cache key alone it answers exports, but opens nothing."""
    assert hello(paths, why=why, main=main).is_open is is_open


def test_a_vault_behind_a_link_is_the_same_vault(paths, tmp_path):
    """Two homes may name one folder."""
    os.makedirs(paths.vault_folder)
    os.symlink(tmp_path, tmp_path / "link")
    assert name_of(paths_in(tmp_path / "link")) == name_of(paths)


def test_a_name_that_is_not_text_can_be_said(tmp_path):
    """The protocol is ASCII."""
    named = name_of(paths_in(os.path.join(str(tmp_path), "\udcff")))
    assert named.isascii()
    assert named != name_of(paths_in(tmp_path))
