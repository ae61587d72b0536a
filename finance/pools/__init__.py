"""Units, value of the day and loss order of money lent together: the bank's side."""
