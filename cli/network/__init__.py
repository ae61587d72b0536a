"""Provider, lender, node."""
