"""Ledger: look, prove, export."""
