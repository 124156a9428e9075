"""Folders of images, and the transforms of images held against Pillow, NumPy and torch."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from qspec.data.examples import inputs
from qspec.data.pipeline import Steps
from qspec.data.source import open_dataset, open_table
from qspec.data.transforms import Files
from qspec.errors import LimitError, QSpecError
from qspec.lang.read_back import metric_term
from qspec.model.artifact import Columns, Dataset
from qspec.model.evaluation import Pipeline

Array = np.ndarray


def steps(root: Path, *texts: str) -> Steps:
    terms = [metric_term(text) for text in texts]
    assert all(terms)
    return Steps(Pipeline(pre=[term for term in terms if term is not None]), Files(root, root))


def picture(seed: int, height: int = 48, width: int = 64) -> Array:
    """A smooth picture with an edge, uint8 (height, width, 3)."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / (3 + c) + seed) + np.cos(y / (4 + c)) for c in range(3)]
    image = (np.stack(waves, axis=2) + 2) * 60
    image[height // 2 :, width // 2 :] = 250 - 20 * seed
    return image.clip(0, 255).astype(np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures of two classes, of different sizes."""
    for place, (name, height, width) in enumerate(
        [("cat/a.png", 48, 64), ("dog/b.png", 70, 50), ("dog/c.png", 48, 64)]
    ):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(place, height, width)).save(path)
    (tmp_path / "images" / "readme.md").write_text("about")
    (tmp_path / "images" / ".hidden").mkdir()
    return tmp_path


def test_a_folder_is_a_table_of_paths_and_classes(folder: Path) -> None:
    table = open_dataset(Dataset(source="images/", label="label"), folder)
    assert table.column("image").tolist() == ["images/cat/a.png", "images/dog/b.png", "images/dog/c.png"]
    assert table.column("label").tolist() == [0, 1, 1]
    assert table.column("file").tolist() == ["cat/a.png", "dog/b.png", "dog/c.png"]


def test_classes_are_numbered_as_the_data_set_declares(folder: Path) -> None:
    table = open_dataset(Dataset(source="images", classes=["dog", "cat"]), folder)
    assert table.column("label").tolist() == [1, 0, 0]
    with pytest.raises(QSpecError, match="'cat', which is no class"):
        open_dataset(Dataset(source="images", classes=["dog"]), folder)


def test_two_levels_are_splits_and_classes(folder: Path) -> None:
    (folder / "images").rename(folder / "test")
    (folder / "all").mkdir()
    (folder / "test").rename(folder / "all" / "test")
    assert open_table(folder, "all").column("split").tolist() == ["test"] * 3


def test_images_at_no_or_other_depths_are_refused(folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(QSpecError, match="holds no image"):
        open_table(folder, "empty")
    Image.fromarray(picture(0)).save(folder / "images" / "loose.png")
    with pytest.raises(QSpecError, match="other depths"):
        open_table(folder, "images")


def test_a_folder_is_pinned_by_all_its_files(folder: Path) -> None:
    from qspec.data.paths import folder_digest

    pinned = folder_digest(folder / "images")
    open_table(folder, "images", sha256=pinned)
    (folder / "images" / "cat" / "a.png").write_bytes(b"other")
    with pytest.raises(QSpecError, match="the spec declares"):
        open_table(folder, "images", sha256=pinned)


def test_links_out_of_the_folder_are_refused(folder: Path) -> None:
    (folder / "secret.png").write_bytes(b"")
    (folder / "images" / "cat" / "z.png").symlink_to(folder / "secret.png")
    with pytest.raises(QSpecError, match="lies outside"):
        open_table(folder, "images")


def test_images_become_one_array_of_inputs(folder: Path) -> None:
    table = open_table(folder, "images")
    made = inputs(
        Dataset(inputs=Columns({"x": "image"})),
        table,
        np.arange(3),
        steps(
            folder,
            "decode-image(rgb)",
            "resize(32)",
            "center-crop(24)",
            "transpose(2, 0, 1)",
            "scale(divide: 255)",
        ),
    )
    assert (made["x"].shape, made["x"].dtype) == ((3, 3, 24, 24), np.float32)


def test_decoding_and_resizing_are_pillows(folder: Path) -> None:
    names = np.array(["images/cat/a.png", "images/dog/b.png"])
    for kind in ("nearest", "bilinear", "bicubic", "lanczos", "box"):
        run = steps(folder, "decode-image(rgb)", f"resize(20, 30, interpolation: {kind})")
        made = run.before({"x": names})["x"]
        for name, image in zip(names, made, strict=True):
            with Image.open(folder / str(name)) as opened:
                wanted = np.asarray(opened.resize((30, 20), getattr(Image.Resampling, kind.upper())))
            assert np.array_equal(image, wanted), kind
        assert run.used["pillow"]


def png_of_16_bits(samples: Array) -> bytes:
    """Samples (height, width, channels) of 16 bits as a PNG, grey or coloured; Pillow writes no coloured one."""
    height, width, channels = samples.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 3: 2}[channels], 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    packed = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize("mode", ["grey", "rgb"])
def test_samples_of_16_bits_keep_their_higher_half_in_grey_as_in_colour(tmp_path: Path, mode: str) -> None:
    samples = np.array([[0, 255, 256, 1000, 2000, 40_000, 65_279, 65_535]], np.uint16)
    colour = np.repeat(samples[:, :, None], 3, axis=2)
    (tmp_path / "grey.png").write_bytes(png_of_16_bits(samples[:, :, None]))
    (tmp_path / "colour.png").write_bytes(png_of_16_bits(colour))
    (tmp_path / "grey.ppm").write_bytes(b"P5 8 1 65535\n" + samples.astype(">u2").tobytes())
    with Image.open(tmp_path / "colour.png") as opened:
        wanted = np.asarray(opened.convert("RGB"))[:, :, : 3 if mode == "rgb" else 1]
    assert np.array_equal(wanted[:, :, 0], samples >> 8)
    for name in ("grey.png", "colour.png", "grey.ppm"):
        (made,) = steps(tmp_path, f"decode-image({mode})").before({"x": np.array([name])})["x"]
        assert np.array_equal(made, wanted), name


def test_images_of_fractions_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ppm").write_bytes(b"Pf\n1 1\n-1.0\n" + struct.pack("<f", 0.5))
    with pytest.raises(QSpecError, match=r"a\.ppm cannot be decoded \(its samples are fractions"):
        steps(tmp_path, "decode-image(grey)").before({"x": np.array(["a.ppm"])})


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\nxxxx", b"none", png_of_16_bits(np.zeros((9, 9, 1)))[:45]]
)
def test_a_damaged_image_is_named_with_its_folder_alike_each_time(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "9.png").write_bytes(data)
    said = set()
    for _ in range(2):
        with pytest.raises(QSpecError, match=r"The image cat/9\.png cannot be decoded") as raised:
            steps(tmp_path, "decode-image").before({"x": np.array(["cat/9.png"])})
        said.add(raised.value.message)
    assert len(said) == 1
    assert "0x" not in said.pop()


def test_antialiasing_averages_over_what_a_pixel_covers() -> None:
    image = picture(1, 40, 40)[None]
    made = steps(Path(), "resize(10, 10, interpolation: box)").before({"x": image})["x"]
    means = image.reshape(1, 10, 4, 10, 4, 3).mean(axis=(2, 4))
    assert np.abs(made - means).max() <= 1


@pytest.mark.parametrize("size", [(13, 17), (60, 90)])
def test_without_antialiasing_pixels_are_sampled_as_torch_does(size: tuple[int, int]) -> None:
    import torch

    image = picture(2)[None]
    channels_first = torch.from_numpy(image.transpose(0, 3, 1, 2).astype(np.float32))
    for kind, options in (("bilinear", {"align_corners": False}), ("nearest-exact", {})):
        name = kind.partition("-")[0]
        run = steps(Path(), f"resize({size[0]}, {size[1]}, interpolation: {name}, antialias: false)")
        wanted = torch.nn.functional.interpolate(channels_first, size, mode=kind, **options).numpy()
        assert np.abs(run.before({"x": image})["x"].transpose(0, 3, 1, 2) - wanted).max() <= 0.51


@pytest.mark.parametrize(
    ("height", "width", "wanted"), [(48, 64, (32, 42)), (70, 50, (44, 32)), (50, 50, (32, 32))]
)
def test_one_size_is_that_of_the_shorter_side(height: int, width: int, wanted: tuple[int, int]) -> None:
    made = steps(Path(), "resize(32)").before({"x": picture(0, height, width)[None]})["x"]
    assert made.shape[1:3] == wanted


def test_the_middle_is_cropped() -> None:
    image = np.arange(7 * 9 * 1, dtype=np.uint8).reshape(1, 7, 9, 1)
    made = steps(Path(), "center-crop(3, 5)").before({"x": image})["x"]
    assert np.array_equal(made, image[:, 2:5, 2:7])


def test_grey_has_one_channel(folder: Path) -> None:
    made = steps(folder, "decode-image(grey)", "resize(8, 8)").before({"x": np.array(["images/cat/a.png"])})[
        "x"
    ]
    assert made.shape == (1, 8, 8, 1)


def bomb(side: int) -> bytes:
    """A small PNG whose header says it is `side` pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [9_000, 60_000])
def test_an_image_bomb_is_refused_before_it_is_decoded(side: int, folder: Path) -> None:
    (folder / "images" / "cat" / "a.png").write_bytes(bomb(side))
    with pytest.raises(QSpecError, match=r"pixels|too large"):
        steps(folder, "decode-image").before({"x": np.array(["images/cat/a.png"])})


def test_the_cap_on_pixels_is_named(folder: Path) -> None:
    (folder / "images" / "cat" / "a.png").write_bytes(bomb(9_000))
    with pytest.raises(LimitError, match="image-pixels"):
        steps(folder, "decode-image").before({"x": np.array(["images/cat/a.png"])})


@pytest.mark.parametrize(
    ("texts", "array", "said"),
    [
        (("decode-image(cmyk)",), ["images/cat/a.png"], "not as cmyk"),
        (("decode-image",), ["../x.png"], "lies outside"),
        (("decode-image",), ["images/readme.md"], "cannot be decoded"),
        (("decode-image",), ["images/cat/a.png", "images/dog/b.png"], "differ in size"),
        (("decode-image", "center-crop(300)"), ["images/cat/a.png"], "too small"),
        (("resize(0)",), ["x"], "takes one size"),
        (("resize(8)",), ["x"], "takes images"),
        (("resize(8, interpolation: cubic)",), ["x"], "not resized by cubic"),
        (("resize(8, interpolation: lanczos, antialias: false)",), ["x"], "without antialiasing"),
    ],
)
def test_what_cannot_be_is_a_sentence(
    texts: tuple[str, ...], array: list[str], said: str, folder: Path
) -> None:
    with pytest.raises(QSpecError, match=said):
        steps(folder, *texts).before({"x": np.array(array)})


def test_many_images_are_transformed_block_by_block(folder: Path) -> None:
    names = np.array(["images/cat/a.png", "images/dog/b.png"] * 70)
    whole = steps(folder, "decode-image", "resize(6, 6)").before({"x": names})["x"]
    assert whole.shape == (140, 6, 6, 3)
    assert np.array_equal(whole[0], whole[138])
    with pytest.raises(QSpecError, match="differ in"):
        steps(folder, "decode-image").before({"x": np.sort(names)})


def test_a_truncated_image_is_a_sentence(folder: Path) -> None:
    path = folder / "images" / "cat" / "a.jpg"
    stream = io.BytesIO()
    Image.fromarray(picture(0)).save(stream, "JPEG")
    path.write_bytes(stream.getvalue()[:300])
    with pytest.raises(QSpecError, match="cannot be decoded"):
        steps(folder, "decode-image").before({"x": np.array(["images/cat/a.jpg"])})
