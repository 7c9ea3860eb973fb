"""`awsvault-py prompt` as click has it: its help, and its mistakes. The work is done before, by hand (promptline)."""

from __future__ import annotations

import click

from vault.cli import prompt_line


@click.command(name="prompt")
@click.option(
    "--for",
    "shell",
    type=click.Choice(prompt_line.SHELLS),
    default="plain",
    help="Whose prompt it stands in.",
)
@click.option(
    "--format",
    "form",
    default="{profile}{environment}{left}",
    metavar="TEXT",
    help="What is shown; {profile}, {environment} and {left} are replaced.",
)
def command(shell: str, form: str) -> None:
    r"""Print the profile of this shell, and how long its session lasts, for a prompt.

    Nothing where no profile is chosen, or its session is over. Inside exec it is exec's profile, else the one that
    AWS_PROFILE names: red in production, yellow where a yes is asked for or under five minutes are left, green where
    it is read-only. Asks no network and opens no vault. For all of a shell at once: awsvault-py shell-init. bash: PS1='$(awsvault-py prompt --for=bash) \\$ ', tmux: #(awsvault-py prompt --for=tmux)
    """
    prompt_line.run(["prompt", f"--for={shell}", f"--format={form}"])
