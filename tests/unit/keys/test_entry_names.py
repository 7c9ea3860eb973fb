"""Which names an entry may have: none that a shell, AWS's files or a terminal reads as something else."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID, SECRET
from vault.errors import Usage
from vault.keys.entry_names import check_name, looks_like_key, profile_block, quoted, section
from vault.limits import MAX_ENTRY_NAME

ODD = [
    "",
    "-x",
    " x",
    "x ",
    "a\nb",
    "a\x1b[m",
    "a\u202eb",
    "a$b",
    "a`b",
    'a"b',
    "a\\b",
    "a]b",
    "a%b",
    "a #b",
    "a ;b",
]


@pytest.mark.parametrize("name", [*ODD, "x" * (MAX_ENTRY_NAME + 1)])
def test_what_is_refused(name):
    """Exit 2, and the message can be shown."""
    with pytest.raises(Usage) as caught:
        check_name(name)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("name", [KEY_ID, SECRET, "ASIAIOSFODNN7EXAMPLE"])
def test_a_key_in_the_place_of_a_name_is_not_repeated(name):
    """It is in the shell's history already; the message does not show it again."""
    assert looks_like_key(name)
    with pytest.raises(Usage) as caught:
        check_name(name)
    assert name not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    "name",
    [
        "default",
        "my dev",
        "a.b/c@d:e+f",
        "Ärger",
        "#x",
        "x" * MAX_ENTRY_NAME,
        "AKIAIOSFODNN7EXAMPL",
        "a" * 40,
        "a1" * 20,
        "A1" * 20,
    ],
)
def test_what_is_allowed(name):
    """Also a name of the length of a secret that has only letters of one case."""
    assert check_name(name) == name


def test_a_name_with_a_blank_is_quoted_everywhere():
    """In the header, in the command and in the command's own path."""
    block = profile_block(
        "my dev", command="/opt/my tools/awsvault-py", region="eu-west-1", mfa_serial="arn:x"
    )
    assert block.splitlines() == [
        '[profile "my dev"]',
        "region = eu-west-1",
        'credential_process = "/opt/my tools/awsvault-py" export "my dev"',
        "mfa_serial = arn:x",
    ]
    assert section("default") == "[default]"
    assert quoted("dev") == "dev"
    assert "mfa_serial" not in profile_block("dev", command="x", region="r", mfa_serial=None)
