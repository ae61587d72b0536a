"""One record and its bytes: what is written, signed, asked for; what a database must do."""
