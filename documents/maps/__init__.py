"""Tables read by a map: columns, kinds, sources."""
