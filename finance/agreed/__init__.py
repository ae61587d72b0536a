"""The contract of one order, and the facts stated about it."""
