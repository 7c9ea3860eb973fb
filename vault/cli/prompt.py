"""`awsvault-py prompt` as a click command, for its help and usage errors. vault/cli/prompt_line.py does the work."""

from __future__ import annotations

import click

from vault.cli import prompt_line


@click.command(name="prompt")
@click.option(
    "--for",
    "shell",
    type=click.Choice(prompt_line.SHELLS),
    default="plain",
    help="The shell or program that shows the prompt.",
)
@click.option(
    "--format",
    "form",
    default="{profile}{environment}{left}",
    metavar="TEXT",
    help="The text to print. {profile}, {environment} and {left} are replaced.",
)
def command(shell: str, form: str) -> None:
    r"""Print this shell's profile and when its session expires, for a shell prompt.

    Inside exec, the profile is that of exec; otherwise it is AWS_PROFILE. Prints nothing if there is none, or if its session
    has expired. Red: production. Yellow: the profile needs a confirmation, or the session expires within five minutes. Green:
    read-only. Uses no network and does not unlock the vault.

    awsvault-py shell-init sets this up. To do it yourself, in bash: PS1='$(awsvault-py prompt --for=bash) \\$ ',
    tmux: #(awsvault-py prompt --for=tmux)
    """
    prompt_line.run(["prompt", f"--for={shell}", f"--format={form}"])
