"""Nothing that a user can set is read and then dropped: for each setting there is code that acts on it."""

from __future__ import annotations

import ast
import functools
import glob
import os

import pytest

from vault.profiles.values import KNOWN
from vault.settings import Settings

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PARSER = "vault/settings.py"
HOLDERS = {"settings", "defaults"}  # what a Settings is called where it is handed on


def trees(pattern, *, but=()):
    """The parsed modules of ``vault/``, each by its path."""
    for path in sorted(glob.glob(os.path.join(ROOT, pattern), recursive=True)):
        name = os.path.relpath(path, ROOT)
        if name not in but:
            with open(path, encoding="utf-8") as file:
                yield name, ast.parse(file.read())


def is_settings(node):
    """Whether the expression is a run's settings: ``settings``, ``context.settings``, ``settings.load(…)``."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in HOLDERS
        case ast.Call(func=ast.Attribute(value=ast.Name(id="settings"), attr="load")):
            return True
        case ast.Call(func=ast.Name(id="parse")):
            return True
        case _:
            return False


@functools.cache
def acted_on():
    """The settings that some module reads from it, each with the modules."""
    found = {}
    for name, tree in trees("vault/**/*.py"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and is_settings(node.value) and node.attr in Settings._fields:
                if name == PARSER and node.attr in ("agent_idle", "agent_max"):
                    continue  # there the two are compared
                found.setdefault(node.attr, set()).add(name)
    return found


@pytest.mark.parametrize("setting", Settings._fields)
def test_each_setting_of_config_toml_is_acted_on(setting):
    """A setting that is parsed and documented, but read nowhere, is a broken promise."""
    assert setting in acted_on(), f"no code reads {setting}"


def test_the_search_finds_nothing_where_nothing_is():
    """The modules that it names hold the setting's name, and an unknown one is not found."""
    assert "no_such_setting" not in acted_on()
    assert acted_on()["pinentry"] == {"vault/context.py"}


@functools.cache
def literals(*, but):
    """Every string literal in the code that resolves profiles, and in what writes and prunes generated ones."""
    found = set()
    for _, tree in (
        *trees("vault/profiles/*.py", but=but),
        *trees("vault/aws/*.py"),
        *trees("vault/migrate/sso_profiles.py"),
    ):
        found |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    return found


@pytest.mark.parametrize("key", KNOWN)
def test_each_key_of_a_profile_is_acted_on(key):
    """A key that ``values.misspelled`` accepts is one that resolution reads by its name."""
    assert key in literals(but=("vault/profiles/values.py", "vault/profiles/chain.py")), (
        f"no code reads {key}"
    )
