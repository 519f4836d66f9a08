import errno
import hashlib
import io
import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from nst_helpers import Recipe, Result
from nst_helpers.errors import ImageError
from nst_helpers.network.preprocessing import MEAN_BGR, from_network, to_network
from nst_helpers.pictures.read import checksum, load_image, picture_shape
from nst_helpers.pictures.sizes import check_image, resize, resize_to
from nst_helpers.pictures.write import check_output, read_metadata, save_image

STEP = 1 / 255  # one gray value

# Row 0 is red, green, blue; row 1 is black, gray, white: no rotation or flip maps it onto itself.
PIXELS = np.array(
    [[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[0, 0, 0], [128, 128, 128], [255, 255, 255]]],
    np.uint8,
)


def blocks(pixels=PIXELS, factor=16):
    """Enlarge to flat blocks, which lossy formats keep."""
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)


def write(path, picture, **options):
    picture.save(path, **options)
    return path


def smooth(height, width):
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    wave = 0.5 + 0.3 * np.sin(7 * x + 3 * y)
    return np.stack([wave, x * y, 1 - x], axis=-1).astype(np.float32)


def png(width, height, *chunks, depth=8, kind=2):
    def chunk(kind, content):
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *(chunk(*c) for c in chunks), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


# Loading: what the file says


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_load_gives_float_rgb(tmp_path, suffix):
    lossless = {"lossless": True} if suffix == ".webp" else {}
    path = write(tmp_path / f"a{suffix}", Image.fromarray(PIXELS), **lossless)
    image = load_image(path)
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, PIXELS.astype(np.float32) / 255)
    np.testing.assert_array_equal(load_image(str(path)), image)
    np.testing.assert_array_equal(load_image(path.read_bytes()), image)


