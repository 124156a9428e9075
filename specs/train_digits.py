"""Build the quickstart's data set and train its model: `data/digits.npz` and `models/digits-cnn.onnx`.

Run it from anywhere, with `pip install "qspec[execute,torch]" scikit-learn`:

    python specs/train_digits.py

It needs no network and no accelerator. Every random choice is seeded, training runs in one thread with
deterministic kernels, and the archive carries fixed timestamps, so a second run on the same machine with the
same packages writes the same bytes. Another instruction set or version of torch may round differently, and
another version of zlib may compress differently; the digests in `data/LICENSE-digits.md` name the files that
the specs were written for.

Only the first 898 rows are trained on. The epochs, the head and the augmentation were chosen by leaving out one
writer's rows of that half at a time, the widths by timing alone; no choice looked at the test rows.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import warnings
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

TRAIN_ROWS = 898
"""Rows 0..898 train and calibrate, rows 898..1797 test."""

SEED = 0
EPOCHS = 80
BATCH = 32
PEAK_LEARNING_RATE = 4e-3
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip entry can carry."""

Arrays = dict[str, NDArray[Any]]


def load_arrays() -> Arrays:
    """Read scikit-learn's digits in the quickstart's row order.

    The source file keeps the rows of one writer together. Each half of it is shuffled by itself: the halves
    stay apart, so nearly all test rows come from writers the model has not seen, while any prefix of a split
    is still a mix of its writers. `data/README.md` says what this does not achieve.

    Returns:
        `x`, float32 of shape (1797, 1, 8, 8) in [0, 1] (ink count over 16, exact in binary), and `y`, int64
        of shape (1797,) in 0..9.
    """
    from sklearn.datasets import load_digits

    source = load_digits()
    generator = np.random.default_rng(SEED)
    rows = np.arange(len(source.target))
    order = np.concatenate([generator.permutation(half) for half in np.split(rows, [TRAIN_ROWS])])
    x = (source.images[order, np.newaxis] / 16).astype(np.float32)
    return {"x": x, "y": source.target[order].astype(np.int64)}


def write_archive(arrays: Arrays, path: Path) -> None:
    """Write `arrays` as a compressed npz whose bytes do not depend on the clock or the platform."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", date_time=ZIP_EPOCH)
            member.create_system = 3  # zipfile would otherwise record the building platform
            member.external_attr = 0o644 << 16
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            archive.writestr(member, content.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)


def build_network() -> torch.nn.Module:
    """Three 3x3 convolutions of 32, 64 and 64 channels, two poolings and a linear head on the 2x2 rest.

    The channels are that many because integer convolution kernels gain little on narrower layers.
    """
    from torch import nn

    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=nn.Conv2d(1, 32, kernel_size=3, padding=1),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(32, 64, kernel_size=3, padding=1),
            relu2=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv3=nn.Conv2d(64, 64, kernel_size=3, padding=1),
            relu3=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            head=nn.Linear(64 * 2 * 2, 10),
        )
    )


def distort(images: torch.Tensor) -> torch.Tensor:
    """Rotate (up to 0.15 rad), scale (up to 10 %) and shift (up to half a pixel) each image at random.

    Writers differ in slant, size and position, and the training half has few of them.
    """
    import torch
    from torch.nn import functional

    angle, log_scale, dx, dy = (torch.rand(4, len(images)) * 2 - 1) * torch.tensor(
        [[0.15], [0.10], [0.12], [0.12]]  # coordinates span [-1, 1] over 8 pixels: 0.12 is half a pixel
    )
    scale = torch.exp(log_scale)
    cosine, sine = scale * torch.cos(angle), scale * torch.sin(angle)
    matrices = torch.stack(
        [torch.stack([cosine, -sine, dx], dim=1), torch.stack([sine, cosine, dy], dim=1)], dim=1
    )
    grid = functional.affine_grid(matrices, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def train(x: NDArray[np.float32], y: NDArray[np.int64]) -> torch.nn.Module:
    """Train on `x` (n, 1, 8, 8) and `y` (n,) with a one-cycle schedule; return the network in eval mode."""
    import torch
    from torch.nn import functional

    torch.manual_seed(SEED)
    torch.set_num_threads(1)  # the order of a sum, and so its rounding, depends on the number of threads
    torch.use_deterministic_algorithms(True)
    images, labels = torch.from_numpy(x), torch.from_numpy(y)
    network = build_network()
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK_LEARNING_RATE, weight_decay=0.01)
    steps = EPOCHS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            logits = network(distort(images[rows]))
            functional.cross_entropy(logits, labels[rows], label_smoothing=0.05).backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def export(network: torch.nn.Module, path: Path) -> None:
    """Write `network` as ONNX: `image` (batch, 1, 8, 8) to `logits` (batch, 10), any batch size."""
    import torch

    with warnings.catch_warnings():
        # The older exporter warns, but keeps module paths as node names, which the specs' layer patterns use.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (torch.zeros(2, 1, 8, 8),),
            str(path),
            dynamo=False,
            opset_version=17,
            input_names=["image"],
            output_names=["logits"],
            dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
        )


def main() -> None:
    """Write both files under `--root` and print their SHA-256 digests."""
    parser = argparse.ArgumentParser(description="Build the quickstart's digits data set and model.")
    parser.add_argument("--root", type=Path, default=Path(__file__).parent, help="folder to write under")
    root: Path = parser.parse_args().root
    data, model = root / "data" / "digits.npz", root / "models" / "digits-cnn.onnx"
    for path in (data, model):
        path.parent.mkdir(parents=True, exist_ok=True)
    arrays = load_arrays()
    write_archive(arrays, data)
    export(train(arrays["x"][:TRAIN_ROWS], arrays["y"][:TRAIN_ROWS]), model)
    for path in (data, model):
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(root)}")


if __name__ == "__main__":
    main()
