"""Command lines are split as shlex splits them, and awsvault-py is recognized by any of its names."""

import shlex

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vault.profiles.command_words import OwnCall, Unbalanced, own_call, split

FAULTS = {  # shlex's words and the program's
    "No closing quotation": "a quotation mark is not closed",
    "No escaped character": "a backslash at the end",
}
LINES = st.text(alphabet="ab \t\n'\"\\$;|#=é\r\x0b", max_size=24)


@settings(max_examples=1500)
@given(LINES)
@example("a\\\nb")
@example("''")
@example('"\\$x"')
def test_split_is_shlex(line):
    """Every line gives the words that Python's shlex gives, or the same fault."""
    try:
        expected = shlex.split(line)
    except ValueError as error:
        with pytest.raises(Unbalanced) as caught:
            split(line)
        assert str(caught.value) == FAULTS[str(error)]
    else:
        assert split(line) == expected


@pytest.mark.parametrize(
    ("command", "call"),
    [
        ("awsvault-py export dev", OwnCall("dev", True, None)),
        ("/opt/x/bin/awsvault-py export dev", OwnCall("dev", True, None)),
        ("'/opt/my tools/awsvault-py' export \"my dev\"", OwnCall("my dev", True, None)),
        ('"C:\\\\bin\\\\awsvault-py.exe" export dev', OwnCall("dev", True, None)),
        ("awsvault-py --debug export --format process dev", OwnCall("dev", True, None)),
        ("awsvault-py export dev --no-session --duration=900", OwnCall("dev", False, "900")),
        ("awsvault-py export --duration 15m -- dev", OwnCall("dev", True, "15m")),
        (
            "awsvault-py export --policy a --policy-arn=b dev --policy-arn c",
            OwnCall("dev", True, None, "a", ("b", "c")),
        ),
        ("python3 -m vault export dev", OwnCall("dev", True, None)),
        ("/usr/bin/python3.11 -I -m vault export dev", OwnCall("dev", True, None)),
        ("python /x/awsvault-py export dev", OwnCall("dev", True, None)),
        ("op read x", None),
        ("python3 -m other export dev", None),
        ("python3 other.py -m vault export dev", None),
        ("python3", None),
        ("my-awsvault-py export dev", None),
        ("", None),
    ],
)
def test_own_call(command, call):
    """awsvault-py by any path, or by python -m, with options before and after; nothing else."""
    assert own_call(command) == call


@pytest.mark.parametrize(
    "command", ["awsvault-py", "awsvault-py exec dev", "awsvault-py export", "awsvault-py export a b"]
)
def test_other_commands_of_awsvault_py(command):
    """awsvault-py for anything but export is a mistake, not another program."""
    with pytest.raises(ValueError, match="awsvault-py export PROFILE"):
        own_call(command)
