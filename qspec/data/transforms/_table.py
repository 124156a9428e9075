"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "argmax": "classes",
    "cast": "numeric",
    "center-crop": "images",
    "decode-image": "images",
    "l2-normalize": "classes",
    "mean-pool": "pooling",
    "normalize": "numeric",
    "one-hot": "classes",
    "pad": "shape",
    "reshape": "shape",
    "resize": "images",
    "scale": "numeric",
    "softmax": "classes",
    "threshold": "classes",
    "tokenize": "tokens",
    "top-k": "classes",
    "transpose": "shape",
}

ALIASES: dict[str, str] = {}
