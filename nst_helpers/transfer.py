"""The loop: start image, coarse to fine, several compiled steps per call, and a record (lesson 07).

All of an optimization stays on the device. The host sees the loss terms and decides, about once a
second, whether to go on; that is where progress, Ctrl-C and the guard against NaN have their place.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, NamedTuple

import numpy as np

from . import data, files
from ._tensorflow import tf
from .errors import DivergedError, ImageError, NSTError, RecipeError
from .images import check_image, checksum, load_image, resize, resize_to
from .objective import Objective
from .optimizers import LBFGS, Adam, Optimizer
from .options import Pooling
from .precision import device_name, resolve_precision
from .recipes import Recipe, as_recipe
from .result import Result
from .scales import Scale, Shape, cell, frame, plan, unframed
from .tiling import TiledObjective
from .vgg19 import VGG19, normalize_weights
from .weights import Weights, load_weights

_log = logging.getLogger(__name__)

#: A file, a registered name, or whatever else `images.load_image` reads.
Picture = str | PathLike[str] | np.ndarray | Any

_SECONDS_PER_CALL = 1.0  # often enough for a progress bar, seldom enough to cost nothing
_MOST_STEPS_PER_CALL = 50
_MOST_RECOVERIES = 5  # one after the other, with no lower loss between them
_SLACK_OF_SHAPES = 0.02  # in the proportions of a start image, since sides are whole numbers

#: What `normalize_network` averages over; the paper does not name its images. Of fewer pictures,
#: channels that hardly fire in them are blown up until they make up nearly all of the style loss.
NORMALIZATION_PICTURES = (
    "china",
    "flower",
    "swirling_night",
    "woodcut_waves",
    "stained_glass",
    "pointillist_meadow",
    "cubist_facets",
    "ink_mountains",
    "turning_discs",
)


class Stop(Exception):
    """Raise this in a callback to end a run and keep its result so far."""


@dataclass(frozen=True)
class Progress:
    """What a callback sees, about once a second.

    Attributes
    ----------
    step, steps : int
        Steps done and to do, over all scales.
    losses : dict of str to float
        The weighted terms of the last step; they sum to the total loss.
    seconds, seconds_left : float
        Since the start, and a guess of the rest from the pixels still to do.
    """

    step: int
    steps: int
    losses: dict[str, float]
    seconds: float
    seconds_left: float
    _best: tf.Tensor = field(repr=False)
    _shape: Shape = field(repr=False, default=(0, 0))

    @property
    def image(self) -> np.ndarray:
        """The best image so far, float32 RGB in [0, 1], shape (H, W, 3)."""
        return _as_image(self._best, self._shape)


def stylize(
    content: Picture,
    style: Picture | Sequence[Picture],
    recipe: Recipe | str | None = None,
    *,
    style_shares: Sequence[float] | None = None,
    start_image: Picture | None = None,
    weights: Weights | None = None,
    callback: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> Result:
    """Paint the content picture in the style of another.

    Parameters
    ----------
    content : str, path or ndarray
        A file, the name of a registered picture (`data.names`), float32 RGB in [0, 1] of shape
        (H, W, 3), or whatever else `images.load_image` reads: bytes, an open file, a Pillow image.
    style : the same, or a list or tuple of them
        Several styles are mixed by averaging their Gram matrices.
    recipe : Recipe or str, optional
        A recipe or the name of one; by default `Recipe()`.
    style_shares : sequence of float, optional
        Weight of each style; equal by default.
    start_image : the same as content, optional
        Starts from this picture instead of what the recipe says. It must have the content's
        proportions. Only the last scale of the pyramid is run: a coarser one would throw away what
        the picture has over it.
    weights : Weights, optional
        From `load_weights`; by default the pretrained ones.
    callback : callable, optional
        Called about once a second with a `Progress`. It may raise `Stop`.
    **settings
        Fields of the recipe to change, such as ``size=640``.

    Returns
    -------
    Result
        Its image is the one with the lowest loss on the last scale. After Ctrl-C, the kernel's
        stop button or `Stop` it is the best of the scale that was reached.

    Raises
    ------
    ImageError, DataError
        If a picture cannot be read or found, or the start has other proportions.
    WeightsError
        If the weights cannot be had.
    RecipeError
        If the recipe is not possible, or the shares do not fit the styles.
    DivergedError
        If the loss is not finite and smaller steps do not help; its `result` has the best image.
    """
    how: dict[str, Any] = {"style_shares": style_shares, "start_image": start_image, **settings}
    many = stylize_many([content], style, recipe, weights=weights, callback=callback, **how)
    return next(many)


def stylize_many(
    contents: Iterable[Picture],
    style: Picture | Sequence[Picture],
    recipe: Recipe | str | None = None,
    *,
    style_shares: Sequence[float] | None = None,
    start_image: Picture | None = None,
    weights: Weights | None = None,
    callback: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> Iterator[Result]:
    """Paint several content pictures in one style, which is prepared once.

    Pictures of equal size also share the compiled steps, so each after the first starts at once.
    Parameters, results and errors are those of `stylize`. A run that was interrupted still gives
    its result. After Ctrl-C or the kernel's stop button it is the last one; after `Stop` the next
    picture is begun.

    Yields
    ------
    Result
        One for each content, as soon as it is done.
    """
    if not tf.executing_eagerly():
        raise NSTError(
            "TensorFlow's eager execution is off: call stylize outside of tf.function and without "
            "tf.compat.v1.disable_eager_execution()."
        )
    if isinstance(contents, str | bytes | PathLike) or hasattr(contents, "__array__"):
        raise ImageError("stylize_many takes a list of pictures; put the one picture into [ ].")
    recipe = as_recipe(recipe, settings)
    styles = list(map(_read_once, style if isinstance(style, list | tuple) else [style]))
    shares, start = check_shares(style_shares, len(styles)), _read_once(start_image)
    return _paint_all(contents, styles, recipe, shares, start, weights, callback)


def _paint_all(
    contents: Iterable[Picture],
    styles: Sequence[Picture],
    recipe: Recipe,
    shares: Sequence[float],
    start_image: Picture | None,
    weights: Weights | None,
    callback: Callable[[Progress], None] | None,
) -> Iterator[Result]:
    extractor = None
    objectives: dict[Any, Objective] = {}
    for content in contents:
        pictures = _Pictures(recipe, content, styles, start_image)
        extractor = extractor or make_extractor(recipe, weights)
        log = _Log(pictures, extractor, callback or (lambda progress: None))
        yield _paint(pictures, objectives, extractor, shares, log)
        if log.ends_all:
            return


def _paint(
    pictures: _Pictures,
    objectives: dict[Any, Objective],
    extractor: VGG19,
    shares: Sequence[float],
    log: _Log,
) -> Result:
    """Run one picture through all scales, with the objectives of those before it."""
    recipe, image = pictures.recipe, pictures.start
    try:
        for scale in pictures.scales:
            content, styles, start = pictures.at(scale, image)
            key = tuple(picture.shape for picture in (content, *styles))
            if key in objectives:
                objectives[key].replace_content(content)
            else:
                objectives[key] = _objective(extractor, recipe, content, styles, shares)
            log.begin(objectives[key].names)
            optimizer = make_optimizer(recipe)
            for best, rows in optimize(objectives[key], start, scale.steps, optimizer, recipe.clip):
                image = _as_image(best, scale.content)
                log.add(best, rows)
    except Stop:
        log.interrupted = True
    except KeyboardInterrupt:
        log.interrupted = log.ends_all = True
    except DivergedError as error:
        log.interrupted = True
        error.result = log.result(image) if log.rows[0] else None
        raise
    return log.result(image)


def make_extractor(recipe: Recipe, weights: Weights | None = None) -> VGG19:
    """Return the network as a recipe wants it: layers, pooling, scaling and precision.

    Parameters
    ----------
    recipe : Recipe
    weights : Weights, optional
        From `load_weights`; by default the pretrained ones.

    Raises
    ------
    LayerError
        If the recipe names a layer that VGG19 does not have.
    WeightsError
        If the weights cannot be had.
    """
    weights = load_weights() if weights is None else weights
    if recipe.normalize_network:
        weights = _normalized(weights, recipe.pooling)
    return VGG19(
        recipe.layers,
        weights,
        pooling=recipe.pooling,
        activation=recipe.activation,
        preprocessing=recipe.preprocessing,
        precision=resolve_precision(recipe.precision),
    )


_rescaled: dict[tuple[str, Pooling], Weights] = {}  # the last network that was


def _normalized(weights: Weights, pooling: Pooling) -> Weights:
    key = weights.fingerprint, pooling
    if key not in _rescaled:
        pictures = (data.load(name, size=256) for name in NORMALIZATION_PICTURES)
        network = normalize_weights(weights, pictures, pooling)
        _rescaled.clear()
        _rescaled[key] = network
    return _rescaled[key]


def make_optimizer(recipe: Recipe) -> Optimizer:
    """Return the optimizer that a recipe names, with its settings."""
    if recipe.optimizer == "lbfgs":
        return LBFGS(recipe.history)
    return Adam(recipe.learning_rate, recipe.beta_1, recipe.beta_2, recipe.epsilon)


def optimize(
    objective: Objective, image: np.ndarray, steps: int, optimizer: Optimizer, clip: bool = False
) -> Iterator[tuple[tf.Tensor, np.ndarray]]:
    """Minimize an objective over the pixels, pausing about once a second.

    Parameters
    ----------
    objective : Objective
    image : ndarray, float32, shape (H, W, 3)
        The start, RGB in [0, 1].
    steps : int
        Evaluations of the objective and its gradient.
    optimizer : Adam or LBFGS
    clip : bool
        Whether to project into [0, 1] after every step.

    Yields
    ------
    best : tensor, float32, shape (H, W, 3)
        The image with the lowest total so far.
    rows : ndarray, float32, shape (n, T)
        The weighted terms of the n steps since the last pause.

    Raises
    ------
    DivergedError
        If the loss is not finite at the start, or still after the step was cut several times.
    """
    x = tf.constant(image, tf.float32)
    run = _Run(x, _keep(optimizer.init(x)), x, tf.constant(np.inf, tf.float32))
    advance = _compiled(objective, optimizer, run, clip)
    done, per_call, recoveries, lowest = 0, 1, 0, np.inf
    while done < steps:
        began = time.perf_counter()
        after, rows, count, finite = advance(run, tf.constant(min(per_call, steps - done)))
        run = after._replace(optimizer=run.optimizer)
        taken = int(count)
        if taken:
            done += taken
            rate = taken / (time.perf_counter() - began)
            per_call = int(np.clip(rate * _SECONDS_PER_CALL, 1, _MOST_STEPS_PER_CALL))
            yield run.best, rows.numpy()[:taken]
        if not finite:
            reached = float(run.best_total)
            recoveries = 1 if reached < lowest else recoveries + 1
            lowest = reached
            optimizer = _gentler(optimizer, run, recoveries)
            run = run._replace(x=run.best, optimizer=_keep(optimizer.init(run.best)))
            advance = _compiled(objective, optimizer, run, clip)


class _Run(NamedTuple):
    """What one step hands to the next; between compiled calls, `optimizer` holds variables."""

    x: tf.Tensor
    optimizer: Any
    best: tf.Tensor
    best_total: tf.Tensor


def _keep(state: Any) -> Any:
    """Return variables with the tensors of an optimizer's state, for `_take` and `_put`."""
    return tf.nest.map_structure(lambda x: tf.Variable(x, shape=[None] * x.shape.rank), state)


