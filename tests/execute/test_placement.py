"""Nodes that ran on another provider than the one asked for are found, and never silent."""

from __future__ import annotations

import numpy as np

from qspec.execute import placement, providers
from qspec.execute.placement import fall_back_note, nodes_elsewhere, strayed
from qspec.execute.providers import Provider
from qspec.execute.run import _with_strays
from qspec.execute.sessions import open_session


def event(name: str, op: str, provider: str) -> dict:
    return {"cat": "Node", "name": f"{name}_kernel_time", "args": {"op_name": op, "provider": provider}}


def test_nodes_of_another_provider_are_named_once():
    events = [
        {"cat": "Session", "name": "model_run", "args": {}},
        event("conv", "Conv", "CUDAExecutionProvider"),
        event("shape", "Shape", "CPUExecutionProvider"),
        event("shape", "Shape", "CPUExecutionProvider"),
        {"cat": "Node", "name": "fence", "args": {}},
    ]
    assert strayed(events, "CUDAExecutionProvider") == ("shape (Shape) on cpu",)
    assert strayed(events[:2], "CUDAExecutionProvider") == ()


def test_the_runtimes_own_profile_is_read(linear, monkeypatch):
    # The one provider of every build, asked for under another title, is what a fall-back looks like.
    session = open_session(linear(), threads=1)
    assert nodes_elsewhere(session.path, session.settings, {"x": np.ones((2, 4), np.float32)}) == ()
    fallen = Provider("CPUExecutionProvider", "", behind=("CPUExecutionProvider",))
    monkeypatch.setattr(Provider, "requested", lambda self, options: [(self.title, {})])
    monkeypatch.setattr(placement, "find_provider", lambda name: fallen)
    seen = []
    monkeypatch.setattr(
        placement, "strayed", lambda events, title: seen.extend(events) or strayed(events, "Other")
    )
    (node,) = nodes_elsewhere(session.path, session.settings, {"x": np.ones((2, 4), np.float32)})
    assert node.endswith("(MatMul) on cpu")
    assert seen
    assert providers.PROVIDERS["cpu"].behind == ()


def test_they_stand_in_the_census_and_in_a_note():
    found = _with_strays({}, {"baseline": ("shape (Shape) on cpu",)})
    assert found["baseline"].elsewhere == ["shape (Shape) on cpu"]
    assert found["baseline"].realized
    assert fall_back_note("baseline", "cuda", ("shape (Shape) on cpu",)) == (
        "1 node of the baseline model did not run on cuda: shape (Shape) on cpu"
    )
