"""The buyer's order: found, placed, amended, read from a form or a file."""
