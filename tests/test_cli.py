import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import nst_helpers
from nst_helpers import (
    RECIPES,
    Judge,
    NSTError,
    ProgressBar,
    Recipe,
    Verdict,
    data,
    get_recipe,
    load_image,
    paper,
    read_metadata,
    resize_to,
    save_image,
)
from nst_helpers.command import cli, judging, paint
from nst_helpers.command.doctor import Check
from nst_helpers.command.options import as_text
from nst_helpers.errors import DivergedError
from nst_helpers.network import weights
from nst_helpers.transfer import footprint, forecast, loop
from nst_helpers.transfer import stylize as transfer

TINY = ["--weights", "random", "--size", "32", "--pyramid", "1:3", "--precision", "float32"]
OPTION = {field.name: f"--{field.name.replace('_', '-')}" for field in dataclasses.fields(Recipe)}


def nst(*arguments: str | Path, charset: str = "utf-8") -> Result:
    result = CliRunner(charset=charset).invoke(cli.app, [str(argument) for argument in arguments])
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=Path(nst_helpers.__file__).parent.parent,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def settings(recipe: Recipe) -> dict[str, str]:
    return {name: as_text(value) for name, value in recipe.as_dict().items()}


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the commands would paint, without painting it."""
    calls: list[dict[str, Any]] = []

    def note(
        content: str, styles: list[str], recipe: Recipe, output: Path, *weights: Any, **how: Any
    ) -> None:
        calls.append({"pair": (content, *styles), "recipe": recipe, "output": output, **how})

    monkeypatch.setattr(paint, "_paint", note)
    return calls


def test_help_needs_no_tensorflow() -> None:
    done = run("-X", "importtime", "-m", "nst_helpers", "--help")
    assert done.returncode == 0
    assert "stylize" in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "nst_helpers.command.cli" in imported
    assert imported.isdisjoint({"tensorflow", "rich", "tqdm", "pooch"})


def test_version() -> None:
    assert nst("--version").stdout == f"nst {nst_helpers.__version__}\n"


def test_stylize_leaves_a_picture_and_its_record(tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    asked = ["--style-layers", "block1_conv1,block2_conv1", "--pooling", "average", "--no-clip"]
    result = nst("stylize", "china", "flower", "-o", output, *TINY, *asked)
    assert result.exit_code == 0
    recipe = Recipe(
        size=32,
        pyramid=((1.0, 3),),
        precision="float32",
        style_layers=("block1_conv1", "block2_conv1"),
        clip=False,
        pooling="average",
    )
    record = json.loads(output.with_suffix(".json").read_text())
    assert record["recipe"] == json.loads(json.dumps(recipe.as_dict()))
    assert record["weights"]["source"] == "random"
    assert read_metadata(output)["recipe"] == record["recipe"]
    assert load_image(output).shape == (21, 32, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.json", "out.png"]
    assert str(output) in result.stdout
    assert data.info("china").credit in result.stdout
    assert data.info("flower").credit in result.stdout
    assert result.stderr == ""


def test_start_image_is_where_it_starts(tmp_path: Path) -> None:
    # One step evaluates the start and nothing else, so the best picture is the start.
    output = tmp_path / "out.png"
    one_step = ("--start-image", "flower", "--pyramid", "1:1")
    assert nst("stylize", "china", "china", "-o", output, *TINY, *one_step).exit_code == 0
    flower = resize_to(data.load("flower"), (21, 32))
    np.testing.assert_allclose(load_image(output), flower, atol=0.5 / 255 + 1e-6)  # 8 bits


def test_several_styles_with_shares(painted: list[dict[str, Any]]) -> None:
    shares = ("--style", "flower", "--style-share", "1", "--style-share", "2.5")
    assert nst("stylize", "flower", "china", *shares, "-o", "out.png").exit_code == 0
    assert painted == [
        {
            "pair": ("flower", "china", "flower"),
            "recipe": Recipe(),
            "output": Path("out.png"),
            "style_shares": [1.0, 2.5],
            "start_image": None,
            "seconds": None,
            "resize": True,
            "resume": True,
        }
    ]


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_can_be_written_as_options(name: str, painted: list[dict[str, Any]]) -> None:
    wanted = dataclasses.replace(RECIPES[name], content_layers=())
    options = []
    for field, option in OPTION.items():
        value = getattr(wanted, field)
        if isinstance(value, bool):
            options.append(option if value else option.replace("--", "--no-"))
        else:
            options += [option, as_text(value)]
    assert nst("stylize", "a", "b", "-o", "c.png", *options).exit_code == 0
    assert settings(painted[0]["recipe"]) == settings(wanted)


def test_options_change_the_named_recipe(painted: list[dict[str, Any]]) -> None:
    assert nst("stylize", "a", "b", "-o", "c", "--recipe", "gatys2016", "--clip").exit_code == 0
    assert painted[0]["recipe"] == dataclasses.replace(get_recipe("gatys2016"), clip=True)


def test_help_describes_the_fields_of_a_recipe() -> None:
    text = " ".join(nst("stylize", "--help").stdout.split())
    assert [option for option in OPTION.values() if f"{option} " not in text] == []
    assert re.search(r"--history \S+ Pairs that L-BFGS remembers. \[default: 20\]", text)
    assert "0.4:60,0.7:40,1:25]" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["stylize", "china", "flower", "-o", "out.png", "--recipe", "gatys"], "'gatys2016'"),
        (["stylize", "china", "flowr", "-o", "out.png"], "did you mean 'flower'"),
        (["stylize", "china", "flower", "-o", "out.gif"], "suffix"),
        (["stylize", "china", "flower", "-o", "missing/out.png"], "missing"),
        (
            ["stylize", "china", "flower", "-o", "out.png", "--size", "3"],
            "size cannot be 3: it should be greater than or equal to 16",
        ),
        (["stylize", "china", "flower", "-o", "out.png", "--weights", "no.h5"], "no.h5"),
        (["demo", "--size", "3"], "size cannot be 3: it should be greater than or equal to 16"),
        (["demo", "-o", "missing/out.png"], "missing"),
        (["fetch", "flowr"], "did you mean 'flower'"),
        (["recipes", "gatys"], "'gatys2016'"),
    ],
)
def test_mistake_is_told_in_one_line_and_writes_nothing(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(weights, "fetch_weights", lambda: pytest.fail("fetched before checking"))
    result = nst(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("nst: ")
    assert result.stderr.count("\n") == 1
    assert said in result.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("option", "value"), [("--pyramid", "1"), ("--pyramid", "1:x"), ("--pooling", "mean")]
)
def test_malformed_value_names_its_option(option: str, value: str) -> None:
    result = nst("stylize", "china", "flower", "-o", "out.png", option, value)
    assert result.exit_code == 2
    assert f"'{option}'" in result.stderr
    assert f"'{value}'" in result.stderr


def test_interrupted_run_keeps_its_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(bar: ProgressBar, progress: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ProgressBar, "__call__", interrupt)
    output = tmp_path / "out.png"
    result = nst("stylize", "china", "flower", "-o", output, *TINY)
    assert result.exit_code == 130
    assert "best picture so far" in result.stderr
    assert load_image(output).shape == (21, 32, 3)
    assert json.loads(output.with_suffix(".json").read_text())["interrupted"] is True


def test_notices_of_the_package_are_shown(tmp_path: Path) -> None:
    small = save_image(np.full((20, 20, 3), 0.5), tmp_path / "small.png")
    result = nst("stylize", small, "flower", "-o", tmp_path / "out.png", *TINY)
    assert result.exit_code == 0
    (line,) = result.stderr.splitlines()
    assert line.startswith("nst: The picture is smaller than asked")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> list[Recipe]:
    """The recipes that would run, on a machine of known speed and memory, all notices shown."""
    recipes: list[Recipe] = []

    def stylize(contents: list[str], styles: list[str], recipe: Recipe, **how: Any) -> None:
        recipes.append(recipe)
        raise NSTError("That was all.")

    # Just what China in the style of a flower takes at size 112.
    free = footprint.peak_bytes(Recipe(size=112, precision="float32"), (427, 640), [(427, 640)])
    for module in (footprint, forecast):
        monkeypatch.setattr(module, "available_memory", lambda: free)
    monkeypatch.setattr(forecast, "measure_speed", lambda recipe: forecast.Speed(1e12, 0, 0))
    monkeypatch.setattr(transfer, "stylize_many", stylize)
    caplog.set_level("INFO", nst_helpers.__name__)
    return recipes


PAIR = ["stylize", "china", "flower", "-o", "out.png", "--weights", "random", "--precision=float32"]


def test_forecast_of_a_short_run_is_its_memory(asked: list[Recipe]) -> None:
    loading, *lines = nst(*PAIR, "--size", "112").stderr.splitlines()
    assert loading == "nst: Loading TensorFlow and the network ..."
    assert lines == ["nst: This run takes about 0.9 GB.", "nst: That was all."]


def test_forecast_of_a_long_run_is_memory_and_time(asked: list[Recipe]) -> None:
    lines = nst(*PAIR, "--size", "112", "--pyramid", "1:8000").stderr.splitlines()
    # 8,000 forward and backward passes of 112 x 80 pixels, 1.51 million operations per pixel.
    assert lines[1] == "nst: Measuring this machine's speed ..."
    assert lines[2] == "nst: This run takes about 0.9 GB and 109 s here."


def test_size_and_steps_for_a_given_time(asked: list[Recipe]) -> None:
    lines = nst(*PAIR, "--seconds", "1").stderr.splitlines()
    (recipe,) = asked
    assert recipe.size == 192
    assert lines[2].startswith(f"nst: Size 192 and {recipe.steps} steps")
    assert lines[3] == "nst: This run takes about 1.0 GB and 1 s here."
    assert nst(*PAIR, "--seconds", "1", "--size", "64").exit_code == 2
    assert asked[1].size == 64  # as asked


@pytest.mark.parametrize("seconds", ["0", "-3", "nan"])
def test_an_impossible_time_is_refused(asked: list[Recipe], seconds: str) -> None:
    result = nst(*PAIR, "--seconds", seconds)
    assert "The time must be a number of seconds above 0" in result.stderr
    assert not asked


def test_time_and_fit_exclude_each_other() -> None:
    result = nst(*PAIR, "--seconds", "10", "--fit")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "--fit and --seconds both choose the size" in result.stderr


def test_run_that_does_not_fit_is_told_before(asked: list[Recipe]) -> None:
    lines = nst(*PAIR, "--size", "400").stderr.splitlines()
    assert "needs about 1.2 GB and 0.9 GB are free" in lines[-2]
    assert "--fit" in lines[-2]
    assert asked[0].size == 400


def test_fit_takes_the_largest_size_that_fits(asked: list[Recipe]) -> None:
    lines = nst(*PAIR, "--size", "400", "--fit").stderr.splitlines()[1:]
    assert lines[:2] == [
        "nst: Size 112 is the largest that fits.",
        "nst: This run takes about 0.9 GB.",
    ]
    assert lines[2:] == ["nst: That was all."]
    assert asked == [Recipe(size=112, precision="float32")]


VERDICT = Verdict(0.51234, -6.5, 0.25, -0.125, 0.0)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would be judged, and the same verdict for all."""
    asked: list[Any] = []

    def call(judge: Judge, result: str) -> Verdict:
        asked.append((judge.content.shape, result))
        return VERDICT

    monkeypatch.setattr(Judge, "__call__", call)
    return asked


