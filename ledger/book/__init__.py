"""Reading and appending inside an open write: entries, capacity, calls."""
