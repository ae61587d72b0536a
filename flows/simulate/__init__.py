"""Owned against shared capacity played many times over the real planner."""
