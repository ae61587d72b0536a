"""Contract and facts folded into dated journals; what is expected next."""
