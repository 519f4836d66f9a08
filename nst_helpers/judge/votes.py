"""What people voted: the files of the page, and the strength of each method in them."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import StudyError
from ..files import as_path, quoted, reason

QUESTIONS = {"style": "Closer to the painting", "content": "Keeps more of the photo"}

_FORMAT, _VERSION = "nst_helpers votes", 1
_SHARES = {"left": 1.0, "right": 0.0, "tie": 0.5}  # of a win, for the method on the left
_95 = 1.96  # standard deviations on either side of the mean of a normal distribution
_STEPS = 200  # of Newton; about ten are enough
_EXPLAINED = """\
Strength: 0 is the mean; of two methods that differ by 0.41 one is preferred 60:40, by 1.10 75:25.
Each method has half a vote more won, and half a vote more lost. About 100 votes on two methods
show 60:40 in one study of two, 200 in four of five, and more are needed where people disagree."""
_log = logging.getLogger(__name__)

Vote = dict[str, str]  # pair, question, left and right (methods), and the choice


def read_votes(files: Sequence[str | os.PathLike[str]]) -> list[list[Vote]]:
    """Read the files that the page downloads; if several are of one person, the longest counts.

    Parameters
    ----------
    files : sequence of str or path

    Returns
    -------
    list of list of dict
        For each person the votes: ``pair``, ``question`` (a key of `QUESTIONS`), ``left`` and
        ``right`` (two methods) and ``choice`` ("left", "right" or "tie").

    Raises
    ------
    StudyError
        If there is no file, or one of them is not as the page writes it.
    """
    if not files:
        raise StudyError("No file of votes was given; give those that the page downloaded.")
    people: dict[str, list[Vote]] = {}
    for path in map(as_path, files):
        person, votes = _read(path)
        if person in people:
            _log.warning("%s is of a person of another file; the longer one counts.", quoted(path))
        people[person] = max(people.get(person, []), votes, key=len)
    return list(people.values())


def _read(path: Path) -> tuple[str, list[Vote]]:
    name, again = quoted(path), "download it from the page again"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(f"{name} cannot be opened ({reason(error)}); check the path.") from error
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{name} is not JSON; give a file that the page downloaded.") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise StudyError(f"{name} is no file of votes; give one that the page downloaded.")
    if content.get("version") != _VERSION:
        raise StudyError(
            f"{name} has votes of version {content.get('version')!a}, and this is for version "
            f"{_VERSION}; read them with the nst that made the page."
        )
    person, votes = content.get("voter"), content.get("votes")
    if not isinstance(person, str) or not isinstance(votes, list):
        raise StudyError(f"{name} lacks its voter or its votes; {again}.")
    if not votes:
        raise StudyError(f"{name} holds no vote; leave it out.")
    for number, vote in enumerate(votes, 1):
        if not _is_vote(vote):
            raise StudyError(f"{name} is damaged at vote {number}; {again}.")
        if vote["left"] == vote["right"]:
            raise StudyError(f"{name} sets a method against itself in vote {number}; {again}.")
    return person, votes


def _is_vote(vote: Any) -> bool:
    return (
        isinstance(vote, dict)
        and set(vote) == {"pair", "question", "left", "right", "choice"}
        and all(isinstance(value, str) for value in vote.values())
        and vote["question"] in QUESTIONS
        and vote["choice"] in _SHARES
    )


def count_wins(people: Sequence[Sequence[Vote]], methods: Sequence[str]) -> np.ndarray:
    """Count how often each person put each method (row) before each other one (column).

    Returns
    -------
    ndarray, float64, shape (V, M, M)
        For V people and M methods; a tie is half a win for both.
    """
    wins = np.zeros((len(people), len(methods), len(methods)))
    for person, votes in enumerate(people):
        for vote in votes:
            left, right = methods.index(vote["left"]), methods.index(vote["right"])
            wins[person, left, right] += _SHARES[vote["choice"]]
            wins[person, right, left] += 1 - _SHARES[vote["choice"]]
    return wins


def bradley_terry(wins: np.ndarray, prior: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Fit strengths s such that i wins against j with probability 1 / (1 + exp(s_j - s_i)).

    Parameters
    ----------
    wins : ndarray, shape (V, M, M)
        Of V people, as `count_wins` gives them.
    prior : float
        Votes that every method is taken to have won besides, and as many to have lost, spread
        evenly over the others: a method that never lost has a finite strength. Two methods with w
        and l wins differ by log((w + prior) / (l + prior)).

    Returns
    -------
    strengths, errors : ndarray, float64, shape (M,)
        Strengths with mean 0, and their standard errors: the larger of two, as votes of one person
        are alike. The Fisher information takes all votes as independent; the other follows from
        the spread between people, and means little for few of them. Neither needs a seed, and the
        first one holds for a method that never lost, which a bootstrap takes for certain.

    References
    ----------
    Bradley, Terry, Biometrika 39 (1952). Liang, Zeger, Biometrika 73 (1986): the spread. Bach,
    Electronic Journal of Statistics 4 (2010): why steps so shortened never overshoot.
    """
    people, count, _ = wins.shape
    total = wins.sum(0) + (1 - np.eye(count)) * prior / (count - 1)
    strengths = np.zeros(count)
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(strengths - strengths[:, None]))
        gradient, covariance = _newton(total, chance)
        step = covariance @ gradient
        strengths = strengths + step / (1 + np.ptp(step))
        if np.ptp(step) < 1e-9:
            break
    pulls = (wins - (wins + wins.swapaxes(1, 2)) * chance).sum(2) @ covariance
    spread = (pulls**2).sum(0) * people / max(people - 1, 1)
    return strengths, np.sqrt(np.maximum(covariance.diagonal(), spread))


