"""How long a test waits for what must come. It costs nothing where all is well, and ends a test where it is not."""

#: Seconds. The longest wait that is no fault: a whole step of an MFA code (30 s), on a machine that does much besides.
PATIENCE = 150
