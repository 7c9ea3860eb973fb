"""1,500 generated profiles: what reads them stays as fast as before. Ratios only, each of the best of several runs."""

from __future__ import annotations

import time

import botocore.session
import pytest

from tests.home import COMMAND
from tests.signins import config, place
from tests.unit.agent.at_home import stop, unlock, with_agent
from vault.aws.sso_lists import SsoAccount
from vault.migrate import edit_plan, sso_profiles
from vault.migrate.sso_names import AssignedRole
from vault.migrate.sso_profiles import SignInProfiles
from vault.profiles import aws_files

MANY, FEW = 1500, 15


def best(act, times=5, clock=time.process_time):
    """The shortest time of several, of this process alone: what other processes take is left out."""
    spent = []
    for _ in range(times):
        began = clock()
        act()
        spent.append(clock() - began)
    return min(spent)


def generate(home, count, before=""):
    """Write ``count`` profiles as setup plans them."""
    home.config(before + config())
    roles = {
        f"account-{n}/Role": AssignedRole(SsoAccount(f"{n:012}", f"account-{n}", ""), "Role")
        for n in range(count)
    }
    wish = SignInProfiles(place(), roles, (COMMAND,), lambda _: False)
    held = edit_plan.read(home.env, home=home.root)
    plan = sso_profiles.planned(held, wish, gone=lambda *_: False, prune=True)
    with open(home.config_path, "wb") as file:
        file.write(held.config.apply(plan.config))
    return wish


def test_loading_takes_no_longer_than_in_botocore(home):
    """Both read the whole file; the parser is not quadratic."""
    generate(home, MANY)
    own = best(lambda: aws_files.load(home.env, home=home.root))
    theirs = best(
        lambda: (
            botocore.session.Session(
                session_vars={"config_file": (None, None, home.config_path, None)}
            ).full_config
        )
    )
    assert own < 5 * theirs


def test_planning_grows_with_the_number_of_profiles(home):
    """A hundred times the profiles: not much more than a hundred times the time, also where all of them change."""

    def plans(count, words):
        wish = generate(home, count)._replace(words=words)
        held = edit_plan.read(home.env, home=home.root)

        def plan():
            found = sso_profiles.planned(held, wish, gone=lambda *_: False, prune=True)
            assert len(found.done) == (count if words != (COMMAND,) else 0)
            return found.changes(held)

        return best(plan, 3)

    for words in ((COMMAND,), ("/opt/awsvault-py",)):
        assert plans(MANY, words) < 1000 * max(plans(FEW, words), 0.0005)


@pytest.mark.usefixtures("unmeasured")
def test_a_warm_export_does_not_notice_them(home, aws):
    """It reads none of AWS's files."""
    with_agent(home)
    with open(home.config_path, encoding="utf-8") as file:
        scenario = file.read()
    unlock(home)
    try:

        def warm():
            home.export("dev")
            home.settle()
            home.export("dev")
            calls = len(aws.calls)
            spent = best(lambda: home.export("dev"), 7, time.perf_counter)
            assert len(aws.calls) == calls
            return spent

        few = warm()
        generate(home, MANY, before=scenario)
        assert warm() < 3 * few
    finally:
        stop(home)
