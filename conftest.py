"""How the lessons are compared when nbval runs them."""

import pytest
from nbval.plugin import IPyNbFile


def pytest_collectstart(collector: pytest.Collector) -> None:
    # A driver's or library's message differs between machines and is no part of a lesson.
    # That no lesson stores one is checked in tests/test_course.py.
    if isinstance(collector, IPyNbFile):
        collector.skip_compare += ("stderr",)
