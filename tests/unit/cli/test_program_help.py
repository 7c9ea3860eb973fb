"""The program's help is written without click, as click would write it."""

from __future__ import annotations

import click
import pytest

from vault.cli import main, program_help


@pytest.mark.parametrize("columns", ["40", "60", "80", "200"])
def test_is_what_click_shows(columns, monkeypatch):
    """The usage line too, at each width."""
    monkeypatch.setenv("COLUMNS", columns)
    group = main.build()
    here = group.make_context("awsvault-py", ["list"])
    formatter = here.make_formatter()
    click.Group.format_usage(group, here, formatter)
    assert program_help.text().startswith(formatter.getvalue())
    assert group.get_help(here) == program_help.text()
    assert group.help == program_help.WHAT
