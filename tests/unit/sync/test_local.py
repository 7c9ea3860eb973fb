"""What a machine keeps of the others is never shown with its secrets."""

from __future__ import annotations

from tests.unit.sync.examples import Machine, entry


def test_no_content_is_in_what_a_traceback_may_show():
    """Contents have keys and seeds in plaintext."""
    machine = Machine("laptop").store("entry/dev", entry(sak="the secret"))
    assert "the secret" not in repr(machine.state)
    assert "the secret" not in repr(machine.shown)
