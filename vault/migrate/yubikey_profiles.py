"""Plans the lines that let profiles take their MFA codes from a YubiKey. Pure, but for the files that it is given."""

from __future__ import annotations

import shlex

from vault.profiles import aws_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.migrate.edit_plan import EditPlan
    from vault.migrate.setup import Setup

_KEY = "mfa_process"


def planned(run: Setup, profiles: Sequence[str], words: Sequence[str]) -> EditPlan:
    """The edits that set mfa_process to the command ``words`` in each of the profiles that the config file has."""
    value = shlex.join(words)
    document = run.files.config
    for name in profiles:
        if not document.headers(name):
            continue
        lines = document.places(name, aws_files.PREFIX + _KEY) or document.places(name, _KEY)
        if lines:
            run.plan.config += [document.set_value(line, value) for line in lines]
        else:
            run.insert(name, [(_KEY, value)])
        run.plan.done.append(name)
    return run.plan
