"""How late and how much, learned from what was known on the day."""
