"""Sessions of a key that is gone."""

from __future__ import annotations

from vault.credentials import forget_sessions, planned


def test_sessions_of_a_key_that_is_gone_are_none(bench, home):
    """A profile that names an entry which the vault does not have: nothing to forget, and no error."""
    home.config("[profile lost]\nawsvault_credential = gone\n")
    context = bench.context()
    config = planned.load(context).config
    assert forget_sessions.forget_profile(context, bench.keys(context), config, "lost") == 0
