"""A lender's answer from rules as data; what makes two orders the same."""
