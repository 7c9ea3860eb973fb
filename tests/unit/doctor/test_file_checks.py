"""Files: plaintext keys, modes, git, and lines that tools read differently."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.unit.doctor.homes import BREAK, KEYS, findings, other


def test_a_file_that_others_can_write_is_named_once(home):
    """The place, and then what is wrong with it."""
    os.chmod(home.config_path, 0o666)
    found = findings(home)["broken-file"]
    assert (found.where, found.message[:3]) == (home.config_path, "it ")


def test_plaintext_keys_are_never_shown(home):
    """No finding repeats a secret."""
    home.credentials("[shared-services]\n" + KEYS)
    everything = findings(home)
    assert "je7MtGbClwBF" not in str(everything)


def test_a_config_that_is_kept_in_git_is_a_note(home):
    """Many users keep it with their dotfiles, and it has no secret; with a key in it, it is a warning."""
    folder = os.path.join(home.root, ".aws")
    subprocess.run(["git", "init", "-q", folder], check=True)
    assert findings(home)["git-work-tree"].level == "note"
    home.change_config("[profile prod]", f"[profile other]\n{KEYS}\n[profile prod]")
    found = findings(home)["git-work-tree"]
    assert (found.level, "rotate" in found.hint) == ("warning", True)


def test_an_ignored_work_tree_is_fine(home):
    """A home under git that ignores these files is not reported."""
    BREAK["git-work-tree"](home)
    with open(os.path.join(home.root, ".gitignore"), "w") as file:
        file.write(".aws/\nvault/\n")
    assert findings(home) == {}


def test_the_clis_cache_is_in_the_home(home):
    """Even if AWS_CONFIG_FILE points elsewhere."""
    BREAK["plaintext-cache"](home)
    os.rename(home.config_path, os.path.join(home.root, "elsewhere"))
    home.env["AWS_CONFIG_FILE"] = os.path.join(home.root, "elsewhere")
    assert findings(home)["plaintext-cache"].where.endswith(".aws/cli/cache")


def test_other_users_must_not_read_a_config_with_keys(home):
    """AWS's tools also use keys from there; without keys, everybody may read it."""
    os.chmod(home.config_path, 0o644)
    assert findings(home) == {}
    home.change_config("[profile prod]", f"[profile other]\n{KEYS}\n[profile prod]")
    os.chmod(home.config_path, 0o644)
    assert "read" in findings(home)["open-aws-files"].message


@pytest.mark.parametrize(
    ("line", "level", "said"),
    [
        ("aws_mfa_device = arn:aws:iam::111111111111:mfa/yourself", "note", "only aws-mfa reads aws_mfa_device"),
        ("inlcude_profile = dev", "note", "inlcude_profile is not a known key"),
        ("region = x\n  role_arn = y", "warning", "role_arn is indented"),
        ("awsvault_confrim = always", "error", "awsvault_confrim is not a known key"),
    ],
)  # fmt: skip
def test_a_line_that_no_tool_reads_is_reported_once(home, line, level, said):
    """A misspelled key is a note, one that its indentation hides a warning, one with the prefix an error."""
    home.change_config("[profile prod]", f"[profile odd]\n{line}\n[profile prod]")
    found = findings(home)["unknown-key"]
    assert found.level == level
    assert said in found.message


def test_a_key_that_import_skips_is_reported_with_its_reason(home):
    """Half a key cannot be moved, but it is still in plaintext."""
    home.credentials("[other]\n" + KEYS.splitlines()[0] + "\n")
    found = findings(home)["plaintext-keys"]
    assert (found.where, "incomplete" in found.message) == (f"{home.credentials_path}:2", True)
    assert found.hint == "edit the file"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (KEYS + "aws_session_token = x\n", "temporary"),
        ("aws_access_key_id = test\naws_secret_access_key = test\n", "cannot be moved into the vault"),
    ],
)
def test_a_key_that_import_would_skip_has_no_import_hint(home, keys, said):
    """A temporary key, or no key of AWS's at all: import would only skip it again."""
    home.credentials(f"[other]\n{keys}")
    found = findings(home)["plaintext-keys"]
    assert said in found.message
    assert "import" not in (found.hint or "")


def test_a_broken_line_is_reported_with_its_place(home):
    """Every tool stops there. Checks of profiles report nothing then; the others still do."""
    other(home, "no equals sign")
    BREAK["one-way-in"](home)
    found = findings(home)
    assert found["broken-file"].where.startswith(home.config_path + ":")
    assert {"broken-file", "one-way-in"} <= set(found)
    assert not {name for name in found if "chain" in name or "process" in name or "device" in name}


def test_a_folder_that_everyone_shares_is_not_closed(home):
    """/tmp, even if it is this user's: chmod would break the other users' programs. The files can be elsewhere."""
    folder = os.path.join(home.root, ".aws")
    os.chmod(folder, 0o1777)
    os.chmod(home.file("state"), 0o1777)
    for check, said in (("open-aws-files", "AWS_CONFIG_FILE"), ("open-vault-files", "AWSVAULT_HOME")):
        found = findings(home)[check]
        assert found.fixes == ()
        assert said in found.hint
        assert "chmod" not in found.hint
