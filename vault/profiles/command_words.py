"""Command lines: split into words as a POSIX shell does, and recognized as awsvault-py's own. Pure; importing shlex costs 2 ms."""

from __future__ import annotations

from vault.records import NamedTuple

_BLANK = " \t\r\n"
# Options of ``export`` that take a value. A test compares them, and the short ones, with the command's own.
VALUED = frozenset(
    [
        "--duration",
        "--format",
        "--mfa-code",
        "--mfa-token",
        "--profile",
        "--policy",
        "--policy-arn",
        "--region",
        "--source",
        "--config",
        "-f",
    ]
)
SHORT = {"-d": "--duration", "-j": "--json", "-n": "--no-session", "-p": "--profile", "-t": "--mfa-code"}

_REFUSED = {
    "--source": "set awsvault_role_arn and awsvault_source_profile instead",
    "--write": "export does not have this option",
}


class Unbalanced(ValueError):
    """A quotation mark that is not closed, or a backslash at the end."""


class OwnCall(NamedTuple):
    """A call of ``awsvault-py export``: its profile, and the options that change the answer.

    ``policy`` is the path after --policy, and ``policy_arns`` are those after --policy-arn.
    """

    profile: str
    session: bool
    duration: str | None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()


def split(line: str) -> list[str]:
    """The words of ``line``, without quotes and backslashes, as ``shlex.split`` gives them. Unbalanced."""
    words: list[str] = []
    word: list[str] | None = None
    at, end = 0, len(line)
    while at < end:
        character = line[at]
        at += 1
        if character in _BLANK:
            if word is not None:
                words.append("".join(word))
                word = None
            continue
        if word is None:
            word = []
        if character == "\\":
            if at == end:
                raise Unbalanced("a backslash at the end")
            word.append(line[at])
            at += 1
        elif character in "'\"":
            at = _quoted(line, at, character, word)
        else:
            word.append(character)
    if word is not None:
        words.append("".join(word))
    return words


def _quoted(line: str, at: int, quote: str, word: list[str]) -> int:
    """Add the text up to the closing ``quote`` to ``word``; the position after it."""
    while True:
        if at >= len(line):
            raise Unbalanced("a quotation mark is not closed")
        character = line[at]
        at += 1
        if character == quote:
            return at
        if character == "\\" and quote == '"':
            if at >= len(line):
                raise Unbalanced("a backslash at the end")
            if line[at] in '"\\':
                character = line[at]
                at += 1
        word.append(character)


def own_call(command: str) -> OwnCall | None:
    """The call of ``awsvault-py export`` in ``command``, or None if that is another program.

    Unbalanced; ValueError if it is awsvault-py but not an ``export`` of one profile.
    """
    words = split(command)
    rest = _after_program(words)
    if rest is None:
        return None
    found = options_of(rest)
    for option, why in _REFUSED.items():
        if any(option == given for given, _ in found):
            raise ValueError(f"credential_process runs awsvault-py with {option}; {why}")
    positional = _all(found, "", "--profile")
    if len(positional) != 2 or positional[0] != "export":
        raise ValueError("credential_process runs awsvault-py, but not as: awsvault-py export PROFILE")
    return OwnCall(
        positional[1],
        not _all(found, "--no-session"),
        next(reversed(_all(found, "--duration")), None),
        next(reversed(_all(found, "--policy")), None),
        _all(found, "--policy-arn"),
    )


def _all(found: list[tuple[str, str]], *names: str) -> tuple[str, ...]:
    """The values of these options, in order."""
    return tuple(value for option, value in found if option in names)


def restricting_options(command: str) -> tuple[str, ...]:
    """The options in a call of awsvault-py that restrict its session. Unbalanced."""
    rest = _after_program(split(command))
    return tuple(option for option, _ in options_of(rest or []) if option in ("--policy", "--policy-arn"))


def options_of(words: list[str]) -> list[tuple[str, str]]:
    """Each option by its long name, with its value (or ""), and each other word as the value of the option ""."""
    found: list[tuple[str, str]] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return found + [("", other) for other in rest]
        if not word.startswith("-") or word == "-":
            found.append(("", word))
            continue
        option, equals, value = word.partition("=")
        if option[:2] in SHORT:
            option, equals, value = SHORT[word[:2]], word[2:], word[2:]
            if option not in VALUED and value:  # -nj: two options in one word
                rest.insert(0, f"-{value}")
                value = ""
        if option in VALUED and not equals:
            value = rest.pop(0) if rest else ""
        found.append((option, value))
    return found


def _after_program(words: list[str]) -> list[str] | None:
    """The arguments if the words start awsvault-py, otherwise None."""
    if not words:
        return None
    program = words[0].replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    if program == "awsvault-py":
        return words[1:]
    if program.startswith(("python", "pypy")) or program == "py":
        for at, word in enumerate(words[1:-1], 1):
            if word == "-m":
                return words[at + 2 :] if words[at + 1] == "vault" else None
            if not word.startswith("-"):
                base = word.replace("\\", "/").rpartition("/")[2]
                return words[at + 1 :] if base == "awsvault-py" else None
    return None
