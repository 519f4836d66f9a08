"""Instant feedback for the exercises: a table per lesson, an `Exercise` each.

    from nst_helpers.course.checks import content_loss as check

    check.content_gradient(my_function)

A right answer is confirmed. A wrong one raises `AnswerError`, whose message names the likely
mistake; `check.content_gradient.hint()` helps without giving it away.
"""
