"""A code that is asked for again."""

from __future__ import annotations

import pytest

from tests.fakes.example import SERIAL
from tests.unit.benches import Window
from vault import errors


def test_a_code_with_a_digit_too_few_is_asked_for_again(bench, home, aws):
    """Nothing is sent to AWS that cannot be a code; how many digits one has is said."""
    bench.edit(lambda p: p.without_seed(SERIAL))
    window = Window(home, "12345", aws.world.code(SERIAL))
    assert bench.ask("dev").asked_aws
    assert window.heard("SETERROR") == ["a code has 6 digits"]
    assert len(aws.calls.codes()) == 1


def test_a_code_mistyped_is_asked_for_again_by_the_next_run(bench, home, aws):
    """AWS's refusal of it is no answer for who runs the command again at once: that one is asked."""
    bench.edit(lambda p: p.without_seed(SERIAL))
    wrong = f"{(int(aws.world.code(SERIAL)) + 1) % 1_000_000:06}"
    window = Window(home, wrong, aws.world.code(SERIAL))
    with pytest.raises(errors.Refused, match="one time pass code"):
        bench.ask("dev")
    assert bench.ask("dev").asked_aws
    assert not window.left
    assert [call.result for call in aws.calls.of("GetSessionToken")] == ["AccessDenied", "ok"]
