"""A texture out of cells that see only their neighbors: a neural cellular automaton (lesson 13).

Niklasson, Mordvintsev, Randazzo, Levin: Self-Organising Textures, Distill (2021),
doi:10.23915/distill.00027.003. It is trained with the style loss of this package.
"""

from __future__ import annotations

import numpy as np

from .._tensorflow import tf
from ..errors import RecipeError
from ..losses.build import style
from ..losses.objective import Sum
from ..network.weights import Weights
from ..pictures import data
from ..pictures.sizes import resize_to
from .decoder import encoder
from .kept import kept_network, kept_weights

CHANNELS, HIDDEN = 12, 96  # numbers of a cell, the first three its color; of the layer between
LAYERS = "block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1"
SIDE = 64  # cells along one side in training
#: Squares of paintings in which several strokes fit: top, left and side in pixels, and to how many
#: they are reduced.
CROPS = {"swirling_night": (20, 0, 256, 112), "stained_glass": (100, 60, 288, 112)}
_POOL, _BATCH = 32, 2
_FEWEST, _MOST = 32, 48  # updates in a step of training
_FAR = 5.0  # a state with a number beyond begins anew
_OVERFLOW = 10.0  # weight of what states exceed [-1, 1] by; that of the style is about 1


def make_automaton(seed: int = 0) -> tf.keras.Model:
    """Return an untrained automaton, which changes nothing: its last layer is 0.

    Returns
    -------
    keras.Model
        From what cells perceive, shape (B, H, W, 48), to what is added to their states, shape
        (B, H, W, 12). 5,868 parameters.
    """
    start = tf.keras.initializers.GlorotUniform(seed=seed)
    seen = tf.keras.Input((None, None, 4 * CHANNELS))
    conv = tf.keras.layers.Conv2D
    hidden = conv(HIDDEN, 1, activation="relu", kernel_initializer=start)(seen)
    return tf.keras.Model(seen, conv(CHANNELS, 1, kernel_initializer="zeros")(hidden))


def kept_automaton(painting: str) -> tf.keras.Model:
    """Return the automaton of a painting that comes with the package, or raise WeightsError."""
    model = make_automaton()
    arrays = kept_network(f"automaton_{painting}").values()
    model.set_weights([array.astype(np.float32) for array in arrays])
    return model


def perceive(state: tf.Tensor) -> tf.Tensor:
    """Return what every cell sees of itself and of its eight neighbors.

    Beyond the border lies the opposite border.

    Parameters
    ----------
    state : tensor, float32, shape (B, H, W, N)

    Returns
    -------
    tensor, float32, shape (B, H, W, 4 N)
        The state; its slope along a row and along a column, in units per cell, by Sobel's
        filters; its Laplacian.
    """
    up, down = tf.roll(state, 1, 1), tf.roll(state, -1, 1)
    smooth, slope = up + 2 * state + down, down - up  # along columns
    left, right = (tf.roll(smooth, by, 2) for by in (1, -1))
    along_row = (right - left) / 8
    along_column = (tf.roll(slope, 1, 2) + 2 * slope + tf.roll(slope, -1, 2)) / 8
    laplacian = (left + 2 * smooth + right) / 4 - 4 * state
    return tf.concat([state, along_row, along_column, laplacian], axis=-1)


