"""awsvault_confirm = agent: who is asked about, and that nobody gets around the question in good faith."""

from __future__ import annotations

import pytest

from tests.home import COMMAND, failed
from tests.unit.credentials.desktops import AGENT, agents, desktop, guarded, program, run, with_open_agent
from vault import errors

__all__ = ["desktop"]

pytestmark = pytest.mark.usefixtures("unmeasured")


def test_only_a_coding_agent_is_asked_about(home, desktop):
    """The same command: below a program of the list it is asked about, below another it is not."""
    agents(home, AGENT)
    guarded(home, "agent")
    home.make_vault()
    done = run(home, program(home, "editor"), COMMAND, "export", "prod")
    assert (done.returncode, desktop.shown()) == (0, [])
    with desktop.answering("deny"):
        done = run(home, program(home, AGENT), "sh", "-c", f"{COMMAND} export prod; exit $?")
    failed(done, 10, "you denied it at the desktop")
    with desktop.answering("once", number=2):
        done = run(home, program(home, AGENT), COMMAND, "export", "prod")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["claude", "codex", "cursor-agent", "aider", "code-server"])
def test_the_built_in_list_has_the_usual_ones(home, desktop, name):
    """Without a setting."""
    guarded(home, "agent")
    home.make_vault()
    with desktop.answering("deny"):
        assert run(home, program(home, name), COMMAND, "export", "prod").returncode == 10


def test_a_cached_answer_does_not_pass_a_coding_agent_by(home, desktop):
    """What others got is not remembered for warm exports, by the agent nor on disk."""
    agents(home, AGENT)
    with with_open_agent(home):
        guarded(home, "agent")
        home.settle()
        for _ in range(2):
            home.export("prod")
        with desktop.answering("deny"):
            assert run(home, program(home, AGENT), COMMAND, "export", "prod").returncode == 10


@pytest.mark.parametrize("words", [("exec", "prod", "--", "true"), ("login", "prod", "--print"), ("export", "prod", "--format", "env")])  # fmt: skip
def test_a_coding_agents_commands_are_not_asked_at_a_terminal(home, words):
    """It may control the terminal: without a desktop these are refused, with what to set."""
    agents(home, AGENT)
    guarded(home, "agent")
    home.make_vault()
    done = run(home, "script", "-qec", f"{program(home, AGENT)} {COMMAND} {' '.join(words)}", "/dev/null", AWSVAULT_PROMPT="tty")  # fmt: skip
    assert done.returncode == 10
    assert f"profile prod needs confirmation before {AGENT} uses it (awsvault_confirm = agent)" in done.stdout
    assert f'set prompt = "notification" in {home.file("config.toml")}' in done.stdout


def test_where_the_system_tells_nothing_everyone_is_asked_about(desk, home, desktop, monkeypatch):
    """Which program it is cannot be ruled out."""
    monkeypatch.setattr("vault.credentials.asking_program.ancestors", lambda _: ())
    guarded(home, "agent")
    with desktop.answering("deny"), pytest.raises(errors.Declined, match="you denied it"):
        desk.ask("prod")
    assert desktop.shown()[0][4].endswith("Asked by: unknown (the system does not tell)")


def test_a_refusal_names_the_coding_agent_and_a_way_out(home, desktop):
    """The hint leads out of its process tree."""
    agents(home, AGENT)
    guarded(home, "agent")
    home.make_vault()
    desktop.kill_service()
    failed(
        run(home, program(home, AGENT), COMMAND, "export", "prod"),
        10, f"before {AGENT} uses it", "there is no notification service", f"in a terminal outside {AGENT}",
    )  # fmt: skip
