"""The inner loop of scripts/check: its steps, and the tests of what was changed."""