def update(model: tf.keras.Model, state: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Return the state, shape (B, H, W, 12), after those cells changed whose mask is 1."""
    return state + model(perceive(state)) * tf.cast(mask, tf.float32)


def grow(model: tf.keras.Model, state: np.ndarray, steps: int, seed: int = 0) -> np.ndarray:
    """Return the state after some updates, in each of which every cell takes part or not.

    Parameters
    ----------
    model : keras.Model
        Of `make_automaton` or `kept_automaton`.
    state : ndarray, float32, shape (H, W, 12)
        0 everywhere to begin with. The color is what `colors` makes of it.
    steps : int
        0 or more.
    seed : int
        Of the draws; with a probability of 1/2 a cell takes part.

    Returns
    -------
    ndarray, float32, shape (H, W, 12)

    Raises
    ------
    RecipeError
        If the state has another shape, or the steps are negative.
    """
    if np.ndim(state) != 3 or np.shape(state)[-1] != CHANNELS or steps < 0:
        raise RecipeError(
            f"A state has the shape (H, W, {CHANNELS}), and steps are 0 or more: not "
            f"{np.shape(state)}, {steps}."
        )
    rng = np.random.default_rng(seed)
    compiled = tf.function(lambda *about: update(model, *about))  # a third of the time
    now = tf.constant(state[None], tf.float32)
    for _ in range(steps):
        now = compiled(now, tf.constant(draw(rng, 1, *now.shape[:3])[0]))
    return np.asarray(now[0])


def draw(rng: np.random.Generator, steps: int, *shape: int) -> np.ndarray:
    """Return who takes part in each update, bool, shape (steps, B, H, W, 1)."""
    return rng.random((steps, *shape, 1), np.float32) < 0.5


def colors(state: np.ndarray) -> np.ndarray:
    """Return the picture, RGB in [0, 1], shape (..., H, W, 3), that a state shows."""
    return np.clip(state[..., :3] + 0.5, 0, 1)


def erase(state: np.ndarray, center: tuple[int, int], radius: float) -> np.ndarray:
    """Return a state, shape (H, W, 12), with 0 in a disc, which goes on beyond the border."""
    pairs = zip(state.shape[:2], center, strict=True)
    rows, columns = (np.abs((np.arange(n) - at + n / 2) % n - n / 2) for n, at in pairs)
    return state * (np.hypot(rows[:, None], columns) > radius)[..., None]


def texture(painting: str) -> np.ndarray:
    """Return the piece of a painting of `CROPS` that its automaton is trained on, RGB in [0, 1]."""
    if painting not in CROPS:
        raise RecipeError(f"No automaton is for {painting!r}; choose from {', '.join(CROPS)}.")
    top, left, side, size = CROPS[painting]
    return resize_to(data.load(painting)[top : top + side, left : left + side], (size, size))


class TextureLoss:
    """How far pictures are from a texture: distances of features, layer by layer.

    Parameters
    ----------
    picture : ndarray, float32, shape (H, W, 3)
        The texture, RGB in [0, 1].
    weights : Weights, optional
        Of VGG19; by default the pretrained ones.
    """

    def __init__(self, picture: np.ndarray, weights: Weights | None = None) -> None:
        network = encoder(weights, LAYERS)
        maps = network(tf.constant(picture[None]))
        parts = [style(network, [picture], [layer], statistic="sliced") for layer in LAYERS]
        sizes = [float(tf.reduce_mean(tf.cast(maps[layer], tf.float32) ** 2)) for layer in LAYERS]
        self._parts = Sum([1 / size * part for size, part in zip(sizes, parts, strict=True)])

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Return the mean over the layers for each picture of a batch, shape (B,).

        Of what the texture's features are in the mean square: 0 for the texture itself.
        """
        return tf.reduce_mean(self._parts.terms(images), axis=-1)


class AutomatonTraining:
    """An automaton, the network that judges it, and one step of Adam.

    States are taken from a pool, updated some dozens of times, and put back, so that the texture
    also learns to stay. In every eighth step one of them begins anew; in the others a disc of one
    is erased.

    Parameters
    ----------
    steps : int
        Of the whole training: the step size rises to 2e-3 in a sixth of them, then falls to 2e-4
        by a half cosine.
    weights : Weights, optional
        Of VGG19; by default the pretrained ones.
    painting : str
        One of `CROPS`.

    Attributes
    ----------
    state : dict of str to trackable
        What a checkpoint of the training holds.
    """

    def __init__(
        self, steps: int, weights: Weights | None = None, painting: str = "swirling_night"
    ) -> None:
        self.steps, self.model = steps, make_automaton()
        self.loss = TextureLoss(texture(painting), weights)
        slow = steps // 6  # else states grow without bounds at the beginning
        about = {"alpha": 0.1, "warmup_target": 2e-3, "warmup_steps": slow}
        rate = tf.keras.optimizers.schedules.CosineDecay(0.0, steps - slow, **about)
        self.adam = tf.keras.optimizers.Adam(rate)
        self.adam.build(self.model.trainable_variables)
        self.pool = tf.Variable(tf.zeros((_POOL, SIDE, SIDE, CHANNELS)), trainable=False)
        self.state = {"model": self.model, "adam": self.adam, "pool": self.pool}
        shape = _BATCH, SIDE, SIDE
        kinds = tf.TensorSpec((*shape, CHANNELS)), tf.TensorSpec((None, *shape, 1), tf.bool)
        self._step = tf.function(self._take_step, input_signature=kinds)

    def step(self, number: int) -> dict[str, float]:
        """Take the step of this number, and return the parts of its loss."""
        rng = np.random.default_rng([1, number])
        chosen = rng.choice(_POOL, _BATCH, replace=False)
        before = tf.gather(self.pool, chosen).numpy()
        before[0] = erase(before[0], *_disc(rng)) if number % 8 else 0
        masks = draw(rng, int(rng.integers(_FEWEST, _MOST + 1)), _BATCH, SIDE, SIDE)
        after, parts = self._step(before, masks)
        self.pool.scatter_nd_update(chosen[:, None], after)
        return {name: float(value) for name, value in parts.items()}

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what is kept of the automaton."""
        return kept_weights(self.model)

    def _take_step(
        self, before: tf.Tensor, masks: tf.Tensor
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            after = tf.foldl(lambda state, mask: update(self.model, state, mask), masks, before)
            beyond = tf.abs(after - tf.clip_by_value(after, -1, 1))
            parts = {
                "style": tf.reduce_mean(self.loss(after[..., :3] + 0.5)),
                "overflow": _OVERFLOW * tf.reduce_mean(beyond),
            }
            total = tf.add_n(list(parts.values()))
        calm = tf.reduce_max(tf.abs(after), (1, 2, 3), keepdims=True) < _FAR
        slopes = [x / (tf.norm(x) + 1e-8) for x in tape.gradient(total, variables)]
        self.adam.apply_gradients(zip(slopes, variables, strict=True))
        return tf.where(calm, after, 0.0), parts


def _disc(rng: np.random.Generator) -> tuple[tuple[int, int], float]:
    """Return center and radius of what is erased."""
    row, column = rng.integers(SIDE, size=2).tolist()
    return (row, column), rng.uniform(SIDE / 8, SIDE / 3)
