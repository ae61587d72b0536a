"""One order's way: run it, plan again, replace a firm, give back, call off."""