TURNED = {  # EXIF 2.32, tag 0x0112: where row 0 and column 0 of the stored pixels belong
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
@pytest.mark.parametrize("orientation", TURNED)
def test_exif_rotation(tmp_path, orientation, suffix):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = write(tmp_path / f"a{suffix}", Image.fromarray(blocks()), exif=exif)
    expected = TURNED[orientation](blocks()).astype(np.float32) / 255
    # JPEG's color subsampling blurs the edges of the blocks; a wrong turn is off by 0.3 and more.
    error = np.abs(load_image(path) - expected).mean()
    assert error < (0.02 if suffix == ".jpg" else 1e-6)


@pytest.mark.parametrize("orientation", TURNED)
def test_large_jpeg_keeps_shape_and_look(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.uint8(smooth(1501, 2003) * 255))
    path = write(tmp_path / "a.jpg", stored, exif=exif, quality=95)
    full = load_image(path)
    small = load_image(path, 128, "shortest")
    assert small.shape == resize(full, 128, "shortest").shape
    # Decoding at a fraction shifts a smooth picture by less than a pixel of the result.
    assert np.abs(small - resize(full, 128, "shortest")).max() < 4 * STEP


def test_transparency_is_laid_on_white(tmp_path):
    rgba = np.array([[[255, 0, 0, 255], [255, 0, 0, 0], [0, 0, 0, 102]]], np.uint8)
    image = load_image(write(tmp_path / "a.png", Image.fromarray(rgba)))
    np.testing.assert_allclose(image, [[[1, 0, 0], [1, 1, 1], [0.6, 0.6, 0.6]]], atol=1e-6)


def test_hidden_color_does_not_bleed_when_resized(tmp_path):
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[:, :32] = (0, 0, 0, 0)  # invisible black
    rgba[:, 32:] = (255, 255, 255, 255)
    image = load_image(write(tmp_path / "a.png", Image.fromarray(rgba)), size=16)
    np.testing.assert_allclose(image, 1, atol=1e-6)


def test_gray_with_alpha(tmp_path):
    picture = Image.frombytes("LA", (3, 1), bytes([0, 255, 0, 0, 100, 255]))
    image = load_image(write(tmp_path / "a.png", picture))
    np.testing.assert_allclose(image[0, :, 0], [0, 1, 100 / 255], atol=1e-6)
    np.testing.assert_array_equal(image[..., 0], image[..., 2])


@pytest.mark.parametrize("suffix", [".png", ".gif"])
def test_palette(tmp_path, suffix):
    picture = Image.frombytes("P", (3, 1), bytes([0, 1, 2]))
    picture.putpalette([255, 0, 0, 0, 128, 0, 0, 0, 255])
    opaque = load_image(write(tmp_path / f"a{suffix}", picture))
    np.testing.assert_allclose(opaque[0] * 255, [[255, 0, 0], [0, 128, 0], [0, 0, 255]], atol=1e-4)
    clear = load_image(write(tmp_path / f"b{suffix}", picture, transparency=0))
    np.testing.assert_allclose(clear[0] * 255, [[255] * 3, [0, 128, 0], [0, 0, 255]], atol=1e-4)


def test_palette_with_partial_transparency(tmp_path):
    picture = Image.frombytes("P", (2, 1), bytes([0, 1]))
    picture.putpalette([0, 0, 0, 0, 0, 0])
    path = write(tmp_path / "a.png", picture, transparency=bytes([51, 255]))
    np.testing.assert_allclose(load_image(path)[0, :, 0], [0.8, 0], atol=1e-6)


def test_transparent_color_key(tmp_path):
    path = write(tmp_path / "a.png", Image.fromarray(PIXELS), transparency=(255, 0, 0))
    np.testing.assert_array_equal(load_image(path)[0, :2], [[1, 1, 1], [0, 1, 0]])


def test_gray_and_one_bit(tmp_path):
    gray = Image.fromarray(np.array([[0, 100, 255]], np.uint8))
    image = load_image(write(tmp_path / "a.png", gray))
    np.testing.assert_allclose(image, np.repeat([[[0], [100 / 255], [1]]], 3, axis=2), atol=1e-7)
    bits = Image.fromarray(np.array([[True, False]])).convert("1")
    image = load_image(write(tmp_path / "b.png", bits))
    np.testing.assert_array_equal(image, [[[1, 1, 1], [0, 0, 0]]])


@pytest.mark.parametrize(
    ("suffix", "dtype", "white"),
    [
        (".png", np.uint16, 65535),
        (".tif", np.uint16, 65535),
        (".tif", ">u2", 65535),
        (".tif", np.int32, 65535),
        (".tif", np.int32, 2**31 - 1),
        (".tif", np.float32, 1),
        (".tif", np.float32, 255),
        (".tif", np.float32, 65535),
    ],
)
def test_deep_gray_is_scaled_not_clipped(tmp_path, suffix, dtype, white):
    values = np.array([[0, 0.1, 0.5, 1]])
    path = write(tmp_path / f"a{suffix}", Image.fromarray((values * white).astype(dtype)))
    image = load_image(path)
    assert image.shape == (1, 4, 3)
    # Integers were cut off by less than one of 65535.
    np.testing.assert_allclose(image[..., 1], values, atol=2e-5)


def test_float_tiff_with_nan(tmp_path):
    path = write(tmp_path / "a.tif", Image.fromarray(np.array([[0, np.nan]], np.float32)))
    with pytest.raises(ImageError, match="NaN"):
        load_image(path)


def test_cmyk_jpeg(tmp_path):
    ink = np.zeros((16, 32, 4), np.uint8)
    ink[:, 16:, 3] = 255  # paper on the left, black ink on the right
    path = write(tmp_path / "a.jpg", Image.frombytes("CMYK", (32, 16), ink.tobytes()), quality=100)
    image = load_image(path)
    assert image[:, :8].min() > 0.98
    assert image[:, 24:].max() < 0.02


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_damaged_exif_costs_no_picture(tmp_path, suffix, caplog):
    exif = b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01"  # 65535 entries, none there
    path = write(tmp_path / f"a{suffix}", Image.fromarray(PIXELS), exif=exif)
    assert load_image(path).shape == (2, 3, 3)
    assert "EXIF" in caplog.text


# Color profiles


def fixed(*values):
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def icc_profile(space, connection, **tags):
    """Assemble an ICC profile: a header, a table of tags, the tags (ICC.1:2010, section 7)."""
    text = b"text" + bytes(4) + b"made for a test\0"
    white = b"XYZ " + bytes(4) + fixed(0.9642, 1.0, 0.8249)  # D50
    tags |= {"desc": text, "cprt": text, "wtpt": white}
    offset, table, content = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += name.encode() + struct.pack(">II", offset + len(content), len(tag))
        content += tag
    size = struct.pack(">I", offset + len(content))
    head = size + bytes(4) + struct.pack(">I", 0x02400000) + b"prtr" + space + connection
    head += bytes(12) + b"acsp" + bytes(28) + fixed(0.9642, 1.0, 0.8249)
    return head.ljust(128, b"\0") + table + content


def linear_profile(space):
    """Describe gray, or RGB with sRGB's primaries (D50-adapted), in linear light."""
    curve = b"curv" + bytes(8)
    if space == b"GRAY":
        return icc_profile(space, b"XYZ ", kTRC=curve)
    columns = {"r": (0.4361, 0.2225, 0.0139), "g": (0.3851, 0.7169, 0.0971)}
    columns |= {"b": (0.1431, 0.0606, 0.7139)}
    tags = {f"{c}XYZ": b"XYZ " + bytes(4) + fixed(*xyz) for c, xyz in columns.items()}
    return icc_profile(space, b"XYZ ", **tags, **{f"{c}TRC": curve for c in columns})


def pale_ink_profile():
    """Describe a printer whose black ink is CIE L* = 50; only all inks together are black."""
    identity = fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    lightness = [255, 128] * 7 + [255, 0]  # black ink varies fastest
    nodes = b"".join(bytes([value, 128, 128]) for value in lightness)
    table = bytes([4, 3, 2, 0]) + identity + bytes(range(256)) * 4 + nodes + bytes(range(256)) * 3
    return icc_profile(b"CMYK", b"Lab ", A2B0=b"mft1" + bytes(4) + table)


def srgb_from_linear(value):  # IEC 61966-2-1
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


@pytest.mark.parametrize("kind", ["RGB", "RGBA", "P", "L"])
def test_profile_is_converted_to_srgb(tmp_path, kind):
    gray = Image.new("RGB", (4, 4), (102, 102, 102)).convert(kind)  # is in Pillow's palette
    profile = linear_profile(b"GRAY" if kind == "L" else b"RGB ")
    image = load_image(write(tmp_path / "a.png", gray, icc_profile=profile))
    # Linear light 102/255 is sRGB 0.665; without the profile it stays 0.4. 8 bits twice: 2 steps.
    np.testing.assert_allclose(image, srgb_from_linear(102 / 255), atol=2 * STEP)


def test_cmyk_uses_its_profile(tmp_path):
    ink = Image.new("CMYK", (16, 16), (0, 0, 0, 255))
    path = write(tmp_path / "a.tif", ink, icc_profile=pale_ink_profile())
    luminance = ((50 + 16) / 116) ** 3  # CIE 1976, the inverse of L*
    expected = srgb_from_linear(luminance)  # 0.466; without the profile black ink is 0
    # L* in 8 bits is 0.4 wide, about one gray value.
    np.testing.assert_allclose(load_image(path), expected, atol=3 * STEP)


def test_srgb_profile_changes_nothing(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = write(tmp_path / "a.png", Image.fromarray(PIXELS), icc_profile=profile)
    np.testing.assert_allclose(load_image(path), PIXELS / 255, atol=1.5 * STEP)


@pytest.mark.parametrize("profile", [b"not a profile", linear_profile(b"GRAY")])
def test_broken_or_unfit_profile_is_ignored_and_said(tmp_path, caplog, profile):
    path = write(tmp_path / "a.png", Image.fromarray(PIXELS), icc_profile=profile)
    np.testing.assert_array_equal(load_image(path), PIXELS.astype(np.float32) / 255)
    assert "profile" in caplog.text
    assert "a.png" in caplog.text


# Where pictures come from


class Tensor:
    """What every framework's array has."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)


def sources():
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "PNG")
    content = file.getvalue()
    pixels = PIXELS.astype(np.float32) / 255
    return {
        "bytes": content,
        "bytearray": bytearray(content),
        "memoryview": memoryview(content),
        "file": io.BytesIO(content),
        "Pillow": Image.fromarray(PIXELS),
        "lazy Pillow": Image.open(io.BytesIO(content)),
        "array": pixels,
        "float64": PIXELS / 255,
        "tensor": Tensor(pixels),
    }


@pytest.mark.parametrize("kind", sources())
def test_load_from_memory(kind):
    source = sources()[kind]
    for _ in range(2):  # nothing is used up
        np.testing.assert_array_equal(load_image(source), PIXELS.astype(np.float32) / 255)
        assert picture_shape(source) == (2, 3)
        assert load_image(source, 2).shape == (1, 2, 3)
        assert checksum(source) == checksum(sources()[kind])


def test_load_from_tensorflow():
    from nst_helpers import tf

    pixels = PIXELS.astype(np.float32) / 255
    np.testing.assert_array_equal(load_image(tf.constant(pixels)), pixels)
    np.testing.assert_array_equal(load_image(tf.Variable(pixels)), pixels)
    half = load_image(tf.cast(pixels, tf.bfloat16))
    np.testing.assert_allclose(half, pixels, atol=2**-9)  # 8 bits of mantissa


def test_open_files_are_read_from_where_they_are(tmp_path):
    path = write(tmp_path / "a.png", Image.fromarray(PIXELS))
    (tmp_path / "b").write_bytes(b"header" + path.read_bytes())
    with open(tmp_path / "b", "rb") as file:
        file.seek(6)
        assert load_image(file).shape == (2, 3, 3)
        assert file.tell() == 6


def test_a_pillow_image_is_left_as_it_was(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = write(tmp_path / "a.jpg", Image.new("RGB", (640, 320)), exif=exif)
    with Image.open(path) as picture:
        assert load_image(picture, 40).shape == (40, 20, 3)
        assert picture.size == (640, 320)


def test_checksums_tell_pictures_apart():
    zeros = np.zeros((2, 3, 3), np.float32)
    others = [np.zeros((3, 2, 3), np.float32), zeros + 0.5, PIXELS.tobytes()]
    assert checksum(zeros) == checksum(zeros.astype(np.float64))
    assert len({checksum(picture) for picture in (zeros, *others)}) == 4


def test_checksum_of_a_file_is_its_bytes(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"abc")
    assert checksum(path) == checksum(b"abc") == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp"])
@pytest.mark.parametrize("orientation", TURNED)
def test_the_shape_is_that_of_the_loaded_picture(tmp_path, orientation, suffix):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = write(tmp_path / f"a{suffix}", Image.new("RGB", (48, 16)), exif=exif)
    assert picture_shape(path) == load_image(path).shape[:2]
    assert load_image(path, 24).shape in ((8, 24, 3), (24, 8, 3))
    assert picture_shape(path) == ((16, 48) if orientation < 5 else (48, 16))


def test_home_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert save_image(smooth(4, 4), "~/a.png") == tmp_path / "a.png"
    assert load_image("~/a.png").shape == (4, 4, 3)
    assert check_output("~/b.png") == tmp_path / "b.png"


ENDLESS = """
import sys, threading, warnings
from nst_helpers.pictures.read import load_image
filters = list(warnings.filters)
def load():
    for _ in range(25):
        load_image(sys.argv[1])
        try:
            warnings.warn("mine")
        except UserWarning:
            pass
threads = [threading.Thread(target=load) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert warnings.filters == filters, "the filters are not as they were"
"""


def test_threads_and_warnings_as_errors(tmp_path):
    exif = b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01"  # damaged: Pillow warns
    path = write(tmp_path / "a.jpg", Image.fromarray(PIXELS), exif=exif)
    command = [sys.executable, "-W", "error", "-c", ENDLESS, str(path)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr


# Which value is white


def png16(values, *, bits=None):
    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    kind = 0 if values.ndim == 2 else {3: 2, 4: 6}[values.shape[2]]
    chunks = [(b"sBIT", bytes([bits] * values[0, 0].size))] if bits else []
    return png(width, height, *chunks, (b"IDAT", zlib.compress(rows)), depth=16, kind=kind)


GRAYS = np.array([[0, 0.1, 0.5, 1]])


@pytest.mark.parametrize("white", [255, 1023, 4095])
@pytest.mark.parametrize("channels", [1, 3])
def test_few_bits_in_sixteen_are_scaled_and_said(caplog, white, channels):
    values = np.rint(GRAYS * white)
    content = png16(values if channels == 1 else np.stack([values] * 3, -1))
    image = load_image(content)
    np.testing.assert_allclose(image[..., 0], values / white, atol=0.51 * STEP)
    assert f"brightest value is {white}: {white} is taken for white" in caplog.text


def test_one_color_of_few_bits(caplog):
    values = np.zeros((1, 2, 3))
    values[0, 0] = (300, 1000, 20)
    image = load_image(png16(values))
    np.testing.assert_allclose(image[0, 0], values[0, 0] / 1023, atol=0.51 * STEP)


@pytest.mark.parametrize("opaque", [1023, 65535])
def test_few_bits_with_transparency(opaque):
    values = np.array([[[1023, 0, 512, opaque], [1023, 0, 0, 0]]])
    image = load_image(png16(values))
    np.testing.assert_allclose(image, [[[1, 0, 0.5], [1, 1, 1]]], atol=STEP)


def test_color_of_fourteen_bits_that_says_so(caplog):
    image = load_image(png16(np.stack([np.rint(GRAYS * 16383)] * 3, -1), bits=14))
    np.testing.assert_allclose(image[..., 0], GRAYS, atol=0.51 * STEP)
    assert not caplog.records


@pytest.mark.parametrize("channels", [1, 3])
def test_a_dark_picture_whose_file_says_so_stays_dark(caplog, channels):
    values = np.rint(GRAYS * 1000)
    content = png16(values if channels == 1 else np.stack([values] * 3, -1), bits=16)
    assert load_image(content).max() < 0.02
    assert not caplog.records


def test_stated_bits_need_no_guess(caplog):
    image = load_image(png16(np.rint(GRAYS * 500), bits=10))
    assert image.max() == pytest.approx(500 / 1023)
    scaled = load_image(png16(np.rint(GRAYS * 65472), bits=10))  # as PNG wants them
    assert scaled.max() == pytest.approx(65472 / 65535)
    assert not caplog.records


def test_tiff_states_its_white(tmp_path, caplog):
    picture = Image.fromarray(np.array([[0, 700]], np.uint16))
    path = write(tmp_path / "a.tif", picture, tiffinfo={281: 4095})
    assert load_image(path).max() == pytest.approx(700 / 4095)
    assert not caplog.records


def test_sixteen_bits_of_color_are_as_before(caplog):
    values = np.stack([np.rint(GRAYS * 65535)] * 3, -1)
    np.testing.assert_allclose(load_image(png16(values))[..., 0], GRAYS, atol=STEP)
    assert not caplog.records


def test_black_stays_black(caplog):
    assert load_image(png16(np.zeros((2, 2)))).max() == 0
    assert not caplog.records


@pytest.mark.parametrize("order", ["<", ">"])
def test_few_bits_of_color_in_tiff(order):
    values = np.array([[[0, 300, 1023], [5, 512, 40]]])
    image = load_image(tiff16(values, order))
    np.testing.assert_allclose(image, values / 1023, atol=0.51 * STEP)


def tiff16(values, order):
    """Write RGB of 16 bits, which Pillow cannot: TIFF 6.0, one strip."""
    height, width, _ = values.shape
    data = values.astype(f"{order}u2").tobytes()
    bits = 8 + 2 + 9 * 12 + 4  # where the three numbers of bits follow the directory
    entries = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 3, bits), (259, 3, 1, 1)]
    entries += [(262, 3, 1, 2), (273, 4, 1, bits + 6), (277, 3, 1, 3), (278, 3, 1, height)]
    entries += [(279, 4, 1, len(data))]
    out = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HIH", 42, 8, len(entries))
    for tag, kind, count, value in entries:
        inline = kind == 3 and count == 1
        out += struct.pack(f"{order}HHI", tag, kind, count)
        out += struct.pack(
            f"{order}HH" if inline else f"{order}I", *((value, 0) if inline else (value,))
        )
    return out + bytes(4) + struct.pack(f"{order}3H", 16, 16, 16) + data


# Animations, damage, and what is no picture


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animation_gives_its_first_frame_and_says_so(tmp_path, caplog, suffix):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    path = write(
        tmp_path / f"a{suffix}", frames[0], save_all=True, append_images=frames[1:], duration=100
    )
    np.testing.assert_allclose(load_image(path)[0, 0], [1, 0, 0], atol=3 * STEP)
    assert "first" in caplog.text


def test_still_picture_says_nothing(tmp_path, caplog):
    load_image(write(tmp_path / "a.png", Image.fromarray(PIXELS)))
    assert not caplog.records


@pytest.mark.parametrize(("width", "height"), [(10_001, 10_000), (60_000, 60_000), (2**31 - 1, 1)])
def test_too_many_pixels_is_said_before_decoding(tmp_path, width, height):
    path = tmp_path / "a.png"
    path.write_bytes(png(width, height, (b"IDAT", b"")))
    with pytest.raises(ImageError, match="100 million pixels"):
        load_image(path)


def test_many_pixels_below_the_limit_reach_the_decoder(tmp_path):
    # 90 million: Pillow warns, we do not. There are no pixels in the file, so decoding fails.
    path = tmp_path / "a.png"
    path.write_bytes(png(9_000, 10_000, (b"IDAT", b"")))
    with pytest.raises(ImageError, match="damaged"):
        load_image(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".gif", ".tif"])
def test_truncated_file(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    path = write(tmp_path / f"a{suffix}", Image.fromarray(noise))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ImageError, match=r"a\.\w+' is damaged|is not a picture"):
        load_image(path)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 95, "subsampling": 0}])
def test_jpeg_without_its_end_is_whole(tmp_path, caplog, options):
    path = write(tmp_path / "a.jpg", Image.fromarray(np.uint8(smooth(67, 90) * 255)), **options)
    whole = load_image(path)
    content = path.read_bytes()
    np.testing.assert_array_equal(load_image(content[:-2]), whole)
    np.testing.assert_array_equal(load_image(content[:-1]), whole)
    assert "lacks its last bytes" in caplog.text
    for lost in (200, len(content) // 4, len(content) // 2):
        with pytest.raises(ImageError, match="cut off"):
            load_image(content[:-lost])


# WebP and AVIF may miss them: their last bits stand for many pixels.
@pytest.mark.parametrize("suffix", [".png", ".gif", ".tif", ".bmp"])
def test_two_bytes_less_cost_no_picture(tmp_path, suffix):
    path = write(tmp_path / f"a{suffix}", Image.fromarray(np.uint8(smooth(67, 90) * 255)))
    whole = load_image(path)
    cut = load_image(path.read_bytes()[:-2])
    assert (np.abs(cut - whole) > 8 * STEP).any(2).sum() <= 1  # one pixel, where it was stored last
    with pytest.raises(ImageError, match="damaged"):
        load_image(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"\n <svg xmlns='http://www.w3.org/2000/svg'/>", "markup"),
        (b"just some text", "not a picture"),
        (b"", "empty"),
    ],
)
def test_no_picture(tmp_path, content, message):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=message):
        load_image(path)
    with pytest.raises(ImageError, match=message):
        load_image(content)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(ImageError, match=r"'.*none\.png' cannot be opened"):
        load_image(tmp_path / "none.png")
    with pytest.raises(ImageError, match="is a folder"):
        load_image(tmp_path)


# Sizes


@pytest.mark.parametrize(
    ("shape", "size", "rule", "expected"),
    [
        ((768, 1024), 512, "shortest", (512, 682)),  # the two sizes in the authors' notebook
        ((768, 970), 512, "shortest", (512, 646)),
        ((768, 1024), 512, "longest", (384, 512)),
        ((1024, 768), 512, "longest", (512, 384)),
        ((300, 300), 100, "area", (100, 100)),
        ((400, 900), 60, "area", (40, 90)),
    ],
)
def test_size_rules(tmp_path, shape, size, rule, expected):
    image = np.zeros((*shape, 3), np.float32)
    assert resize(image, size, rule).shape == (*expected, 3)
    path = write(tmp_path / "a.png", Image.new("RGB", shape[::-1]))
    assert load_image(path, size, rule).shape == (*expected, 3)


def test_area_never_exceeds_its_pixels():
    for height, width in [(33, 47), (100, 31), (64, 63)]:
        out = resize(np.zeros((height, width, 3), np.float32), 20, "area")
        assert 0.85 * 400 < out.shape[0] * out.shape[1] <= 400  # both sides are rounded down


def test_no_upsizing_unless_asked(caplog):
    image = smooth(20, 30)
    np.testing.assert_array_equal(resize(image, 60), image)
    assert "30 x 20 instead of 60 x 40" in caplog.text
    assert resize(image, 60, upsize=True).shape == (40, 60, 3)


def test_same_size_is_identity_and_says_nothing(caplog):
    image = smooth(20, 30)
    np.testing.assert_array_equal(resize(image, 30), image)
    np.testing.assert_array_equal(resize_to(image, (20, 30)), image)
    assert not caplog.records


@pytest.mark.parametrize("resample", ["lanczos", "bilinear"])
@pytest.mark.parametrize("shape", [(16, 24), (64, 48), (5, 100)])
def test_resize_keeps_constants_and_range(resample, shape):
    constant = np.full((32, 48, 3), [0.2, 0.5, 1.0], np.float32)
    out = resize_to(constant, shape, resample)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, np.broadcast_to(constant[0, 0], (*shape, 3)), atol=1e-6)
    edges = (np.indices((32, 48)).sum(0) // 8 % 2).astype(np.float32)
    out = resize_to(np.repeat(edges[..., None], 3, 2), shape, resample)
    assert out.min() >= 0
    assert out.max() <= 1  # Lanczos overshoots at edges


@pytest.mark.parametrize("resample", ["lanczos", "bilinear"])
def test_downsizing_is_antialiased(resample):
    fine = (np.indices((128, 128)).sum(0) % 2).astype(np.float32)  # a checkerboard of pixels
    out = resize_to(np.repeat(fine[..., None], 3, 2), (32, 32), resample)
    np.testing.assert_allclose(out[4:-4, 4:-4], 0.5, atol=0.01)  # picking pixels gives 0 or 1


def test_resizing_is_finer_than_8_bits():
    ramp = np.linspace(0.5, 0.5 + STEP, 256, dtype=np.float32)
    out = resize_to(np.tile(ramp[:, None], (4, 1, 3)).reshape(4, 256, 3), (4, 64))
    assert len(np.unique(out[0, :, 0])) > 32


def test_filters_differ():
    image = smooth(64, 64).round()
    lanczos, bilinear = (resize(image, 20, resample=r) for r in ("lanczos", "bilinear"))
    assert np.abs(lanczos - bilinear).max() > 0.02


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "at least 1"),
        ({"size": 8, "rule": "width"}, "longest"),
        ({"size": 8, "resample": "cubic"}, "bilinear"),
        ({"size": (64, 96)}, r"size must be .* not \(64, 96\); `resize_to`"),
        ({"size": 12.5}, "size must be"),
        ({"size": "64"}, "size must be .* not '64'"),
        ({"size": True}, "size must be"),
        ({"size": None, "rule": []}, "rule"),
        ({"size": 8, "resample": ["lanczos"]}, "filter"),
    ],
)
def test_wrong_settings(tmp_path, arguments, message):
    with pytest.raises(ImageError, match=message):
        resize(smooth(16, 16), **arguments)
    if arguments["size"] is not None:
        path = write(tmp_path / "a.png", Image.fromarray(PIXELS))
        with pytest.raises(ImageError, match=message):
            load_image(path, **arguments)


@pytest.mark.parametrize("shape", [(4,), (4, 5, 3), 4, "ab", (4, 5.5), (0, 4), (10**5, 10**5)])
def test_wrong_shapes(shape):
    with pytest.raises(ImageError, match=r"shape|resize to"):
        resize_to(smooth(4, 4), shape)


@pytest.mark.parametrize("number", [np.int64, np.int32, np.uint8])
def test_numbers_of_numpy_are_sizes(tmp_path, number):
    path = write(tmp_path / "a.png", Image.fromarray(blocks()))
    assert load_image(path, number(24)).shape == (16, 24, 3)
    assert resize_to(smooth(4, 4), (number(2), number(3))).shape == (2, 3, 3)


def test_a_side_of_zero_is_refused(tmp_path):
    with pytest.raises(ImageError, match="side of 0"):
        resize(np.zeros((1, 500, 3), np.float32), 100)
    with pytest.raises(ImageError, match="side of 0"):
        load_image(write(tmp_path / "a.png", Image.new("RGB", (500, 1))), 100)
    with pytest.raises(ImageError, match="at least 1"):
        resize_to(smooth(4, 4), (0, 4))


# Checking


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (PIXELS, "divide by 255"),
        (PIXELS.astype(np.float32), "divide"),
        (PIXELS[None] / 255, "batch"),
        (PIXELS[..., 0] / 255, "gray"),
        (PIXELS[..., :1] / 255, "gray"),
        (np.zeros((2, 3, 4)), "shape"),
        (np.zeros((0, 3, 3)), "shape"),
        (np.zeros(3), "shape"),
        (np.full((2, 2, 3), np.nan), "NaN"),
        (np.full((2, 2, 3), np.inf), "infinite"),
        (to_network(PIXELS / 255.0), "from_network"),
    ],
)
def test_wrong_images_are_named(tmp_path, image, message):
    with pytest.raises(ImageError, match=message):
        check_image(image)
    with pytest.raises(ImageError, match=message):
        save_image(image, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_check_image_clips_overshoot_and_copies():
    image = np.array([[[-0.2, 0.5, 1.2]]])
    checked = check_image(image)
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, [[[0, 0.5, 1]]])
    assert image.min() == -0.2


# Saving


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".PNG"])
@pytest.mark.parametrize("off", [-0.49, 0, 0.49])
def test_saving_rounds_to_the_nearest_gray(tmp_path, suffix, off):
    grays = np.arange(256)
    image = np.repeat(((grays + off) / 255).reshape(16, 16, 1), 3, axis=2)
    path = save_image(image, tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(load_image(path)[..., 0].ravel() * 255, grays)


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".webp"])
def test_lossy_formats_stay_close(tmp_path, suffix):
    image = smooth(64, 96)
    path = save_image(image, tmp_path / f"a{suffix}")
    assert np.abs(load_image(path) - image).mean() < 2 * STEP


def test_jpeg_keeps_full_color_resolution(tmp_path):
    path = save_image(smooth(16, 16), tmp_path / "a.jpg")
    with Image.open(path) as picture:
        assert {component[1:3] for component in picture.layer} == {(1, 1)}


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_metadata_roundtrip(tmp_path, suffix):
    metadata = {"recipe": "gatys", "steps": 500, "title": "Tübingen 夜", "losses": [1.5, None]}
    path = save_image(smooth(8, 8), tmp_path / f"a{suffix}", metadata)
    assert read_metadata(path) == metadata
    assert read_metadata(save_image(smooth(8, 8), path)) == {}


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_foreign_description_is_no_metadata(tmp_path, suffix):
    exif = Image.Exif()
    exif[0x010E] = '{"camera": "made up"}'
    path = write(tmp_path / f"a{suffix}", Image.fromarray(PIXELS), exif=exif)
    assert read_metadata(path) == {}


@pytest.mark.parametrize("name", ["a.bmp", "a", "none/a.png", "folder.png", ".png"])
def test_impossible_outputs_are_refused_first(tmp_path, name):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ImageError):
        check_output(tmp_path / name)
    with pytest.raises(ImageError):
        save_image(smooth(4, 4), tmp_path / name)
    assert check_output(str(tmp_path / "a.jpg")) == tmp_path / "a.jpg"


@pytest.mark.parametrize("metadata", [{"path": Path("a")}, {"long": "x" * 70_000}])
def test_a_failing_save_touches_nothing(tmp_path, metadata):
    path = save_image(smooth(8, 8), tmp_path / "a.jpg")
    before = path.read_bytes()
    with pytest.raises(ImageError, match="could not be written"):
        save_image(smooth(9, 9), path, metadata)  # JSON cannot hold it; EXIF is too short
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_save_touches_nothing(tmp_path, monkeypatch):
    path = save_image(smooth(8, 8), tmp_path / "a.png")
    before = path.read_bytes()

    def half(self, file, **options):
        file.write(b"half a picture")
        raise KeyboardInterrupt

    monkeypatch.setattr(Image.Image, "save", half)
    with pytest.raises(KeyboardInterrupt):
        save_image(smooth(9, 9), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permission bits")
def test_saved_file_has_the_usual_permissions(tmp_path):
    usual = tmp_path / "usual"
    usual.touch()
    path = save_image(smooth(4, 4), tmp_path / "a.png")
    assert path.stat().st_mode == usual.stat().st_mode


# What must not be lost


def result(tmp_path, name="a.png", **settings):
    """Save as a run does."""
    fields = {"image": smooth(8, 8), "recipe": Recipe(), "content": "china", "styles": ("x",)}
    fields |= {"sha256": {"content": "", "styles": (), "start_image": None, "rescaled_on": {}}}
    fields |= {"names": ("t",), "trace": np.ones((2, 1), np.float32), "scales": ((8, 8, 2),)}
    fields |= {"seconds": 1.0, "interrupted": False, "precision": "float32", "device": "CPU"}
    made = Result(**fields | {"weights": {"source": "random"}} | settings)
    return made.save(tmp_path / name)


def contents(folder):
    return {file: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def test_an_earlier_result_is_replaced(tmp_path):
    path = result(tmp_path)
    assert check_output(path) == path
    result(tmp_path, seconds=2.0)
    assert set(contents(tmp_path)) == {path, tmp_path / "a.json"}
    assert json.loads((tmp_path / "a.json").read_text())["picture"] == "a.png"
    assert Result.load(path).seconds == 2.0


def test_records_without_the_key_are_read(tmp_path):
    path = result(tmp_path)
    record = json.loads((tmp_path / "a.json").read_text())
    del record["picture"]
    (tmp_path / "a.json").write_text(json.dumps(record))
    assert Result.load(path).content == "china"
    with pytest.raises(ImageError, match=r"'.*a\.json' is not the record of 'a\.png'.*remove it"):
        check_output(path)


def test_an_older_result_without_the_key_is_replaced(tmp_path):
    record = {"content": "china", "losses": {"t": 1.0}}
    path = save_image(smooth(4, 4), tmp_path / "a.png", record)
    (tmp_path / "a.json").write_text(json.dumps(record | {"trace": {"t": [1.0]}}))
    assert check_output(path) == path
    (tmp_path / "a.json").write_text(json.dumps(record | {"content": "flower"}))
    with pytest.raises(ImageError, match="not the record"):
        check_output(path)


@pytest.mark.parametrize("link", ["itself", "hard", "soft"])
def test_an_input_is_never_the_output(tmp_path, link):
    photo = result(tmp_path, "photo.png")  # even one of ours
    output = {"itself": photo, "hard": tmp_path / "b.png", "soft": tmp_path / "c.png"}[link]
    if link == "hard":
        output.hardlink_to(photo)
    if link == "soft":
        output.symlink_to(photo)
    before = contents(tmp_path)
    with pytest.raises(ImageError, match="one of the pictures to be read"):
        check_output(output, keep=iter([smooth(2, 2), b"bytes", "china", str(photo)]))
    with pytest.raises(ImageError, match="one of the pictures to be read"):
        result(tmp_path, output.name, content=str(photo))
    assert contents(tmp_path) == before


def test_an_input_is_never_the_record(tmp_path):
    (tmp_path / "a.json").write_bytes(save_image(smooth(4, 4), tmp_path / "b.png").read_bytes())
    with pytest.raises(ImageError, match="one of the pictures to be read"):
        check_output(tmp_path / "a.png", keep=iter([tmp_path / "a.json"]))


@pytest.mark.parametrize("record", ["{}", "[1]", "no JSON", "\xff", '{"picture": "a.jpg"}'])
def test_a_strangers_record_is_kept(tmp_path, record):
    (tmp_path / "a.json").write_text(record, encoding="latin-1")
    before = contents(tmp_path)
    with pytest.raises(ImageError, match="not the record"):
        result(tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("stranger", [b"notes", png(1, 1), None])
def test_a_strangers_picture_is_kept(tmp_path, stranger):
    path = tmp_path / "a.png"
    if stranger is None:
        Image.fromarray(PIXELS).save(path)
    else:
        path.write_bytes(stranger)
    before = contents(tmp_path)
    for save in (lambda: result(tmp_path), lambda: save_image(smooth(4, 4), path)):
        with pytest.raises(ImageError, match="not made by nst_helpers"):
            save()
    assert contents(tmp_path) == before
    save_image(smooth(4, 4), path, overwrite=True)
    assert load_image(path).shape == (4, 4, 3)


def test_an_empty_file_holds_nothing_to_lose(tmp_path):
    (tmp_path / "a.png").touch()  # as tempfile makes them
    assert load_image(result(tmp_path)).shape == (8, 8, 3)


@pytest.mark.parametrize("length", [229, 250])
def test_long_names_are_saved(tmp_path, length):
    path = result(tmp_path, "x" * (length - 4) + ".png")
    assert Result.load(path).content == "china"


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_a_record_whose_name_is_too_long_is_refused_first(tmp_path, suffix):
    name = "x" * (256 - len(suffix)) + suffix if suffix == ".tiff" else "x" * 251 + suffix
    with pytest.raises(ImageError, match="too long"):
        check_output(tmp_path / name)
    assert not list(tmp_path.iterdir())


def fail_to_replace(monkeypatch, fails):
    replace = os.replace

    def full(source, target):
        if fails(Path(target)):
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(source, target)

    monkeypatch.setattr(os, "replace", full)


@pytest.mark.parametrize("temporary_is_full", [False, True])
def test_a_full_disk_costs_no_picture(tmp_path, monkeypatch, temporary_is_full):
    out, temporary, cache = (tmp_path / name for name in ("out", "temporary", "cache"))
    out.mkdir(), temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setenv("NST_CACHE", str(cache))
    full = {out, temporary} if temporary_is_full else {out}
    fail_to_replace(monkeypatch, lambda target: target.parent in full)
    with pytest.raises(ImageError, match=r"No space left.*the picture is kept as") as caught:
        result(out)
    assert not list(out.iterdir())
    (kept,) = (cache if temporary_is_full else temporary).iterdir()
    assert str(kept) in str(caught.value)
    assert read_metadata(kept)["content"] == "china"


def test_room_for_the_picture_only(tmp_path, monkeypatch):
    result(tmp_path)
    fail_to_replace(monkeypatch, lambda target: target.suffix == ".json")
    with pytest.raises(ImageError, match=r"picture is written as '.*a\.png', but its record"):
        result(tmp_path, seconds=2.0)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]  # no record of another run
    assert read_metadata(tmp_path / "a.png")["seconds"] == 2.0


# The network's side


def test_network_input_is_vggs():
    pure = to_network(np.eye(3)[None])[0]
    red, green, blue = np.eye(3)
    np.testing.assert_allclose(pure[0] + MEAN_BGR, 255 * blue)  # red comes last
    np.testing.assert_allclose(pure[1] + MEAN_BGR, 255 * green)
    np.testing.assert_allclose(pure[2] + MEAN_BGR, 255 * red)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-6), (np.float64, 1e-14)])
@pytest.mark.parametrize("shape", [(3,), (4, 5, 3), (2, 4, 5, 3)])
def test_network_input_and_back(dtype, tolerance, shape):
    image = np.random.default_rng(0).uniform(-0.1, 1.1, shape).astype(dtype)
    there = to_network(image)
    back = from_network(there)
    assert there.dtype == back.dtype == dtype
    np.testing.assert_allclose(back, image, atol=tolerance)  # rounding at 255 / 1


def test_network_input_of_tensors_equals_arrays():
    from nst_helpers import tf

    image = smooth(4, 5)
    tensor = to_network(tf.constant(image))
    np.testing.assert_allclose(tensor.numpy(), to_network(image), atol=1e-4)
    np.testing.assert_allclose(from_network(tensor).numpy(), image, atol=1e-6)
