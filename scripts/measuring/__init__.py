"""What scripts/bench is made of. Measures whole processes from outside, by os.wait4 and perf_counter."""
