"""Pools opened and paid out, loans shared among lenders, vouchers passed down a chain."""
