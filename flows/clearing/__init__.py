"""Signed debts gathered from members, set off together and booked by each."""
