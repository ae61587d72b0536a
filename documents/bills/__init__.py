"""Bills as they come and as they go: the terms of EN 16931 read from UBL and CII."""
