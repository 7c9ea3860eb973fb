"""Small mistakes in the program, and what the tests make of them: the parts of scripts/mutants."""
