"""UBL order XML."""
