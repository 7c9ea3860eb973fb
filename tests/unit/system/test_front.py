"""Which front a user runs, and by which path."""

from __future__ import annotations

import os

import pytest

from vault.system import front


@pytest.fixture
def installed(tmp_path):
    """The folder of an environment with the native front, and one on PATH with a link to it."""
    for name in ("env", "bin"):
        (tmp_path / name).mkdir()
    for name in (front.FRONT, front.FULL):
        path = tmp_path / "env" / name
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    (tmp_path / "bin" / front.FRONT).symlink_to(tmp_path / "env" / front.FRONT)
    return tmp_path


def test_the_name_of_the_script_tells(installed):
    """The full program runs under another name where a native front runs it."""
    assert front.native(str(installed / "env" / front.FULL)) == str(installed / "env" / front.FRONT)
    assert front.native(str(installed / "env" / front.FRONT)) is None


def test_a_link_on_the_path_is_what_the_user_called(installed):
    """An update moves its target."""
    full = str(installed / "env" / front.FULL)
    link = str(installed / "bin" / front.FRONT)
    assert front.command_path({"PATH": f"/there is none:{installed / 'bin'}"}, argv0=full) == link
    assert front.command_path({"PATH": "/there is none"}, argv0=full) == str(installed / "env" / front.FRONT)


def test_another_copy_on_the_path_does_not_count(installed):
    """It may be older."""
    other = installed / "bin" / front.FRONT
    other.unlink()
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    full = str(installed / "env" / front.FULL)
    assert front.command_path({"PATH": str(installed / "bin")}, argv0=full) == str(
        installed / "env" / front.FRONT
    )


def test_the_python_front_is_called_by_its_own_path(installed):
    """Links are kept."""
    link = os.path.join(installed, "bin", front.FRONT)
    assert front.command_path({"PATH": ""}, argv0=link) == link
