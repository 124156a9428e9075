"""Names of this room and the modules that hold them; written by `python -m qspec.registry`."""

MODULES: dict[str, str] = {
    "csv": "csv",
    "jsonl": "jsonl",
    "npy": "npy",
    "npz": "npz",
    "parquet": "parquet",
    "txt": "lines",
}

ALIASES: dict[str, str] = {
    "ndjson": "jsonl",
    "pq": "parquet",
}
