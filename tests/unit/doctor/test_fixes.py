"""What --fix does: each line once, nothing behind a link, and a failure names the command."""

from __future__ import annotations

import os

import pytest

from tests.home import COMMAND
from tests.unit.doctor.homes import BREAK, findings
from vault import errors
from vault.doctor import fixes
from vault.doctor.checks import run
from vault.doctor.findings import Chmod, Finding, Remove, Rewrite
from vault.doctor.gather import gather


def test_two_findings_about_one_line_make_one_edit(home):
    """A command that is neither absolute nor a plain word is one edit, and setup --undo reverts it."""
    BREAK["process-needs-shell"](home)
    BREAK["role-before-process"](home)
    BREAK["long-chained-role"](home)
    context = home.context()
    facts = gather(context, network=False)
    everything = run(facts, network=False)
    with open(home.config_path, "rb") as file:
        before = file.read()
    fixes.apply(context, fixes.changes(facts.files, everything), [])
    assert findings(home) == {}
    from vault.migrate import undo

    undone = undo.preview(home.context(), kind=undo.SETUP, open_vault=lambda: pytest.fail("not sealed"))
    undo.undo(home.context(), undone, kind=undo.SETUP)
    with open(home.config_path, "rb") as file:
        assert file.read() == before


def test_a_link_is_not_changed(home):
    """A file that another program generates is named and stays."""
    BREAK["role-before-process"](home)
    real = home.config_path + ".real"
    os.rename(home.config_path, real)
    os.symlink(real, home.config_path)
    context = home.context()
    facts = gather(context, network=False)
    edits = fixes.changes(facts.files, run(facts, network=False))
    left = fixes.apply(context, edits, [])
    assert "a link to" in left[0]
    assert os.path.islink(home.config_path)
    assert "role-before-process" in findings(home)


def finding(*fixes_):
    return Finding(level="error", where="x", message="x", hint="x", fixes=fixes_)


def test_one_edit_of_a_line_is_kept(home):
    """Two edits of one line would lose one of them."""
    home.change_config(f"{COMMAND} export dev", "~/bin/awsvault-py export dev")
    facts = gather(home.context(), network=False)
    (edits,) = [m.edits for f in run(facts, network=False) for m in f.fixes if isinstance(m, Rewrite)]
    twice = [finding(Rewrite("config", edits)), finding(Rewrite("config", edits))]
    (change,) = fixes.changes(facts.files, twice)
    assert change.after.count(f"{COMMAND} export dev\n".encode()) == 1


def test_what_changed_meanwhile_is_not_touched(home):
    """The file is gone, or is a link now: neither the link nor its target is touched."""
    target = os.path.join(home.root, "target")
    with open(target, "w", encoding="utf-8"):
        os.chmod(target, 0o644)
    link = os.path.join(home.root, "link")
    os.symlink(target, link)
    rest = [Chmod(os.path.join(home.root, "gone"), 0o600), Chmod(link, 0o600), Remove(link)]
    assert fixes.apply(home.context(), [], rest) == []
    assert os.stat(target).st_mode & 0o777 == 0o644
    assert os.path.islink(link)


def test_a_fix_that_fails_is_shown_as_a_command(home):
    """You can run it and see why."""
    folder = os.path.join(home.root, "folder")
    os.mkdir(folder)
    with pytest.raises(errors.StorageError, match=f"^rm {folder}: "):
        fixes.apply(home.context(), [], [Remove(folder)])
