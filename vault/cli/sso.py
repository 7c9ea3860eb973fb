"""`awsvault-py sso login|logout|status`: signs in to IAM Identity Center, and out again."""

from __future__ import annotations

import click

from vault.cli import shared_options
from vault.cli.command_context import with_context
from vault.cli.result import report_result
from vault.cli.sign_in import Wanted, sign_in
from vault.cli.sign_in_rows import json_row, place_json, sections_json, valid_until
from vault.cli.terminal import emit_json, say, table
from vault.credentials import audit
from vault.credentials.forget_sessions import forget_sign_in
from vault.errors import Error, Usage
from vault.profiles import aws_files
from vault.secret import CacheKey
from vault.signin import sealed, target
from vault.signin.end import sign_out
from vault.signin.key import stored
from vault.store import vault
from vault.text import command as command_line
from vault.text import safe
from vault.unlocking.key_access import open_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vault.context import Context
    from vault.signin.record import SignInRecord
    from vault.signin.sealed import SignIns
    from vault.signin.target import SignInTarget


@click.group(name="sso")
def command() -> None:
    """Sign in to IAM Identity Center: login, logout, status."""


@command.command(name="login", short_help="Sign in to IAM Identity Center.")
@click.argument("name", metavar="[SESSION|PROFILE]", required=False)
@click.option("--device", is_flag=True, help="Use a device code, which you confirm in any browser.")
@click.option("--no-browser", is_flag=True, help="Print the page instead of opening it.")
@click.option("--browser", metavar="COMMAND", help="Open the page with this command. %s stands for the URL.")
@shared_options.as_json
@with_context
def login(
    context: Context, name: str | None, *, device: bool, no_browser: bool, browser: str | None, as_json: bool
) -> None:
    """Sign in to IAM Identity Center at an sso-session of ~/.aws/config, or at that of a profile.

    Without SESSION, use the only sso-session. The tokens are sealed beside the vault, and refreshed until the sign-in ends. Creates
    the vault if there is none. Over SSH, in WSL, in a container and without a browser, the sign-in uses a device code.
    """
    if device + no_browser + (browser is not None) > 1:
        raise Usage(
            "give only one of --device, --no-browser and --browser", hint="run: awsvault-py sso login --help"
        )
    config = aws_files.load(context.env, home=context.paths.home)
    place = target.of_name(context, config, name)
    wanted = Wanted(device=device, no_browser=no_browser, browser=browser)
    found = sign_in(context, config, place, wanted=wanted)
    if as_json:
        emit_json(json_row(found, now=context.clock.time()))
    elif not any(target.profiles_of(config, found.place)):
        setup = command_line("setup --sso", place.name)
        say(f"No profile uses it yet. To write one for each of your roles: {setup} --region REGION")


@command.command(name="logout", short_help="End a sign-in to IAM Identity Center.")
@click.argument("name", metavar="[SESSION|PROFILE]", required=False)
@click.option("--all", "everything", is_flag=True, help="End every sign-in.")
@shared_options.as_json
@with_context
def logout(context: Context, name: str | None, *, everything: bool, as_json: bool) -> int:
    """End a sign-in to IAM Identity Center, and delete its tokens and the cached sessions of its roles.

    Sessions of roles that were already issued stay valid until they expire.
    """
    if everything and name is not None:
        raise Usage("give SESSION or --all, not both", hint="run: awsvault-py sso logout --help")
    config = aws_files.load(context.env, home=context.paths.home)
    ended: list[dict[str, Any]] = []
    roles, failed = 0, None
    if sealed.any_file(context.paths) and vault.exists(context.paths):
        keys = open_keys(context, purpose="to sign out of IAM Identity Center")
        sign_ins, log = stored(context, keys), CacheKey(keys.cache_key, keys.vault_id)
        if sign_ins is not None:
            with sign_ins:
                for place in _to_end(context, config, sign_ins, name, everything=everything):
                    done = sign_out(context, sign_ins, place)
                    audit.log_sign_in(context, log, place.place, use="sign-out")
                    roles += forget_sign_in(context, keys, config, place.place)
                    ended.append({**place_json(place), "ended_at_aws": done.trouble is None})
                    failed = _tell_ended(place, done.trouble) or failed
        keys.close()
    if everything:
        sealed.remove_all(context.paths)
    elif not ended and name is not None:
        target.of_name(context, config, name)  # NotFound for a name that means nothing
    if not ended:
        say("There was no sign-in.")
    elif roles:
        count = "1 cached session" if roles == 1 else f"{roles} cached sessions"
        say(f"Deleted {count}. Sessions that were already issued stay valid until they expire.")
    report_result({"sessions": ended, "cached_sessions": roles}, as_json=as_json)
    return failed.exit_code if failed is not None else 0


def _to_end(
    context: Context, config: aws_files.Config, sign_ins: SignIns, name: str | None, *, everything: bool
) -> list[SignInTarget]:
    found = sign_ins.all()
    if everything or (name is None and len(found) <= 1):
        return [target.of_place(context, config, one.place) for one in found]
    if name is None:
        names = ", ".join(safe(one.place.name) for one in found)
        raise Usage("there are several sign-ins", hint=f"name one of them, or use --all: {names}")
    by_name = [one for one in found if one.place.name == name]
    if by_name:  # also one that the config does not name any more
        return [target.of_place(context, config, one.place) for one in by_name]
    wanted = target.of_name(context, config, name)
    return [wanted] if any(one.place == wanted.place for one in found) else []


def _tell_ended(place: SignInTarget, trouble: Error | None) -> Error | None:
    say(f"Signed out of {safe(place.place.name)}.")
    if trouble is not None:
        say(f"Warning: AWS could not be notified, so the sign-in may still be valid there: {trouble.message}")
    return trouble


@command.command(name="status", short_help="Show where you are signed in to IAM Identity Center.")
@shared_options.as_json
@with_context
def status(context: Context, *, as_json: bool) -> None:
    """Show where you are signed in to IAM Identity Center, and until when the access token is valid."""
    config = aws_files.load(context.env, home=context.paths.home)
    found: list[SignInRecord] = []
    if sealed.any_file(context.paths) and vault.exists(context.paths):
        keys = open_keys(context, purpose="to show the sign-ins")
        sign_ins = stored(context, keys)
        if sign_ins is not None:
            with sign_ins:
                found = sign_ins.all()
        keys.close()
    rows = [json_row(one, now=context.clock.time()) for one in found]
    rows += sections_json(config, known={one.place for one in found})
    if as_json:
        emit_json({"sessions": rows})
        return
    if not rows:
        say(f"There is no sign-in, and no sso-session. To add one, {target.no_section_hint()}")
        return
    table(
        context.env,
        ("SESSION", "SIGNED IN", "TOKEN VALID UNTIL", "START URL"),
        [
            (
                row.get("session", ""),
                "yes" if row["signed_in"] else "no",
                valid_until(one) if one is not None and row["signed_in"] else "",
                row.get("start_url", ""),
            )
            for row, one in zip(rows, [*found, *[None] * len(rows)], strict=False)
        ],
    )
    out = [row for row in rows if not row["signed_in"] and "session" in row]
    if out:
        say(f"To sign in: {command_line('sso login', out[0]['session'])}")
