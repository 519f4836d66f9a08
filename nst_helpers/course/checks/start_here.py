"""Checks of lesson 00, which shows how exercises work."""

from .exercise import Exercise

count_numbers = Exercise(
    "00.1",
    level=1,
    task="Takes height and width in pixels; returns how many numbers a color picture has.",
    right=lambda h, w: h * w * 3,
    inputs=(170, 256),
    tolerance=1e-9,  # whole numbers
    mistakes={
        "These are the pixels; each has three numbers: multiply by 3.": lambda h, w: h * w,
        "Height and width were added; multiply them.": lambda h, w: 3 * (h + w),
        "Only the shape was returned; multiply its parts.": lambda h, w: (h, w, 3),
    },
    hints=("Count the pixels first. How many numbers does each of them need?",),
)

bytes_of_picture = Exercise(
    "00.2",
    level=1,
    task="Bytes of a float32 color picture of 1000 x 500 pixels.",
    right=6_000_000,
    tolerance=1e-9,
    mistakes={
        "This counts numbers; each float32 takes 4 bytes.": 1_500_000,
        "This counts pixels; each holds three numbers of 4 bytes.": 500_000,
        "float32 means 32 bits, which are 4 bytes, not 32.": 48_000_000,
        "float32 takes 4 bytes; 8 would be float64.": 12_000_000,
        "These are megabytes; bytes are asked for.": 6,
        "Each pixel holds three numbers: red, green and blue.": 2_000_000,
    },
    hints=("How many numbers are there, and how many bytes are 32 bits?",),
)

what_changes = Exercise(
    "00.3",
    level=1,
    task="What the optimization changes: (a) VGG19's weights, (b) the image's pixels, (c) both.",
    right="b",
    mistakes={
        "a": "The network is never trained here: its weights stay as they are.",
        "c": "Only one of the two changes; the network is never trained here.",
    },
    hints=("Which of the two do you look at when the run is over?",),
)
