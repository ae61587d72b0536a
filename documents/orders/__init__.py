"""Orders from TOML, JSON, CSV, mapped tables."""
