"""Slots and credit lines held, booked, swapped and given back, all together or not at all."""
