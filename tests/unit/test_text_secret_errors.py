"""The lowest room: secrets that do not print, text that cannot harm a terminal, errors with their exit codes."""

import importlib
import pickle
import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vault
from vault import errors
from vault.secret import Secret
from vault.system import exec_program
from vault.text import ascii_safe, nearest, safe
from vault.unlocking.agent_keys import AgentGone


def test_a_secret_shows_itself_nowhere():
    """repr, str, format, f-strings and pickle give nothing away; reveal does."""
    secret = Secret("wJalrXUtnFEMI")
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret:>40}", f"{[secret]}"):
        assert "wJalr" not in shown
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        hash(secret)
    assert not hasattr(secret, "__dict__")
    assert secret.reveal() == b"wJalrXUtnFEMI"
    assert secret.reveal_text() == "wJalrXUtnFEMI"
    assert len(secret) == 13


def test_secrets_compare_by_value_and_only_with_secrets():
    """Two secrets of the same bytes are equal; a secret never equals a plain value."""
    assert Secret("a") == Secret(b"a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != b"a"


@given(st.text())
def test_shown_text_holds_no_control_or_bidi_character(text):
    """Whatever comes from outside, no control, bidi or invisible character reaches a terminal."""
    shown = safe(text)
    assert len(text) > 400 or len(shown) >= len(text)
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in shown)
    assert not set(shown) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200e\u200f\ufeff\u2028"
    )
    assert all(" " <= c <= "~" for c in ascii_safe(text))


def test_text_is_cut():
    """A megabyte of profile name is shown as its beginning."""
    assert safe("a" * 1000, limit=10) == "a" * 9 + "…"
    assert ascii_safe("a" * 1000, limit=10) == "a" * 7 + "..."
    assert ascii_safe("ü\U0001f600") == "\\xfc\\U0001f600"


def test_nearest_name():
    """A slip of the fingers finds its name, something else finds none."""
    assert nearest("prdo", ["dev", "prod"]) == "prod"
    assert nearest("PROD", ["dev", "prod"]) == "prod"
    assert nearest("zzz", ["dev", "prod"]) is None


def every(cls):
    yield cls
    for sub in cls.__subclasses__():
        yield from every(sub)


def test_every_error_has_its_exit_code_and_a_hint():
    """The exit codes are a contract with scripts; no error of any module leaves a person without a next step."""
    for module in pkgutil.walk_packages(vault.__path__, "vault."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    codes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 70}
    # Where exec's command cannot be run, exec says what a shell would have said in its place.
    of_exec = {exec_program.CannotRun: 126, exec_program.NoSuchCommand: 127}
    found = set(every(errors.Error))
    assert found > {AgentGone, *of_exec}
    for cls in found:
        assert cls.exit_code == of_exec[cls] if cls in of_exec else cls.exit_code in codes, cls
        assert cls.hint, cls
    assert errors.Locked("x").exit_code == 3
    assert errors.Refused("x", hint="y").hint == "y"
    assert str(errors.Diverged("found")) == "found"
    assert issubclass(errors.RolledBack, errors.Damaged)
