"""Is the book whole: records, tree, balances, derived tables, schema."""
