"""The book on PostgreSQL, and its sealer."""