def _newton(wins: np.ndarray, chance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the log likelihood's gradient, and the inverse of its information for mean 0."""
    games = wins + wins.T
    information = -games * chance * chance.T
    np.fill_diagonal(information, 0)
    np.fill_diagonal(information, -information.sum(1))
    return (wins - games * chance).sum(1), np.linalg.pinv(information)


def report(files: Sequence[str | os.PathLike[str]]) -> str:
    """Return a table of strengths for each question, from the files that the page downloads.

    Raises
    ------
    StudyError
        As `read_votes`.
    """
    people = read_votes(files)
    asked = ([[v for v in votes if v["question"] == key] for votes in people] for key in QUESTIONS)
    answered = ([votes for votes in chosen if votes] for chosen in asked)
    tables = [_table(*both) for both in zip(QUESTIONS.values(), answered, strict=True) if both[1]]
    return "\n\n".join([*tables, _EXPLAINED])


def _table(title: str, people: Sequence[Sequence[Vote]]) -> str:
    """Return the lines for one question, the strongest method first."""
    every = [vote for votes in people for vote in votes]
    methods = sorted({vote[side] for vote in every for side in ("left", "right")})
    wins = count_wins(people, methods)
    games = (wins + wins.swapaxes(1, 2)).sum(0)
    fewest = games[~np.eye(len(methods), dtype=bool)].min()
    ties = sum(vote["choice"] == "tie" for vote in every)
    names = [name if name.isprintable() else ascii(name) for name in methods]
    width = max(map(len, [*names, "method"]))
    rows = zip(names, *bradley_terry(wins), wins.sum((0, 2)), games.sum(1), strict=True)
    return "\n".join(
        [
            f"{title}. People: {len(people)}, votes: {len(every)} (cannot say: {ties}), "
            f"on any two methods at least {fewest:.0f}.",
            f"{'method':{width}}  strength       95 %       wins  votes",
            *(_row(*row, width) for row in sorted(rows, key=lambda row: -row[1])),
        ]
    )


def _row(name: str, strength: float, error: float, won: float, votes: float, width: int) -> str:
    low, high = strength - _95 * error, strength + _95 * error
    interval = f"{low:+5.2f} to {high:+5.2f}"
    return f"{name:{width}}  {strength:+8.2f}  {interval}  {won / votes:4.0%}  {votes:5.0f}"
