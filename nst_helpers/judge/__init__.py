"""Judging results: by people."""
