"""Other people's loops, written anew from published descriptions, and ours in the same form.

Each loop is a generator that starts from the content picture. After every step (for L-BFGS, every
call of the optimizer) it yields how many times it evaluated loss and gradient, and its image.
Pictures are float32 RGB in [0, 1] of shape (H, W, 3), and everything a loop prepares is prepared
at the first `next`, so that a clock around it misses nothing.
"""

from collections.abc import Generator

import numpy as np

from nst_helpers import (
    ARCHITECTURE,
    CHANNELS,
    FIRST_OF_EACH_BLOCK,
    LAYERS,
    Recipe,
    Weights,
    from_network,
    make_extractor,
    make_optimizer,
    optimize,
    recipe_objective,
    tf,
    to_network,
)

Loop = Generator[tuple[int, np.ndarray], None, None]

ENDLESS = 10**9
DEEP_CONTENT = "block5_conv2"  # what the Keras family takes instead of the paper's block4_conv2


def ours(content: np.ndarray, style: np.ndarray, weights: Weights, recipe: Recipe) -> Loop:
    """Follow a recipe at its full size; the image is the best so far."""
    extractor = make_extractor(recipe, weights)
    objective = recipe_objective(extractor, recipe, content, [style])
    for best, rows in optimize(objective, content, ENDLESS, make_optimizer(recipe), recipe.clip):
        yield len(rows), best.numpy()


def pattern_card(content: np.ndarray, style: np.ndarray, weights: Weights) -> Loop:
    """Build a Keras model per layer for every look at a picture, eagerly, targets included.

    Source: a summary card of the method that circulates in several wordings, taken as printed:
    sums of mean squares, Grams per position, no preprocessing, Adam with 0.02.
    """
    network = keras_network(weights)
    base, reference = tf.constant(content[None]), tf.constant(style[None])
    image, optimizer = tf.Variable(base), tf.keras.optimizers.Adam(0.02)

    def features(picture: tf.Tensor, layer: str) -> tf.Tensor:
        return tf.keras.Model(network.input, network.get_layer(layer).output)(picture)

    def loss() -> tf.Tensor:
        total = _mean_square(features(image, DEEP_CONTENT) - features(base, DEEP_CONTENT))
        for layer in FIRST_OF_EACH_BLOCK:
            gram, target = _gram(features(image, layer)), _gram(features(reference, layer))
            total += _mean_square(gram - target)
        return total

    while True:
        with tf.GradientTape() as tape:
            total = loss()
        optimizer.apply_gradients([(tape.gradient(total, image), image)])
        image.assign(tf.clip_by_value(image, 0, 1))
        yield 1, image[0].numpy()


def keras_io(content: np.ndarray, style: np.ndarray, weights: Weights) -> Loop:
    """Push content, style and result through all of VGG19 as a batch of three, at every step.

    Source: the layout of the keras.io example "Neural style transfer" (F. Chollet): sums of
    squares, Grams not divided, SGD whose rate of 100 decays by 4 % in 100 steps. Made for a height
    of 400; at 128 and less it diverges.
    """
    network = keras_network(weights)
    extractor = tf.keras.Model(network.input, {x.name: x.output for x in network.layers})
    base, reference = (tf.constant(to_network(picture)[None]) for picture in (content, style))
    image = tf.Variable(base)
    rate = tf.keras.optimizers.schedules.ExponentialDecay(100.0, 100, 0.96)
    optimizer = tf.keras.optimizers.SGD(rate)
    style_scale = 1e-6 / 5 / (4 * content.size**2)  # as if each layer had 3 channels, full size

    def loss() -> tf.Tensor:
        features = extractor(tf.concat([base, reference, image], 0))
        maps = features[DEEP_CONTENT]
        total = 2.5e-8 * tf.reduce_sum((maps[2] - maps[0]) ** 2)
        for layer in FIRST_OF_EACH_BLOCK:
            grams = tf.einsum("bijc,bijd->bcd", features[layer], features[layer])
            total += style_scale * tf.reduce_sum((grams[2] - grams[1]) ** 2)
        down = image[:, 1:, :-1] - image[:, :-1, :-1]
        right = image[:, :-1, 1:] - image[:, :-1, :-1]
        return total + 1e-6 * tf.reduce_sum((down**2 + right**2) ** 1.25)

    @tf.function
    def gradient() -> tf.Tensor:
        with tf.GradientTape() as tape:
            total = loss()
        return tape.gradient(total, image)

    while True:
        optimizer.apply_gradients([(gradient(), image)])
        yield 1, from_network(image[0].numpy())


