"""Asking firms exactly once: the driver, late answers, a person's word, undoing, fees, the sweep."""
