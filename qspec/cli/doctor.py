"""`qspec doctor`: what this machine has, and what is missing to run which specs."""

from __future__ import annotations

import json

import click

from qspec.cli import command

_EXTRAS = {
    "execute": ("numpy", "scipy", "onnx", "onnxruntime"),
    "text": ("sacrebleu", "jiwer", "rouge_score", "tokenizers"),
    "images": ("PIL",),
    "parquet": ("pyarrow",),
    "hub": ("huggingface_hub",),
    "sign": ("cryptography",),
    "torch": ("torch", "onnxscript"),
}


@command("doctor", example="qspec doctor --output-format json")
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", help="For people, or plain data."
)
@click.option("--capture", is_flag=True, help="Write hardware and runtime blocks for this machine.")
@click.option(
    "--provider",
    type=click.Choice(["cpu", "cuda", "tensorrt"]),
    help="What the blocks of --capture are for; what is there unless given.",
)
def doctor(output_format: str, capture: bool, provider: str | None) -> int:
    """Say what this machine has: processor, instruction sets, providers, versions, and what is missing.

    Exit 0 when specs can be executed here, 3 when packages are missing.
    """
    import importlib.util

    from qspec.execute import machine

    missing = {
        extra: [name for name in names if importlib.util.find_spec(name) is None]
        for extra, names in _EXTRAS.items()
    }
    can_run = not missing["execute"]
    if capture:
        from qspec.execute.blocks import captured, hardware_block, runtime_block
        from qspec.lang.write import write_section

        found = captured(provider)
        click.echo(write_section("hardware", hardware_block(found), label="this-machine"))
        click.echo()
        click.echo(write_section("runtime", runtime_block(found), label="this-runtime"))
        return 0 if can_run else 3
    facts = machine.capture(providers=can_run)
    if output_format == "json":
        click.echo(json.dumps({**facts, "missing": {k: v for k, v in missing.items() if v}}, indent=2))
        return 0 if can_run else 3
    for name, value in facts.items():
        if value not in (None, [], (), {}):
            click.echo(f"{name.replace('_', ' '):<18} {_said(name, value)}")
    for extra, names in missing.items():
        state = f'missing {", ".join(names)}: pip install "qspec[{extra}]"' if names else "installed"
        click.echo(f"{'extra ' + extra:<18} {state}")
    return 0 if can_run else 3


def _said(name: str, value: object) -> str:
    if name == "memory" and isinstance(value, int):
        return f"{value / 2**30:.1f} GiB"
    if name == "frequency" and isinstance(value, float):
        return f"{value / 1e9:.2f} GHz"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(key, one)}" for key, one in value.items() if one is not None)
    if isinstance(value, list | tuple):
        between = " " if name == "load" else ", "
        return between.join(v["name"] if isinstance(v, dict) and "name" in v else _said("", v) for v in value)
    return f"{value:.2f}" if isinstance(value, float) else str(value)
