"""Bank statements in, and what each entry pays."""
