"""Init, doctor."""
