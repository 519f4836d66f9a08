"""One step, exported as StableHLO and run through JAX: for a card that TensorFlow cannot use here.

    python benchmarks/stablehlo.py export FOLDER [--precision bfloat16] [256 512 1024 2048]
    python benchmarks/stablehlo.py run FOLDER

`export` needs TensorFlow 2.20 or newer. For every size it writes the program, whose arguments are
the image, the weights and the targets; the arguments; and the terms and the gradient that
TensorFlow gets for them. `run` needs JAX alone, on the machine with the card: it compiles the
program there, compares what comes out, and prints seconds per step, the rate of its convolutions,
and memory.
"""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import typer

STEPS = 20

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command()
def export(folder: Path, sizes: list[int], precision: str = "bfloat16") -> None:
    """Write the default recipe's step for squares of these sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    for size in sizes:
        program, arguments, results = step(size, precision)
        (folder / f"{size}.mlir").write_text(program)
        arrays = {f"argument_{i}": array for i, array in enumerate(arguments)}
        arrays |= {f"result_{i}": array for i, array in enumerate(results)}
        # NumPy's format does not know bfloat16, so that every array travels as bytes.
        kinds = {name: (array.dtype.name, array.shape) for name, array in arrays.items()}
        np.savez(folder / f"{size}.npz", **{k: np.frombuffer(a, "u1") for k, a in arrays.items()})
        (folder / f"{size}.json").write_text(json.dumps({"precision": precision, "arrays": kinds}))
        print(f"{size} px: {len(program) / 1e3:.0f} kB of StableHLO, {len(arguments)} arguments")


def step(size: int, precision: str) -> tuple[str, list[np.ndarray], list[np.ndarray]]:
    """Return the program, its arguments, and what TensorFlow gets for them."""
    from nst_helpers import VGG19, Recipe, load_weights, recipe_objective, tf

    recipe, weights = Recipe(), load_weights("random")
    extractor = VGG19(recipe.layers, weights, pooling=recipe.pooling, precision=precision)
    picture, start = np.random.default_rng(0).random((2, size, size, 3), np.float32)
    objective = recipe_objective(extractor, recipe, picture, [picture])
    compiled = tf.function(objective.terms_and_gradient, autograph=False, jit_compile=True)
    images = tf.constant(start[None])
    program = compiled.experimental_get_compiler_ir(images)(stage="stablehlo")
    concrete = compiled.get_concrete_function(images)
    variables = {id(v.handle): v for v in concrete.variables}
    captured = (variables.get(id(tensor), tensor) for tensor in concrete.captured_inputs)
    arguments = [tensor.numpy() for tensor in (images, *captured)]
    return program, arguments, [t.numpy() for t in objective.terms_and_gradient(images)]


@app.command()
def run(folder: Path) -> None:
    """Compile and time every program of a folder on JAX's first device."""
    import jax

    print(jax.devices()[0].device_kind)
    for file in sorted(folder.glob("*.mlir"), key=lambda file: int(file.stem)):
        size, arrays = int(file.stem), load(file)
        arguments = [jax.device_put(a) for k, a in arrays.items() if k.startswith("argument")]
        program = compile_(file.read_text())
        results = [np.asarray(out) for out in program.execute(arguments)]
        wanted = [a for k, a in arrays.items() if k.startswith("result")]
        both = zip(results, wanted, strict=True)
        errors = [np.linalg.norm(r - w) / np.linalg.norm(w) for r, w in both]
        seconds = timed(lambda program=program, arguments=arguments: program.execute(arguments))
        peak = (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use", np.nan)
        print(
            f"{size:5d} px {seconds * 1e3:9.2f} ms a step, {operations(size) / seconds / 1e12:7.1f}"
            f" Top/s, {peak / 1e9:.2f} GB so far; relative difference from TensorFlow:"
            f" terms {errors[0]:.1e}, gradient {errors[1]:.1e}"
        )


def load(file: Path) -> dict[str, np.ndarray]:
    """Return the arrays that belong to a program."""
    import ml_dtypes  # noqa: F401  (registers bfloat16 with NumPy; comes with JAX)

    kinds = json.loads(file.with_suffix(".json").read_text())["arrays"]
    with np.load(file.with_suffix(".npz")) as stored:
        return {k: stored[k].view(np.dtype(kind)).reshape(s) for k, (kind, s) in kinds.items()}


def compile_(program: str) -> Any:
    """Return the program for JAX's first device."""
    import jax
    from jax.extend.backend import get_backend
    from jaxlib import _jax, xla_client

    backend = get_backend()
    devices = _jax.DeviceList(tuple(jax.devices()[:1]))
    return backend.compile_and_load(program, devices, xla_client.CompileOptions())


def timed(call: Any) -> float:
    """Return the median seconds of a call whose result is waited for."""
    times = []
    for _ in range(STEPS):
        began = time.perf_counter()
        call()[-1].block_until_ready()
        times.append(time.perf_counter() - began)
    return float(np.median(times))


def operations(size: int) -> float:
    """Return the operations of the convolutions up to block5_conv1, forward and to the image."""
    widths = [3, 64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512]
    blocks = [0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4]
    pairs = zip(widths, widths[1:], blocks, strict=False)
    return sum(2 * 2 * 9 * a * b * (size >> block) ** 2 for a, b, block in pairs)


if __name__ == "__main__":
    app()