def test_judge_prints_a_row_for_each_result(judged: list[Any]) -> None:
    result = nst("judge", "china", "swirling_night", "flower", "china", "--size", "128")
    assert (result.exit_code, result.stderr) == (0, "")
    assert judged == [((85, 128, 3), "flower"), ((85, 128, 3), "china")]
    rows = result.stdout.splitlines()
    assert rows[0].split() == ["result", *judging.COLUMNS]
    assert rows[1].split() == ["lower", "higher", "lower", "higher", "lower"]
    assert rows[2].split() == ["flower", "0.512", "-6.50", "0.250", "-0.125", "0.000"]
    assert rows[3].split()[1:] == rows[2].split()[1:]
    assert len({len(row) for row in rows[:4]}) == 1
    assert rows[4] == ""
    starts = [row.split(" (")[0] for row in rows[5:] if not row.startswith(" ")]
    assert starts == list(judging.COLUMNS)
    assert "do not rank methods that match features" in " ".join(result.stdout.split())


def test_judge_prints_json(judged: list[Any]) -> None:
    result = nst("judge", "china", "swirling_night", "flower", "--json")
    assert json.loads(result.stdout) == {"flower": dataclasses.asdict(VERDICT)}
    assert judged[0][0] == (170, 256, 3)


def test_columns_of_the_table_are_those_of_a_verdict() -> None:
    assert list(judging.COLUMNS) == [field.name for field in dataclasses.fields(Verdict)]
    better = re.findall(r"(less|more)\s+is\s+better", Verdict.__doc__ or "")
    words = {"less": "lower", "more": "higher"}
    assert [words[word] for word in better] == [how[0] for how in judging.COLUMNS.values()]


