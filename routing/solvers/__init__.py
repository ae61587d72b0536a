"""Flow, HiGHS, prices with annealing."""
