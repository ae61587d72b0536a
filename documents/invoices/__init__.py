"""Invoices out: data, UBL, PDF."""
