"""Papers: the invoice of an order goes out, a provider's bill comes in."""
