"""The bash function that offers profile names: quoted as bash needs them, and never run."""

from __future__ import annotations

import os
import shlex
import subprocess

import pytest

from tests.patience import PATIENCE
from tests.unit.cli.test_completion_scripts import pieces
from vault.cli.bash_profile_names import BASH_NAMES

NAMES = (
    "me@work",
    "a:b=c",
    "shared",
    "prod",
    "two words",
    "it's",
    "$(touch pwned)",
    "`touch pwned`",
    'say "hi"',
    "back\\slash",
)


def offered(folder, typed, *, names=NAMES, breaks=None):
    """What the function offers after ``awsvault-py export TYPED``. ``breaks``: COMP_WORDBREAKS, if not bash's own."""
    line = f"awsvault-py export {typed}"
    words = pieces(line)
    prints = f"printf '%s\\n' {' '.join(map(shlex.quote, names))}" if names else ":"
    code = (
        f"{BASH_NAMES}awsvault-py() {{ {prints}; }}\n"
        f"COMP_WORDS=({' '.join(map(shlex.quote, words))}) COMP_CWORD={len(words) - 1}\n"
        f"COMP_LINE={shlex.quote(line)} COMP_POINT={len(line)}\n"
        f"{'' if breaks is None else f'COMP_WORDBREAKS={shlex.quote(breaks)}'}\n"
        '_awsvault_py_names; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", code], cwd=folder, env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return [name for name in done.stdout.splitlines() if name]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("me@w", ["work"]), ("me@", ["work"]), ("m", ["me@work"]), ("a:b", ["b=c"]), ("a:b=", ["c"]), ("x@shar", []),
        ("zz:pro", []), ('"two', ["two words"]), ("'it", ["it'\\''s"]), ('"it', ["it's"]),
    ],
)  # fmt: skip
def test_names_that_bash_splits_or_that_are_quoted(tmp_path, typed, found):
    """Bash replaces what follows the last @ : or =, and within quotes no blank needs a backslash."""
    assert offered(tmp_path, typed) == found


def test_where_bash_does_not_split_names_are_whole(tmp_path):
    """Some users take : or @ out of COMP_WORDBREAKS."""
    assert offered(tmp_path, "a:b", breaks=" \t\n=") == ["a:b=c"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("$", ["\\$\\(touch\\ pwned\\)"]),
        ('"$', ["\\$(touch pwned)"]),
        ("'$", ["$(touch pwned)"]),
        ('"`', ["\\`touch pwned\\`"]),
        ('"say', ['say \\"hi\\"']),
        ('"back', ["back\\\\slash"]),
    ],
)
def test_a_name_is_text_to_the_shell(tmp_path, typed, found):
    """As it stands, in double quotes and in single ones; nothing is run."""
    assert offered(tmp_path, typed) == found
    assert list(tmp_path.iterdir()) == []


def test_without_names_nothing_is_offered(tmp_path):
    """As before the first profile."""
    assert offered(tmp_path, "", names=()) == []
    assert offered(tmp_path, "", names=("one", "two")) == ["one", "two"]
