"""Opening and reading strangers' files safely."""
