"""VGG19: its numbers, its arithmetic, and its features."""
