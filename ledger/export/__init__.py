"""The book for other tools and for a person's own SELECT."""
