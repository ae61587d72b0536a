"""What must be true before a fact is taken."""