def _take(kept: Any, like: Any) -> Any:
    """Return what the variables hold, and leave them empty.

    A tensor that a caller holds as well cannot be changed in place: every call would copy the
    history of L-BFGS.
    """

    def take(variable: tf.Variable, like: tf.Tensor) -> tf.Tensor:
        value = tf.ensure_shape(variable.read_value(), like.shape)
        variable.assign(tf.zeros([0] * like.shape.rank, like.dtype))
        return value

    return tf.nest.map_structure(take, kept, like)


def _put(kept: Any, state: Any) -> None:
    tf.nest.map_structure(lambda variable, x: variable.assign(x), kept, state)


def _compiled(
    objective: Objective, optimizer: Optimizer, run: _Run, clip: bool
) -> Callable[..., tuple[_Run, tf.Tensor, tf.Tensor, tf.Tensor]]:
    key = (optimizer, tuple(run.x.shape), clip)
    if key not in objective.compiled:
        objective.compiled[key] = _compile(objective, optimizer, run, clip)
    return objective.compiled[key]


def _compile(
    objective: Objective, optimizer: Optimizer, run: _Run, clip: bool
) -> Callable[..., tuple[_Run, tf.Tensor, tf.Tensor, tf.Tensor]]:
    """Return a compiled function that takes several steps, or stops before a non-finite one."""

    def update(run: _Run, total: tf.Tensor, gradient: tf.Tensor) -> _Run:
        best = tf.where(total < run.best_total, run.x, run.best)
        state, x = optimizer.update(run.optimizer, run.x, gradient, clip)
        return _Run(x, state, best, tf.minimum(total, run.best_total))

    def step(
        taken: tf.Tensor, finite: tf.Tensor, run: _Run, rows: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, _Run, tf.TensorArray]:
        terms, gradient = objective.terms_and_gradient(run.x[None])
        total, gradient = tf.reduce_sum(terms), gradient[0]
        finite = tf.reduce_all(tf.math.is_finite(gradient)) & tf.math.is_finite(total)
        run = tf.cond(finite, lambda: update(run, total, gradient), lambda: run)
        return taken + tf.cast(finite, tf.int32), finite, run, rows.write(taken, terms[0])

    @tf.function(autograph=False)
    def advance(run: _Run, steps: tf.Tensor) -> tuple[_Run, tf.Tensor, tf.Tensor, tf.Tensor]:
        kept = run.optimizer
        run = run._replace(optimizer=_take(kept, optimizer.init(run.x)))
        rows = tf.TensorArray(tf.float32, size=steps, element_shape=(len(objective.names),))
        taken, finite, run, rows = tf.while_loop(
            lambda taken, finite, run, rows: finite & (taken < steps),
            step,
            (tf.constant(0), tf.constant(True), run, rows),
        )
        _put(kept, run.optimizer)
        return run._replace(optimizer=()), rows.stack(), taken, finite

    # Traced here, once: TensorFlow counts the traces of all runs together, and would warn.
    return advance.get_concrete_function(run, tf.TensorSpec((), tf.int32))


