"""scripts/mutants: which mistakes are made, that a seed decides them, and what becomes of one in a copy of the repository."""

from __future__ import annotations

import json

import pytest

from scripts.mutating import main
from scripts.mutating.copies import Outcome, covering
from scripts.mutating.mutations import Mutant, chosen, is_another, mutants

PATH = "vault/store/a.py"


def made(text):
    """The changed texts of all mutants."""
    source = text.encode()
    return {one.apply(source).decode() for one in mutants(PATH, source) if is_another(one, source)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a = b < c", {"a = b >= c", "a = b <= c"}),
        ("a = b >= c", {"a = b < c", "a = b > c"}),
        ("a = b == c", {"a = b != c"}),
        ("a = b is not c", {"a = b is c"}),
        ("a = b not in c", {"a = b in c"}),
        ("a = b < c < d", {"a = b >= c < d", "a = b <= c < d", "a = b < c >= d", "a = b < c <= d"}),
        ("a = b and c", {"a = b or c"}),
        ("a = not b", {"a = (b)"}),
        ("a = 1", {"a = 2"}),
        ("a = 0.5", {"a = 1.5"}),
        ("a = True", {"a = False"}),
        ("if a:\n    b = c", {"if (not (a)):\n    b = c"}),
        ("if a is b:\n    c = d", {"if a is not b:\n    c = d"}),
        ("a()", {"pass"}),
        ("a += b", {"pass"}),
        ("a.b = c", {"pass"}),
        ("raise a", {"pass"}),
        ("def a():\n    return b", {"def a():\n    return None"}),
        ("def a(b=1): ...", {"def a(b=2): ..."}),
    ],
)
def test_each_mistake(text, found):
    """One at a time."""
    assert made(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "a = 'text'",
        '"""The page."""',
        "def a(b: 1) -> 2:\n    return None",
        "a: 1",
        "f'{a:>{1}} {b < c}'",
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    a = 1",
        "__slots__ = (1,)",
    ],
)
def test_what_is_no_mistake(text):
    """Words for people, and what is never run."""
    assert made(text) == set()


def test_an_operator_is_not_looked_for_in_a_comment():
    """And lines outside ASCII have their place in bytes."""
    assert made("x = ('é' in a  # in\n     and b)") == {
        "x = ('é' not in a  # in\n     and b)",
        "x = ('é' in a  # in\n     or b)",
    }


SOURCES = {f"vault/{package}/a.py": b"a = 1\nb = c < d\n" * 10 for package in ("mfa", "cache")}


def test_a_seed_decides_which_mistakes_are_made():
    """A package in turn, no line twice; a longer run begins with the shorter one."""
    some = [next(given) for given in [chosen(SOURCES, seed=1)] for _ in range(10)]
    every = list(chosen(SOURCES, seed=1))
    assert every[:10] == some
    assert [mutant.path.split("/")[1] for mutant in some] == ["cache", "mfa"] * 5
    assert len(every) == len({(mutant.path, mutant.line) for mutant in every}) == 40
    assert list(chosen(SOURCES, seed=2)) != every


def test_a_mutant_is_known_by_its_lines_and_not_by_its_place():
    """Another edit above it does not make it another one."""
    before, after = b"a = b < c\n", b"if d():\n    a = b < c\n"
    (moved,) = (one for one in mutants(PATH, after) if one.kind == "comparison turned around")
    assert mutants(PATH, before)[0].key(before) == moved.key(after)
    assert mutants(PATH, before)[0].diff(before).splitlines() == [
        f"{PATH}:1: comparison turned around", "    -a = b < c", "    +a = b >= c",
    ]  # fmt: skip


def test_the_tests_of_a_module():
    """Those of its name first, then those that import it."""
    found = covering("vault/mfa/codes.py")
    assert found[0] == "tests/unit/mfa/test_codes.py"
    assert "tests/unit/mfa/test_ledger.py" in found
    assert "tests/unit/store/slots/test_passphrase.py" in covering("vault/store/slots/__init__.py")


@pytest.fixture
def tried(monkeypatch, tmp_path):
    """The mutants that were tried. Each survives whose line is 1."""
    (tmp_path / "vault" / "mfa").mkdir(parents=True)
    (tmp_path / "vault" / "mfa" / "a.py").write_text("a = 1\nb = 2\n")
    monkeypatch.chdir(tmp_path)
    found: list[Mutant] = []

    def one(left, *, jobs, seconds):
        for mutant in left:
            found.append(mutant)
            yield mutant, Outcome("survived" if mutant.line == 1 else "killed", "", 0.1)

    monkeypatch.setattr(main, "tried", one)
    return found


def test_survivors_are_shown_and_fail_the_run(tried, capsys):
    """With their change; what was tried before is not tried again, unless it survived and --again is given."""
    assert main.main(["--only", "vault/mfa"]) == 1
    assert "survived: vault/mfa/a.py:1: another constant\n    -a = 1\n    +a = 2\n" in capsys.readouterr().out
    assert len(tried) == 2
    assert main.main(["--only", "vault/mfa"]) == 1
    assert "2 mutants: 1 killed, 1 survived" in capsys.readouterr().out
    assert len(tried) == 2
    assert main.main(["--only", "vault/mfa", "--again"]) == 1
    assert [mutant.line for mutant in tried[2:]] == [1]


def test_a_mutant_that_changes_nothing_is_not_tried(tried, monkeypatch, capsys):
    """As scripts/mutating/equivalent.py has it."""
    monkeypatch.setitem(main.EQUIVALENT, "vault/mfa/a.py\n-a = 1\n+a = 2", "nobody uses it")
    assert main.main(["--only", "vault/mfa/a.py"]) == 0
    assert "2 mutants: 1 equivalent, 1 killed" in capsys.readouterr().out
    assert [mutant.line for mutant in tried] == [2]


def test_another_module_makes_another_mutant(tried, tmp_path):
    """What was kept of it does not count."""
    main.main(["--only", "vault/mfa"])
    (tmp_path / "vault" / "mfa" / "a.py").write_text("a = 1\nb = 3\n")
    main.main(["--only", "vault/mfa"])
    assert len(tried) == 4
    kept = (tmp_path / ".work" / "mutants-1.jsonl").read_text().splitlines()
    assert [json.loads(line)[1] for line in kept].count("survived") == 2
