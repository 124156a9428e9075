"""Tables (CSV, JSON lines, text, Parquet, folders of images) with accidents, through the readers of data sets and of scores."""

from __future__ import annotations

import io
import json
import random
from functools import cache
from pathlib import Path

import data
import numpy as np
import pyarrow as arrow
from arrays import damaged, read_all
from harness import Act, Case
from mutate import mutated
from pyarrow import parquet

from qspec.data.pipeline import Steps
from qspec.data.source import open_table
from qspec.data.transforms import Files
from qspec.model.evaluation import Pipeline
from qspec.model.expression import Term
from specs import SPEC

CELLS = [
    "", "0", "1", "-1", "1.5", "nan", "inf", "1e999", "9" * 25, "9" * 400, "9" * 5000, "true", '"', "'", "=1+1", "\x1b[31m",
    "é", "a\nb", "\x00", "x" * 9000, "1_000", "٣",
]  # fmt: skip
HEADS = [
    "top1.baseline",
    "top1.quantized",
    "label",
    "label",
    "id",
    "x",
    "y",
    "",
    " ",
    "a.b.c",
    "\x1b[31m",
    "class",
]


def csv_text(rng: random.Random) -> bytes:
    """Comma-separated values, some of them quoted, of one width or not."""
    width = rng.choice((1, 2, 4, 4, 4, 300))
    good = "top1.baseline,top1.quantized,label,id"
    lines = [good if rng.random() < 0.5 else ",".join(rng.choice(HEADS) for _ in range(width))]
    for number in range(rng.choice((0, 1, 8, 8, 200))):
        cells = [str(number % 2)] * 4 if rng.random() < 0.7 else [rng.choice(CELLS) for _ in range(width)]
        lines.append(",".join(f'"{cell}"' if rng.random() < 0.1 else cell for cell in cells))
    return data.encoded(rng.choice(("\n", "\n", "\r\n", "\r")).join(lines))


def json_lines(rng: random.Random) -> bytes:
    """Objects, a line each, most of them alike."""
    row = {"top1.baseline": 1, "top1.quantized": 0, "label": 1, "boxes": [[0, 0, 1, 1]], "id": "a"}
    lines = []
    for number in range(rng.choice((0, 1, 8, 8, 100))):
        one = {**row, "id": f"a{number}"}
        lines.append(
            data.text(data.mutate(one, rng), rng).replace("\n", " ")
            if rng.random() < 0.2
            else json.dumps(one)
        )
    return data.encoded("\n".join(lines))


def parquet_bytes(rng: random.Random) -> bytes:
    """A Parquet file of columns of many types."""
    rows = rng.choice((0, 1, 8, 8, 1000))
    columns = {
        "x": arrow.array(np.zeros((rows, 4), np.float32).tolist(), arrow.list_(arrow.float32())),
        "y": arrow.array([n % 2 for n in range(rows)]),
        "t": arrow.array(["a" * (n % 9) for n in range(rows)]),
        "n": arrow.array([None if n % 3 else 1 for n in range(rows)], arrow.int64()),
        "s": arrow.array([{"a": 1}] * rows, arrow.struct([("a", arrow.int64())])),
        "l": arrow.array([[1] * (n % 3) for n in range(rows)], arrow.list_(arrow.int64())),
        "d": arrow.array(["v"] * rows).dictionary_encode(),
        "b": arrow.array([b"\xff"] * rows),
        "z": arrow.nulls(rows),
    }
    names = rng.sample(list(columns), rng.randint(1, len(columns)))
    stream = io.BytesIO()
    method = rng.choice(["none", "snappy", "gzip", "zstd"])
    parquet.write_table(arrow.table({name: columns[name] for name in names}), stream, compression=method)
    return stream.getvalue()


@cache
def pictures() -> dict[str, bytes]:
    """A small image in every format that is read."""
    from PIL import Image

    found = {}
    pixels = Image.fromarray(np.random.default_rng(0).integers(0, 255, (9, 7, 3), dtype=np.uint8))
    for ending, form in {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "bmp": "BMP", "ppm": "PPM"}.items():
        stream = io.BytesIO()
        pixels.save(stream, form)
        found[ending] = stream.getvalue()
    return found


def images(rng: random.Random) -> Case:
    """A folder of images, one of them damaged or called by another format's name."""
    files = {}
    for number in range(rng.choice((1, 3))):
        ending = rng.choice(list(pictures()))
        content = pictures()[rng.choice(list(pictures())) if rng.random() < 0.2 else ending]
        content = damaged(content, rng) if rng.random() < 0.7 else content
        files[f"d/{rng.choice(('a', 'b', '.c', 'a/b'))}/{number}.{ending}"] = content
    return Case(files, [open_images])


def open_images(folder: Path) -> None:
    """Every image of the folder, decoded as the transform does."""
    table = open_table(folder, "d")
    steps = Steps(Pipeline(pre=[Term(name="decode-image")]), Files(folder, folder))
    for name in table.column("image"):
        steps.before({"image": np.asarray([name])})


def tables(rng: random.Random) -> Case:
    """One file of data or of scores, or a folder of images."""
    kind = rng.choice(("csv", "csv", "jsonl", "jsonl", "parquet", "parquet", "txt", "images"))
    if kind == "images":
        return images(rng)
    make = {"csv": csv_text, "jsonl": json_lines, "parquet": parquet_bytes, "txt": csv_text}[kind]
    content = make(rng)
    if rng.random() < 0.4:
        text = kind != "parquet" and rng.random() < 0.5
        content = (
            data.encoded(mutated(content.decode("utf-8", "replace"), rng)) if text else damaged(content, rng)
        )
    acts: list[Act] = [read_all]
    files = {f"d.{kind}": content}
    if rng.random() < 0.15:
        files["s.qspec"] = SPEC.encode()
        acts.append(("judge", "s.qspec", "--scores", f"d.{kind}"))
    return Case(files, acts)
