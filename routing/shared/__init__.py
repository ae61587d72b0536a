"""The many-orders problem, its answer, its independent check."""
