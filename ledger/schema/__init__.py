"""The two schemas, their views and versions."""
