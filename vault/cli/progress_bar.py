"""A progress bar on stderr, at a terminal only."""

from __future__ import annotations

import click

from vault.cli.terminal import is_live

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

_WIDTH = 30


class ProgressBar:
    """A context manager: its line is overwritten at each call, and ended when the context ends."""

    def __init__(self, env: Mapping[str, str], what: str) -> None:
        """``what`` is counted, in the plural."""
        self._live = is_live(env)
        self._what = what
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            click.echo(err=True)

    def show(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` are done."""
        if not self._live or not total:
            return
        filled = _WIDTH * done // total
        self._shown = True
        click.echo(
            f"\r  [{'#' * filled}{' ' * (_WIDTH - filled)}] {done} of {total} {self._what}",
            nl=False,
            err=True,
        )
