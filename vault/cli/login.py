"""`awsvault-py login PROFILE`: opens the AWS console in a browser, signed in as the profile's role or user."""

from __future__ import annotations

import shlex

import click

from vault import limits
from vault.cli import banners, shared_options
from vault.cli.browsers import has_display, openers
from vault.cli.command_context import with_context
from vault.cli.disk_export import newer_key
from vault.cli.policy_options import policy_options
from vault.cli.profile_argument import profile_or_pick
from vault.cli.request_options import check_source, request_of
from vault.cli.result import report_result
from vault.cli.sign_in_offer import offering
from vault.cli.terminal import emit, local, rfc3339, say
from vault.credentials.profile_metadata import metadata_of
from vault.errors import Usage
from vault.profiles.credential_variables import without_credentials
from vault.run import browser_profile, environment_credentials
from vault.run.browser_handoff import Handoff
from vault.run.console_login import sign_in, sign_in_environment
from vault.system.clock import Deadline
from vault.system.programs import ProgramFailed, start_in_background
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.credentials.request import Request
    from vault.run.console_login import SignIn


@click.command(name="login")
@shared_options.named("profile")
@click.option(
    "-s", "--print", "--stdout", "only_print", is_flag=True, help="Print the URL instead of opening it."
)
@click.option("--service", metavar="NAME", help="Open this service, for example s3.")
@click.option("--path", metavar="PATH", help="Open this page, for example /cloudwatch/home?region=eu-west-1.")
@shared_options.source
@shared_options.region("Open the console in this region instead of the profile's.")
@shared_options.duration
@click.option(
    "--browser",
    metavar="NAME|COMMAND",
    help="firefox, chrome, chromium or edge: use a separate browser profile for each profile. "
    "Anything else is a command, in which %s is replaced with the URL.",
)
@click.option(
    "--env", "from_env", is_flag=True, help="Sign in with AWS_ACCESS_KEY_ID, … instead of a profile."
)
@policy_options
@shared_options.mfa_code
@click.option("--write", is_flag=True, help="Ignore awsvault_read_only for this sign-in.")
@shared_options.as_json
@with_context
def command(
    context: Context,
    *,
    profile: str | None,
    only_print: bool,
    service: str | None,
    path: str | None,
    source: str | None,
    region: str | None,
    duration: str | None,
    browser: str | None,
    from_env: bool,
    policy: str | None,
    policy_arn: tuple[str, ...],
    mfa_code: str | None,
    write: bool,
    as_json: bool,
) -> None:
    """Sign in to the AWS console as the role or the IAM user of PROFILE, in any AWS partition.

    A unique prefix of the profile name is enough. Without PROFILE, choose one at a terminal. For a role without a profile:
    login --source PROFILE ROLE-ARN. The sign-in URL is valid for 15 minutes, for anyone who has it. The browser reads it
    from a one-time page on this machine, so that it never appears on a command line.

    A profile without a role signs in as its IAM user (GetFederationToken), without MFA.
    """
    if service is not None and path is not None:
        raise Usage("give only one of --service and --path", hint="run: awsvault-py login --help")
    if from_env and profile is not None:
        raise Usage("give either a profile or --env", hint="run: awsvault-py login --help")
    check_source(profile, source)
    profile = environment_credentials.NAME if from_env else profile_or_pick(context, profile)
    own = (
        browser_profile.known(browser, context.env)
        if browser in browser_profile.NAMES and not only_print
        else None
    )
    browsers = [] if only_print or own is not None else openers(context, browser)
    context.newer_key = newer_key
    # The console stays signed in only until its session expires, so a new session is fetched.
    request = request_of(
        profile,
        duration=duration,
        fresh=True,
        mfa_code=mfa_code,
        write=write,
        ask=True,
        start=True,
        policy=policy,
        policy_arn=policy_arn,
        region=region,
        source=source,
    )
    way = sign_in_environment if from_env else sign_in
    found = offering(context, lambda context: way(context, request, tell=say, service=service, path=path))
    banners.production(context.env, metadata_of(found.issued))
    banners.shorter(found.issued, asked=duration is not None)
    if own is not None and has_display(context):
        browsers = [own.words(found.issued.chain.profile, state=context.paths.state)]
    if browsers:
        again = _again(found, request, {"--service": service, "--path": path}, from_env=from_env)
        _open(context, found, browsers, again=again)
    elif not as_json:
        _print_url(found, asked=only_print)
    report_result(_fields(found, from_env=from_env, opened=bool(browsers)), as_json=as_json)


def _print_url(found: SignIn, *, asked: bool) -> None:
    if not asked:
        say("No browser can be opened here. This URL is valid for 15 minutes:")
    emit(found.url.reveal_text())


def _fields(found: SignIn, *, from_env: bool, opened: bool) -> dict[str, object]:
    chain, expires = found.issued.chain, found.issued.expires
    return {
        "profile": None if from_env else chain.profile,
        "role_arn": chain.hops[-1].role_arn if chain.hops else None,
        "page": found.page,
        "expires": rfc3339(expires) if expires is not None else None,
        "url": None if opened else found.url.reveal_text(),
    }


def _again(found: SignIn, request: Request, page: dict[str, str | None], *, from_env: bool) -> str:
    """The command that prints the URL of the same page. ``page`` are the options that choose it."""
    words = ["login", "--print"]
    for option, value in page.items():
        words += [option, safe(value)] if value is not None else []
    printing = request.repeated(shlex.join(words))
    return f"awsvault-py {printing} --env" if from_env else found.issued.chain.command(printing)


def _open(context: Context, found: SignIn, browsers: list[list[str]], *, again: str) -> None:
    """Open the page in the first of ``browsers`` that can. ``again`` is the command for the user if none can."""
    role = found.issued.chain.hops[-1].role_arn if found.issued.chain.hops else found.issued.chain.profile
    until = f", until {local(found.issued.expires)}" if found.issued.expires else ""
    opening = f"Opening the console as {safe(role)}{until}."
    deadline = Deadline.after(limits.HANDOFF_TIME, clock=context.clock)
    env = without_credentials(context.child_env())
    with Handoff(found.url) as handoff:
        for words in browsers:
            marked = [word.replace("%s", handoff.url) for word in words]
            try:
                failed = start_in_background(marked if marked != words else [*words, handoff.url], env=env)
            except ProgramFailed as error:
                problem = error.message
                continue
            if opening:
                say(opening)
                opening = ""
            if handoff.serve(deadline=deadline, failed=failed):
                return
            problem = f"{safe(words[0])} {'did not open the page' if deadline.expired else 'failed'}"
    raise ProgramFailed(problem, hint=f"to open the page yourself: {again}")
