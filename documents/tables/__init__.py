"""Outside routing tables."""