def test_judge_checks_all_results_before_the_first(judged: list[Any]) -> None:
    result = nst("judge", "china", "swirling_night", "flower", "astronaut")
    assert result.exit_code == 2
    assert "'astronaut' has 512 x 512 pixels and other proportions" in result.stderr
    assert judged == []


def test_demo_makes_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, painted: list[dict[str, Any]]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert nst("demo", "--size", "64").exit_code == 0
    (run,) = painted
    assert run["pair"] == ("china", "swirling_night")
    assert (run["recipe"], run["output"]) == (Recipe(size=64), Path("outputs/demo.png"))
    assert Path("outputs").is_dir()


@pytest.mark.parametrize(
    ("given", "seconds", "resize"),
    [
        ([], 60, True),
        (["--seconds", "9"], 9, True),
        (["--size", "64"], None, False),
        (["--size", "64", "--seconds", "9"], 9, False),
    ],
)
def test_demo_fills_the_time_that_is_given(
    given: list[str],
    seconds: float | None,
    resize: bool,
    painted: list[dict[str, Any]],
    tmp_path: Path,
) -> None:
    assert nst("demo", "-o", tmp_path / "out.png", *given).exit_code == 0
    assert (painted[0]["seconds"], painted[0]["resize"]) == (seconds, resize)


