"""What each side posts: providers, buyer, lenders, tax office; loss, waterfall, end."""
