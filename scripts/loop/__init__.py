"""The inner loop (scripts/check): its steps, and the tests of changed files."""