def test_fetch_gets_weights_and_the_pictures_named(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []
    monkeypatch.setattr(weights, "fetch_weights", lambda: fetched.append("weights"))
    monkeypatch.setattr(data, "path", fetched.append)
    assert nst("fetch").exit_code == 0
    assert fetched == ["weights"]
    result = nst("fetch", "china", "--paper")
    assert fetched[1:3] == ["weights", "china"]
    assert {"tubingen", "the_scream"} <= set(fetched)
    assert "swirling_night" not in fetched
    assert data.info("tubingen").credit in result.stdout


def test_fetch_list_names_every_license() -> None:
    lines = nst("fetch", "--list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(data.names())
    for line, name in zip(lines, data.names(), strict=True):
        assert line.endswith(data.info(name).license)


def test_author_that_the_code_page_lacks_does_no_harm() -> None:
    done = run("-m", "nst_helpers", "fetch", "--list", PYTHONIOENCODING="cp932")
    assert done.returncode == 0
    assert "Neckarfront in T?bingen" in done.stdout


def test_recipes_are_listed_by_what_sets_them_apart() -> None:
    listed = nst("recipes").stdout
    assert [line.partition(":")[0] for line in listed.splitlines() if line[0] != " "] == [*RECIPES]
    assert "pooling max" in listed
    assert "pooling average" not in listed  # what the default does is not repeated


def test_one_recipe_is_shown_in_full() -> None:
    lines = nst("recipes", "pattern_card").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(OPTION)
    assert dict(line.split() for line in lines)["pyramid"] == "1:1000"


@pytest.mark.parametrize(("essential", "code"), [(True, 1), (False, 0)])
def test_doctor_fails_for_what_matters(
    essential: bool, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = [
        Check("Stone", True, True, "hard", "harden it"),
        Check("Water", False, essential, "dry", "wet it"),
    ]
    monkeypatch.setattr("nst_helpers.command.doctor.checks", lambda: iter(checks))
    result = nst("doctor")
    assert result.exit_code == code
    assert result.stdout == f"✓ Stone: hard\n{'✗' if essential else '–'} Water: dry -> wet it\n"
    marks = [line.split()[0] for line in nst("doctor", charset="ascii").stdout.splitlines()]
    assert marks == ["ok", "!!" if essential else "--"]


def progress(step: int) -> Any:
    from nst_helpers import Progress

    losses = {"content/block4_conv2": 1.0, "style/block1_conv1": 20.0, "style/block2_conv1": 3.0}
    return Progress(step, 60, losses, seconds=1.0, seconds_left=65.0, _best=None)


def test_progress_bar_tells_losses_and_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with ProgressBar() as bar:
        bar(progress(15))
    shown = capsys.readouterr().err
    assert "preparing" in shown
    assert "25%" in shown
    assert "15/60, 01:05 left, loss 24 = content 1 + style 23" in shown


def test_progress_bar_is_silent_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar() as bar:
        bar(progress(15))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", nst_helpers.__all__)
def test_public_name_is_there(name: str) -> None:
    assert getattr(nst_helpers, name) is not None
    assert name in dir(nst_helpers)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="No nst_helpers attribute paint"):
        nst_helpers.paint  # type: ignore[attr-defined]  # noqa: B018


def test_recipes_and_pictures_need_no_tensorflow() -> None:
    code = (
        "import sys, nst_helpers as n; n.get_recipe('gatys2016'), n.data.names(), n.load_weights; "
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert run("-c", code).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_figures(workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NST_VGG19_WEIGHTS", "random")
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    monkeypatch.setitem(paper.BUDGETS, "preview", paper.Budget(512, ((1.0, 1),)))
    how = ["--folder", tmp_path / "new", "--size", "32", "--workers", workers]
    result = nst("figures", "content_layer", *how)
    assert result.exit_code == 0, result.stderr
    assert "content_layer.png: Which content layer (with pictures of our own)." in result.stdout
    assert 'Made from "Pagoda over a lake in China", danielbuechele' in result.stdout
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        *("content_layer.png", "content_layer.json", "runs")
    }
    again = nst("figures", "content_layer", *how)
    assert again.stdout == result.stdout


def test_figures_without_such_a_figure() -> None:
    result = nst("figures", "fig3")
    assert result.exit_code == 2
    assert "choose from reconstructions, painters" in result.stderr


# Stopped, closed, or in the way


def start(output: Path) -> subprocess.Popen[str]:
    """Start a run of many steps in a process of its own, and return when it takes them."""

    def listen() -> None:  # what started these tests, such as nohup, may have it ignored
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            signal.signal(getattr(signal, name), signal.SIG_DFL)

    # A minute or two, and not so many steps that the machine's speed is measured first.
    long = ["--weights", "random", "--size", "32", "--pyramid", "1:9999", "--precision", "float32"]
    code = "from nst_helpers.command.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code, "stylize", "china", "flower", "-o", output, *long],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=listen,
    )
    assert process.stderr is not None
    while "steps," not in (line := process.stderr.readline()):
        assert line, "ended before its first step"
    return process


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_keeps_the_best_picture(tmp_path: Path, name: str) -> None:
    output, number = tmp_path / "out.png", getattr(signal, name)
    process = start(output)
    process.send_signal(number)
    try:
        _, words = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 128 + number
    assert "best picture so far" in words
    assert "Traceback" not in words
    assert load_image(output).shape == (21, 32, 3)


def test_a_stop_before_the_first_step_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*how: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(weights, "load_weights", interrupt)
    result = nst("stylize", "china", "flower", "-o", tmp_path / "out.png", *TINY)
    assert result.exit_code == 130
    assert result.stderr == "nst: Stopped before anything was written.\n"
    assert not list(tmp_path.iterdir())


def test_a_stop_between_loading_and_the_first_step_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*how: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "_compile", interrupt)
    result = nst("stylize", "china", "flower", "-o", tmp_path / "out.png", *TINY)
    assert result.exit_code == 130
    assert result.stderr.endswith("nst: Stopped before the first step; nothing was written.\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_no_harm(closed: str) -> None:
    command = f"'{sys.executable}' -m nst_helpers --version {closed}"
    assert (
        subprocess.run(
            ["sh", "-c", command], cwd=Path(nst_helpers.__file__).parent.parent
        ).returncode
        == 0
    )


@pytest.mark.parametrize("command", [[], ["stylize"], ["demo"], ["figures"], ["doctor"]])
def test_h_helps(command: list[str]) -> None:
    result = nst(*command, "-h")
    assert result.exit_code == 0
    assert "Usage: " in result.stdout


def test_an_input_is_never_the_output(tmp_path: Path) -> None:
    photo = save_image(np.full((40, 40, 3), 0.5), tmp_path / "photo.png")
    before = photo.read_bytes()
    for pair in ([photo, "flower"], ["flower", photo], ["china", "flower", "--start-image", photo]):
        result = nst("stylize", *pair, "-o", photo, *TINY)
        assert result.exit_code == 2
        assert "would be lost" in result.stderr
    assert photo.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_a_run_that_diverged_leaves_its_best_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stylized = transfer.stylize_many

    def diverge(*how: Any, **more: Any) -> None:
        error = DivergedError("The loss stopped being finite.")
        error.result = next(stylized(*how, **more))
        raise error

    monkeypatch.setattr(transfer, "stylize_many", diverge)
    result = nst("stylize", "china", "flower", "-o", tmp_path / "out.png", *TINY)
    assert result.exit_code == 2
    assert "The loss stopped being finite." in result.stderr
    assert load_image(tmp_path / "out.png").shape == (21, 32, 3)


def test_without_a_terminal_a_line_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", nst_helpers.__name__)
    with ProgressBar() as bar:
        for step in range(1, 61):
            bar(progress(step))
    assert len(caplog.messages) == 5  # the first, every quarter
    assert caplog.messages[1] == "15/60 steps, 01:05 left, loss 24 = content 1 + style 23"
