"""How long a test waits for what must come. It costs nothing where all is well, and ends a test where it is not."""

import time

#: Seconds. The longest wait that is no fault: a whole step of an MFA code (30 s), on a machine that does much besides.
PATIENCE = 150


def early_in_a_step():
    """Come back when most of an MFA code's step of 30 seconds is left."""
    time.sleep(max(0.0, 30 - time.time() % 30) if time.time() % 30 > 8 else 0)