def _gentler(optimizer: Optimizer, run: _Run, recoveries: int) -> Optimizer:
    if not np.isfinite(float(run.best_total)):
        raise DivergedError(
            "The loss or its gradient is not finite at the start image; lower the recipe's weights."
        )
    if recoveries > _MOST_RECOVERIES:
        raise DivergedError(
            f"The loss stopped being finite {recoveries} times in spite of smaller steps; "
            "lower the learning_rate or the recipe's weights, or use precision='float32'."
        )
    _log.warning("The loss was not finite; went back to the best image, with smaller steps.")
    return optimizer.gentler()


class _Pictures:
    """The content, the styles and the start of a run, at the size of every scale."""

    def __init__(
        self,
        recipe: Recipe,
        content: Picture,
        styles: Sequence[Picture],
        start_image: Picture | None,
    ) -> None:
        self.recipe = recipe
        content = _read_once(content)
        self.names = [_name(picture) for picture in (content, *styles)]
        self.sha256 = checksums(recipe, content, styles, start_image)
        self.content = _open(content, recipe, recipe.size)
        style_size = max(1, round(recipe.size * recipe.style_scale))
        self.styles = [_open(style, recipe, style_size) for style in styles]
        shapes = [style.shape for style in self.styles]
        self.scales = plan(recipe, self.content.shape, shapes, finest=start_image is not None)
        self.start = self._start() if start_image is None else self._given(_open(start_image))

    def at(
        self, scale: Scale, image: np.ndarray
    ) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
        """Return the content, the styles and the image to start from, framed."""

        def framed(picture: np.ndarray, shape: Shape) -> np.ndarray:
            return frame(resize_to(picture, shape, self.recipe.resample), cell(self.recipe))

        styles = [framed(*pair) for pair in zip(self.styles, scale.styles, strict=True)]
        return framed(self.content, scale.content), styles, framed(image, scale.content)

    def _start(self) -> np.ndarray:
        shape = self.scales[0].content
        noise = np.random.default_rng(self.recipe.seed).random((*shape, 3), np.float32)
        if self.recipe.start == "noise":
            return noise
        base = self.content if self.recipe.start == "content" else self.styles[0]
        share = np.float32(self.recipe.start_noise)
        return (1 - share) * resize_to(base, shape, self.recipe.resample) + share * noise

    def _given(self, start: np.ndarray) -> np.ndarray:
        (height, width), (rows, columns) = start.shape[:2], self.content.shape[:2]
        if abs(width * rows - height * columns) > _SLACK_OF_SHAPES * height * columns:
            raise ImageError(
                f"The start image has {width} x {height} pixels and other proportions than the "
                f"content's {columns} x {rows}; crop it to the same."
            )
        return start


