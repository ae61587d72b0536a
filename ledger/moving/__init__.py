"""Backup, copy to another database, upgrade."""
