"""What many firms owe one another, set off against the least that must still be paid."""