def checksums(
    recipe: Recipe, content: Picture, styles: Sequence[Picture], start_image: Picture | None
) -> dict[str, Any]:
    """Return the sha256 of all pictures that a run reads, as `Result.sha256` has them."""
    rescaled_on = NORMALIZATION_PICTURES if recipe.normalize_network else ()
    return {
        "content": _checksum(content),
        "styles": tuple(map(_checksum, styles)),
        "start_image": None if start_image is None else _checksum(start_image),
        "rescaled_on": {name: data.info(name).sha256 for name in rescaled_on},
    }


def _checksum(picture: Picture) -> str:
    return checksum(_source(picture))


class _Log:
    """Gathers the trace and tells the callback."""

    def __init__(
        self, pictures: _Pictures, extractor: VGG19, callback: Callable[[Progress], None]
    ) -> None:
        self.pictures, self.extractor, self.callback = pictures, extractor, callback
        self.rows: list[list[np.ndarray]] = []
        self.names: tuple[str, ...] = ()
        self.interrupted = self.ends_all = False
        self.began = time.perf_counter()

    def begin(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.rows.append([])

    def add(self, best: tf.Tensor, rows: np.ndarray) -> None:
        self.rows[-1].append(rows)
        seconds, scales = time.perf_counter() - self.began, self.pictures.scales
        done, work = self._work(self._steps()), self._work([scale.steps for scale in scales])
        self.callback(
            Progress(
                step=sum(self._steps()),
                steps=sum(scale.steps for scale in scales),
                losses=dict(zip(self.names, map(float, rows[-1]), strict=True)),
                seconds=seconds,
                seconds_left=seconds * (work - done) / done,
                _best=best,
                _shape=scales[len(self.rows) - 1].content,
            )
        )

    def result(self, image: np.ndarray) -> Result:
        rows = [row for scale in self.rows for row in scale]
        weights, pictures = self.extractor.weights, self.pictures
        taken = zip(pictures.scales, self._steps(), strict=False)
        return Result(
            image=image,
            recipe=pictures.recipe,
            content=pictures.names[0],
            styles=tuple(pictures.names[1:]),
            sha256=pictures.sha256,
            names=self.names,
            trace=np.concatenate(rows) if rows else np.empty((0, len(self.names)), np.float32),
            scales=tuple((*scale.content, steps) for scale, steps in taken if steps),
            seconds=time.perf_counter() - self.began,
            interrupted=self.interrupted,
            precision=self.extractor.precision,
            device=device_name(),
            weights={
                "source": weights.source,
                "sha256": weights.sha256,
                "license": weights.license,
            },
        )

    def _steps(self) -> list[int]:
        return [sum(map(len, scale)) for scale in self.rows]

    def _work(self, steps: Sequence[int]) -> float:
        """Return pixels times steps, for the steps of the first scales."""
        shapes = [scale.content for scale in self.pictures.scales]
        return float(sum(h * w * n for (h, w), n in zip(shapes, steps, strict=False)))


def _name(picture: Picture) -> str:
    return os.fspath(picture) if isinstance(picture, str | PathLike) else "array"


def _open(picture: Picture, recipe: Recipe | None = None, size: int | None = None) -> np.ndarray:
    how: dict[str, Any] = {}
    if recipe is not None:
        how = {"size": size, "rule": recipe.size_rule, "resample": recipe.resample}
    if isinstance(picture, np.ndarray):
        image = check_image(picture)
        return resize(image, **how) if how else image
    return load_image(_source(picture), **how)


def _source(picture: Picture) -> Any:
    return data.resolve(picture) if isinstance(picture, str | PathLike) else picture


def _read_once(picture: Picture) -> Picture:
    """Return the bytes of an open file, which may be one that can be read only once."""
    return files.read(picture)[0] if hasattr(picture, "read") else picture


def _as_image(image: tf.Tensor | np.ndarray, shape: Shape) -> np.ndarray:
    return np.clip(unframed(np.asarray(image), shape), 0, 1)


def check_shares(shares: Sequence[float] | None, styles: int) -> Sequence[float]:
    """Return the shares of so many styles, equal ones for None.

    Raises
    ------
    RecipeError
        If there is not one for each style, one is negative, or all are 0.
    """
    shares = [1.0] * styles if shares is None else shares
    if len(shares) != styles or min(shares, default=-1) < 0 or sum(shares) == 0:
        raise RecipeError(
            "Give at least one style picture and as many shares, none negative and not all 0; "
            f"got {styles} and the shares {list(shares)}."
        )
    return shares


def _objective(
    extractor: VGG19,
    recipe: Recipe,
    content: np.ndarray,
    styles: Sequence[np.ndarray],
    shares: Sequence[float],
) -> Objective:
    if max(max(picture.shape) for picture in (content, *styles)) <= recipe.tile:
        return Objective(extractor, recipe, content, styles, shares)
    return TiledObjective(extractor, recipe, content, styles, shares, tile=recipe.tile)
