"""Instant feedback for the exercises: one module per lesson, one function per exercise.

    from nst_helpers.course.checks import lesson03 as check

    check.content_gradient(my_function)

A right answer comes back as a short word of praise. A wrong one raises `AnswerError`, whose message
names the likely mistake.
"""
