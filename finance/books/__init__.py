"""Accounts, balances, debts, foreign money, corrections."""
