"""The default recipe in bfloat16 and in float32, side by side, and how much they differ.

Both pictures are judged by the same objective in float32. Two runs in float32 whose starts differ
by a thousandth say how much of the difference any rounding makes: the surface has many floors.

    python benchmarks/fast_and_slow.py    # writes docs/fast_and_slow.jpg
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from skimage.metrics import structural_similarity

from nst_helpers import (
    Recipe,
    data,
    make_extractor,
    recipe_objective,
    save_image,
    stylize,
    tf,
)
from nst_helpers.course.figures import side_by_side

PICTURE = Path(__file__).parent.parent / "docs" / "fast_and_slow.jpg"
CONTENT, STYLE = "china", "swirling_night"
RUNS = {
    "float32": Recipe(precision="float32"),
    "float32, start off by 0.001": Recipe(precision="float32", start_noise=0.001),
    "bfloat16": Recipe(precision="bfloat16"),
}


def main() -> None:
    content, style = (data.load(name, Recipe.size) for name in (CONTENT, STYLE))
    exact = replace(Recipe(), precision="float32")
    judge = recipe_objective(make_extractor(exact), exact, content, [style])
    images: list[np.ndarray] = []
    print(f"{'':30}seconds  loss in float32  SSIM with the first")
    for name, recipe in RUNS.items():
        result = stylize(CONTENT, STYLE, recipe)
        images.append(result.image)
        loss = float(tf.reduce_sum(judge.terms(tf.constant(result.image[None]))))
        like = structural_similarity(images[0], result.image, channel_axis=-1, data_range=1)
        print(f"{name:30}{result.seconds:7.0f}{loss:17.4g}{like:21.3f}", flush=True)
    both = side_by_side([images[0], images[-1]], height=images[0].shape[0])
    save_image(both, PICTURE, overwrite=True)


if __name__ == "__main__":
    main()
