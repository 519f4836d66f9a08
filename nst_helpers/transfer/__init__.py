"""A run: the loop from coarse to fine, its forecast, its result, and many of them."""
