"""`awsvault-py shell-init` as a click command, for its help and usage errors. vault/cli/shell_hooks.py has the text."""

from __future__ import annotations

import click

from vault.cli import shell_hooks


@click.command(name="shell-init")
@click.argument("shell", type=click.Choice(shell_hooks.SHELLS))
@click.option(
    shell_hooks.NO_PROMPT, is_flag=True, help="Do not change the prompt (for starship, tmux, or your own)."
)
@click.option(
    shell_hooks.SDK_LOAD_CONFIG,
    is_flag=True,
    help="Also set AWS_SDK_LOAD_CONFIG=1, which the Go SDK v1 and the JavaScript SDK v2 need to read ~/.aws/config.",
)
def command(shell: str, *, no_prompt: bool, sdk_load_config: bool) -> None:
    """Print the SHELL integration: completion, the profile in the prompt, and avp, which switches profiles.

    avp PROFILE sets AWS_PROFILE (a unique prefix is enough). avp alone lets you choose a profile. avp --off unsets it.

    bash: eval "$(awsvault-py shell-init bash)" at the end of ~/.bashrc; zsh: the same in ~/.zshrc, after compinit;
    fish: awsvault-py shell-init fish | source
    """
    click.echo(shell_hooks.text(shell, prompt=not no_prompt, sdk_load_config=sdk_load_config), nl=False)
