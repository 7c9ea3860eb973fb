"""AWS's files as they are read for a plan, and the changes that a plan makes of them."""

from __future__ import annotations

import os

import pytest

from vault import errors, limits
from vault.migrate import edit_plan
from vault.migrate.edit_plan import EditPlan

CONFIG, CREDENTIALS = b"[profile a]\nregion = us-east-1\n", b"[a]\naws_access_key_id = x\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / ".aws").mkdir()
    return tmp_path / ".aws"


def read(folder, **env):
    return edit_plan.read(env, home=str(folder.parent))


def test_both_files(folder):
    """Under the home folder, as bytes and as profiles."""
    (folder / "config").write_bytes(CONFIG)
    (folder / "credentials").write_bytes(CREDENTIALS)
    files = read(folder)
    assert files.raw == (CONFIG, CREDENTIALS)
    assert (files.config.path, files.credentials.path) == (
        str(folder / "config"),
        str(folder / "credentials"),
    )
    assert files.merged.profile("a").get("region").value == "us-east-1"


def test_files_that_the_environment_names(folder, tmp_path):
    """They are read in place of those."""
    (folder / "config").write_bytes(CONFIG)
    (tmp_path / "other").write_bytes(CONFIG.replace(b"east", b"west"))
    assert read(folder, AWS_CONFIG_FILE=str(tmp_path / "other")).raw == (
        CONFIG.replace(b"east", b"west"),
        None,
    )


def test_a_file_that_is_not_there(folder):
    """Is empty, and known to be missing: what is written then is a new file."""
    files = read(folder)
    assert (files.raw, files.config.data) == ((None, None), b"")
    plan = EditPlan(config=[files.config.append("[profile b]", [("region", "us-east-1")])])
    (change,) = plan.changes(files)
    assert (change.before, change.kind, change.after) == (
        None,
        "config",
        b"[profile b]\nregion = us-east-1\n",
    )


@pytest.mark.parametrize("how", ["others can write it", "it is too long"])
def test_a_file_that_is_not_read(folder, how):
    """Before anything is planned."""
    path = folder / "config"
    path.write_bytes(CONFIG if how == "others can write it" else b"#" * (limits.MAX_CONFIG_FILE + 1))
    if how == "others can write it":
        os.chmod(path, 0o666)
    with pytest.raises(errors.UnsafeFile if how == "others can write it" else errors.ConfigError):
        read(folder)


def test_the_edits_of_a_file(folder):
    """Each kind has its own list, which can be extended."""
    (folder / "config").write_bytes(CONFIG)
    (folder / "credentials").write_bytes(CREDENTIALS)
    files, plan = read(folder), EditPlan()
    plan.edits("credentials").append(files.credentials.remove_section("a"))
    assert (plan.config, len(plan.credentials)) == ([], 1)
    (change,) = plan.changes(files)
    assert (change.path, change.kind, change.before) == (files.credentials.path, "credentials", CREDENTIALS)
    assert change.after == b""
    assert change.hunks


def test_an_edit_that_changes_nothing_is_no_change(folder):
    """The file keeps its time."""
    (folder / "config").write_bytes(CONFIG)
    files = read(folder)
    (line,) = files.config.places("a", "region")
    assert EditPlan(config=[files.config.set_value(line, "us-east-1")]).changes(files) == []
    assert len(EditPlan(config=[files.config.set_value(line, "eu-west-1")]).changes(files)) == 1
