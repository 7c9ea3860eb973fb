"""The lines that let profiles take their codes from a YubiKey."""

from __future__ import annotations

import os

import pytest

from vault.migrate import edit_plan, setup, yubikey_profiles

WORDS = ("/usr/bin/ykman", "oath", "accounts", "code", "-s", "Amazon Web Services")
LINE = "mfa_process = /usr/bin/ykman oath accounts code -s 'Amazon Web Services'"


def written(folder, text, *profiles):
    """The config file after the edits, and the profiles that they are for."""
    os.mkdir(folder / ".aws")
    with open(folder / ".aws" / "config", "w", encoding="utf-8") as file:
        file.write(text)
    files = edit_plan.read({}, home=str(folder))
    run = setup.Setup(
        files, env={}, words=("awsvault-py",), has_entry=lambda _: True, entry_serial=lambda _: None
    )
    plan = yubikey_profiles.planned(run, profiles, WORDS)
    return files.config.apply(plan.config).decode(), plan.done


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "[profile a]\nregion = us-east-1\n# a remark\n",
            f"[profile a]\nregion = us-east-1\n{LINE}\n# a remark\n",
        ),
        ("[profile a]\nmfa_process = old\nregion = x\n", f"[profile a]\n{LINE}\nregion = x\n"),
        (
            "[profile a]\nawsvault_mfa_process = old\nmfa_process = older\n",
            f"[profile a]\nawsvault_{LINE}\nmfa_process = older\n",
        ),
        (f"[profile a]\n{LINE}\n", f"[profile a]\n{LINE}\n"),
    ],
)
def test_the_line_that_applies_is_the_one_that_is_written(tmp_path, before, after):
    """Inserted, or in place of what is there; the key with the prefix applies."""
    assert written(tmp_path, before, "a") == (after, ["a"])


def test_no_profile_is_made_up(tmp_path):
    """One that the config file does not have is left out."""
    assert written(tmp_path, "[profile b]\nregion = x\n", "a") == ("[profile b]\nregion = x\n", [])
