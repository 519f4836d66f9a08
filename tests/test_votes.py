"""`nst judge --votes`: strengths against closed forms, SciPy and known truths; bad files."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats
from typer.testing import CliRunner

from nst_helpers.command import cli
from nst_helpers.errors import StudyError
from nst_helpers.judge.votes import bradley_terry, count_wins, read_votes, report

TRUTH = np.array([-0.8, -0.1, 0.2, 0.7])


def two(wins: float, losses: float) -> np.ndarray:
    return np.array([[[0, wins], [losses, 0]]])


@pytest.mark.parametrize(("wins", "losses"), [(3, 1), (60, 40), (7.5, 2.5), (5, 5)])
@pytest.mark.parametrize("prior", [0, 0.5])
def test_two_methods_differ_by_the_logarithm_of_the_odds(
    wins: float, losses: float, prior: float
) -> None:
    strengths, errors = bradley_terry(two(wins, losses), prior)
    wins, losses = wins + prior, losses + prior
    assert strengths[0] - strengths[1] == pytest.approx(math.log(wins / losses), abs=1e-9)
    assert strengths.sum() == pytest.approx(0, abs=1e-12)
    # The variance of log odds is 1/w + 1/l, and each strength is half of their difference.
    np.testing.assert_allclose(errors, math.sqrt(1 / wins + 1 / losses) / 2, rtol=1e-9)


@pytest.mark.parametrize("wins", [1, 10, 10_000])
def test_a_method_that_never_lost_has_a_finite_strength(wins: int) -> None:
    strengths, errors = bradley_terry(two(wins, 0))
    assert strengths[0] - strengths[1] == pytest.approx(math.log((wins + 0.5) / 0.5))
    assert errors[0] > 0.5


@pytest.mark.parametrize("seed", range(6))
def test_strengths_are_the_most_likely_ones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(3, 9))
    wins = rng.poisson(rng.choice([0.3, 3, 100], (count, count))) * (1.0 - np.eye(count))
    prior = 0.5 * (1 - np.eye(count)) / (count - 1)

    def loss(strengths: np.ndarray) -> float:
        differences = strengths[:, None] - strengths
        return float(((wins + prior) * np.logaddexp(0, -differences)).sum())

    found = optimize.minimize(loss, np.zeros(count), method="BFGS", options={"gtol": 1e-8}).x
    # BFGS stops with differences for gradients at about 1e-4 of a unit.
    np.testing.assert_allclose(bradley_terry(wins[None])[0], found - found.mean(), atol=1e-3)


def simulated(people: int, each: int, taste: float, rng: np.random.Generator) -> np.ndarray:
    """Let people vote whose strengths scatter around the truth by `taste`."""
    own = TRUTH + rng.normal(0, taste, (people, len(TRUTH)))
    chance = 1 / (1 + np.exp(own[:, None] - own[:, :, None]))
    wins = rng.binomial(each, chance)
    return np.tril(wins, -1) + np.tril(each - wins, -1).swapaxes(1, 2)


def coverage(studies: list[np.ndarray], truth: np.ndarray) -> float:
    fits = [bradley_terry(wins) for wins in studies]
    return float(np.mean([abs(strength - truth) < 1.96 * error for strength, error in fits]))


def test_intervals_hold_the_truth_as_often_as_they_say(rng: np.random.Generator) -> None:
    # 300 studies with about 3 free strengths: 95 % comes out within 3 x 0.9 %.
    studies = [simulated(20, 3, 0, rng) for _ in range(300)]
    assert 0.92 < coverage(studies, TRUTH) < 0.985


def test_intervals_hold_it_where_people_differ(rng: np.random.Generator) -> None:
    chances = simulated(200_000, 1, 1, rng).sum(0)
    truth = bradley_terry(chances[None])[0]  # of all people: nearer to each other than one's own
    studies = [simulated(20, 5, 1, rng) for _ in range(300)]
    # Over seeds 0.94 to 0.95, and 0.71 to 0.74 as if all votes were independent, of one person.
    assert coverage(studies, truth) > 0.91
    assert coverage([wins.sum(0)[None] for wins in studies], truth) < 0.8


@pytest.mark.parametrize(("votes", "power"), [(100, 0.5), (200, 0.8)])
def test_votes_that_show_60_to_40(votes: int, power: float) -> None:
    fits = [bradley_terry(two(wins, votes - wins)) for wins in range(votes + 1)]
    seen = [abs(strengths[0]) > 1.96 * errors[0] for strengths, errors in fits]
    found = stats.binom.pmf(np.arange(votes + 1), votes, 0.6)[seen].sum()
    assert found == pytest.approx(power, abs=0.06)
    assert stats.binom.pmf(np.arange(votes + 1), votes, 0.5)[seen].sum() < 0.07


def vote(choice: str = "left", **changed: str) -> dict[str, str]:
    plain = {"pair": "pagoda", "question": "style", "left": "a", "right": "b", "choice": choice}
    return plain | changed


def test_a_tie_is_half_a_win_for_both() -> None:
    votes = [vote("left"), vote("tie"), vote("right"), vote("left", left="b", right="a")]
    assert count_wins([votes, [vote()]], "ab").tolist() == [
        [[0, 1.5], [2.5, 0]],
        [[0, 1], [0, 0]],
    ]


def file_of(votes: Any, **changed: Any) -> str:
    plain = {"format": "nst_helpers votes", "version": 1, "voter": "one", "votes": votes}
    return json.dumps(plain | changed)


def test_the_longest_file_of_a_person_counts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    contents = [file_of([vote()]), file_of([vote()] * 3), file_of([vote()] * 2)]
    files = [tmp_path / f"{number}.json" for number in range(4)]
    for file, content in zip(files, [*contents, file_of([vote("tie")], voter="two")], strict=True):
        file.write_text(content)
    assert [len(votes) for votes in read_votes(files)] == [3, 1]
    assert [record.args for record in caplog.records] == [(f"'{file}'",) for file in files[1:3]]


def test_the_report(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(file_of([vote("right"), vote("tie"), vote("right")]))
    other = [vote("left", question="content"), vote("right", left="c\x1b[2J", right="b")]
    (tmp_path / "two.json").write_text(file_of(other, voter="two"))
    result = CliRunner().invoke(
        cli.app, ["judge", "--votes", *map(str, sorted(tmp_path.glob("*.json")))]
    )
    style, content, explained = result.stdout.split("\n\n")
    lines = style.splitlines()
    counted = "People: 2, votes: 4 (cannot say: 1), on any two methods at least 0."
    assert lines[0] == f"Closer to the painting. {counted}"
    assert [line.split()[0] for line in lines[1:]] == ["method", "b", "a", r"'c\x1b[2J'"]
    assert lines[2].split()[-2:] == ["88%", "4"]
    assert content.startswith("Keeps more of the photo. People: 1, votes: 1 (")
    assert f"differ by {math.log(60 / 40):.2f} one is preferred 60:40" in explained
    assert f"by {math.log(75 / 25):.2f} 75:25" in explained
    assert "\x1b" not in result.stdout


FILES = {
    "not JSON": ("{", "is not JSON"),
    "binary": ("\udcff", "is not JSON"),
    "deep": ("[" * 100_000, "is not JSON"),
    "nothing": ("", "is not JSON"),
    "a list": ("[1, 2]", "is no file of votes"),
    "a record of a run": ('{"recipe": {}, "content": "china"}', "is no file of votes"),
    "a later version": (file_of([vote()], version=2), "version 2, and this is for version 1"),
    "no version": (file_of([vote()], version=None), "version None"),
    "no voter": (file_of([vote()], voter=None), "lacks its voter or its votes"),
    "votes of another kind": (file_of("left"), "lacks its voter or its votes"),
    "empty": (file_of([]), "holds no vote"),
    "a vote of another kind": (file_of([vote(), 1]), "damaged at vote 2"),
    "a vote that lacks a method": (file_of([{"choice": "left"}]), "damaged at vote 1"),
    "an unknown question": (file_of([vote(question="beauty")]), "damaged at vote 1"),
    "an unknown choice": (file_of([vote("both")]), "damaged at vote 1"),
    "a method that is a number": (file_of([vote() | {"left": 1}]), "damaged at vote 1"),
    "a method against itself": (file_of([vote(right="a")]), "against itself in vote 1"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_bad_file_gets_one_sentence(tmp_path: Path, kind: str) -> None:
    content, message = FILES[kind]
    bad, good = tmp_path / "bad.json", tmp_path / "good.json"
    bad.write_bytes(content.encode(errors="surrogateescape"))
    good.write_text(file_of([vote()]))
    with pytest.raises(StudyError, match=message) as caught:
        report([good, bad])
    assert "\n" not in str(caught.value)
    assert "bad.json" in str(caught.value)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"none\.json' cannot be opened \(No such file"):
        report([tmp_path / "none.json"])
    with pytest.raises(StudyError, match="No file of votes was given"):
        report([])
