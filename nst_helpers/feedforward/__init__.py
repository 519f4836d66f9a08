"""Networks that paint in one pass: a decoder of features, and what is done to them (lesson 13)."""