def tensorflow_tutorial(content: np.ndarray, style: np.ndarray, weights: Weights) -> Loop:
    """Compile one step around one model of six outputs, with the targets computed beforehand.

    Source: the second part of TensorFlow's tutorial "Neural style transfer": mean squares weighted
    1e4 and 1e-2, absolute total variation weighted 30, Adam, clipping.
    """
    network = keras_network(weights)
    outputs = [network.get_layer(layer).output for layer in (*FIRST_OF_EACH_BLOCK, DEEP_CONTENT)]
    extractor = tf.keras.Model(network.input, outputs)

    def look(picture: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor]:
        *style_maps, maps = extractor(to_network(picture))
        return [_gram(m) for m in style_maps], maps

    targets, _ = look(tf.constant(style[None]))
    _, content_target = look(tf.constant(content[None]))
    image = tf.Variable(content[None])
    optimizer = tf.keras.optimizers.Adam(0.02, beta_1=0.99, epsilon=0.1)

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            grams, maps = look(image)
            errors = [_mean_square(g - a) for g, a in zip(grams, targets, strict=True)]
            total = 1e-2 / 5 * tf.add_n(errors) + 1e4 * _mean_square(maps - content_target)
            total += 30 * tf.image.total_variation(image)[0]
        optimizer.apply_gradients([(tape.gradient(total, image), image)])
        image.assign(tf.clip_by_value(image, 0, 1))

    while True:
        step()
        yield 1, image[0].numpy()


def authors_pytorch(content: np.ndarray, style: np.ndarray, weights: Weights) -> Loop:
    """Minimize the authors' objective with PyTorch's L-BFGS as it comes, 20 evaluations a call.

    Source: the settings of leongatys/PytorchNeuralStyleTransfer: max pooling, mean squares,
    1000 / N^2 for each style layer and 1 for the content, no clipping.
    """
    import torch
    from torch.nn.functional import conv2d, max_pool2d, mse_loss

    def tensor(array: np.ndarray, *axes: int) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array.transpose(axes)))

    kernels = {name: tensor(kernel, 3, 2, 0, 1) for name, kernel in weights.kernels.items()}
    biases = {name: tensor(bias, 0) for name, bias in weights.biases.items()}

    def features(x: torch.Tensor) -> dict[str, torch.Tensor]:
        maps: dict[str, torch.Tensor] = {}
        for name in LAYERS[: LAYERS.index("block5_conv1") + 1]:
            if name.endswith("conv1") and maps:
                x = max_pool2d(x, 2)
            x = maps[name] = conv2d(x, kernels[name], biases[name], padding=1).relu()
        return maps

    def gram(maps: torch.Tensor) -> torch.Tensor:
        rows = maps[0].flatten(1)
        return rows @ rows.T / rows.shape[1]

    image, reference = (tensor(to_network(p)[None], 0, 3, 1, 2) for p in (content, style))
    target = features(image)["block4_conv2"]
    reference_maps = features(reference)
    grams = {name: gram(reference_maps[name]) for name in FIRST_OF_EACH_BLOCK}
    optimizer = torch.optim.LBFGS([image.requires_grad_()])
    calls = 0

    def closure() -> torch.Tensor:
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        maps = features(image)
        loss = mse_loss(maps["block4_conv2"], target)
        for name, wanted in grams.items():
            loss = loss + 1e3 / CHANNELS[name] ** 2 * mse_loss(gram(maps[name]), wanted)
        loss.backward()
        return loss

    while True:
        optimizer.step(closure)
        yield calls, from_network(image.detach().numpy()[0].transpose(1, 2, 0))
        calls = 0


def keras_network(weights: Weights) -> tf.keras.Model:
    """Return Keras' own VGG19 with these weights."""
    network = tf.keras.applications.VGG19(include_top=False, weights=None)
    pairs = ((weights.kernels[name], weights.biases[name]) for name, _, _ in ARCHITECTURE)
    network.set_weights([array for pair in pairs for array in pair])
    network.trainable = False
    return network


def _gram(maps: tf.Tensor) -> tf.Tensor:
    positions = tf.cast(tf.shape(maps)[1] * tf.shape(maps)[2], tf.float32)
    return tf.einsum("bijc,bijd->bcd", maps, maps) / positions


def _mean_square(x: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(x**2)
