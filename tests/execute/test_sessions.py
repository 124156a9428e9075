from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from qspec.errors import NotExecutableError, QSpecError
from qspec.execute import providers, sessions
from qspec.execute.sessions import open_session


def test_a_session_runs_and_says_what_it_was_opened_with(linear):
    session = open_session(linear(), threads=1, graph_optimization="basic")
    (y,) = session.run({"x": np.ones((2, 4), np.float32)})
    assert y.shape == (2, 3)
    assert session.settings["threads"] == 1
    assert session.settings["graph_optimization"] == "basic"
    assert session.settings["session_options"]["session.intra_op.allow_spinning"] == "0"
    assert session.settings["runtime"].startswith("onnxruntime ")
    assert [str(port) for port in session.inputs] == ["x: float32[batch, 4]"]


def test_a_prepared_call_repeats_the_same_inputs(linear):
    session = open_session(linear(weights=np.eye(4, dtype=np.float32)), threads=1)
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    (y,) = session.prepare({"x": x})()
    assert np.array_equal(y, x)


def test_spinning_can_be_asked_for_by_the_runtimes_own_name(linear):
    session = open_session(linear(), threads=1, options={"session.intra_op.allow_spinning": True})
    assert session.settings["session_options"]["session.intra_op.allow_spinning"] == "1"


@pytest.mark.parametrize("name", ["cuda", "tensorrt", "openvino", "qnn", "coreml"])
def test_a_provider_that_this_build_lacks_is_refused_by_name(linear, monkeypatch, name):
    monkeypatch.setattr(providers.load_runtime(), "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(
        NotExecutableError, match=f"provider '{name}' is not in this build.*has cpu"
    ) as caught:
        open_session(linear(), provider=name)
    assert caught.value.hint


def test_a_provider_nobody_knows_gets_a_suggestion(linear):
    with pytest.raises(NotExecutableError, match="no execution provider called 'cude'") as caught:
        open_session(linear(), provider="cude")
    assert caught.value.hint == "did you mean 'cuda'?"


def test_the_runtimes_silent_fallback_is_an_error(linear, monkeypatch):
    # The build claims CUDA and then, having no device, puts the CPU in its place.
    runtime = providers.load_runtime()
    monkeypatch.setattr(
        runtime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    monkeypatch.setattr(sessions, "open_timer", lambda device: SimpleNamespace(stream=0))
    genuine = runtime.InferenceSession

    def fall_back(path, options, providers):
        assert providers[0][0] == "CUDAExecutionProvider"
        return genuine(path, options, providers=["CPUExecutionProvider"])

    monkeypatch.setattr(runtime, "InferenceSession", fall_back)
    with pytest.raises(NotExecutableError, match=r"'cuda' did not start.*CPUExecutionProvider in its place"):
        open_session(linear(), provider="cuda", options={"device_id": 0})


def test_an_option_that_would_be_ignored_is_refused(linear):
    with pytest.raises(QSpecError, match=r"has no option 'session.intra_op.allow_spining'") as caught:
        open_session(linear(), options={"session.intra_op.allow_spining": 0})
    assert "session.intra_op.allow_spinning" in (caught.value.hint or "")


def test_options_that_hold_pointers_or_write_files_are_not_offered():
    for name in (
        "user_compute_stream",
        "gpu_external_alloc",
        "trt_extra_plugin_lib_paths",
        "trt_dump_subgraphs",
    ):
        with pytest.raises(QSpecError, match="has no option"):
            providers.sort_options("tensorrt", {name: "1"})


def test_an_option_of_another_kind_than_text_or_number_is_refused():
    with pytest.raises(QSpecError, match="needs a number"):
        providers.sort_options("cuda", {"device_id": [1]})


@pytest.mark.parametrize("threads", [0, -1, 100_000])
def test_thread_counts_out_of_range_are_refused(linear, threads):
    with pytest.raises(QSpecError, match="threads must lie between"):
        open_session(linear(), threads=threads)


def test_an_unknown_optimization_level_is_refused(linear):
    with pytest.raises(QSpecError, match="no graph optimization level 'most'"):
        open_session(linear(), graph_optimization="most")


def test_a_missing_model_is_one_sentence(tmp_path: Path):
    with pytest.raises(QSpecError, match="There is no model file"):
        open_session(tmp_path / "absent.onnx")


def test_a_broken_model_is_one_sentence_and_prints_nothing(tmp_path: Path, capfd):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"\x08\x08\x12garbage" * 9)
    with pytest.raises(QSpecError, match=r"does not load") as caught:
        open_session(path)
    assert "ONNXRuntimeError" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_an_operator_nobody_implements_is_named(unknown_operator, capfd):
    with pytest.raises(QSpecError, match=r"Frobnicate|nowhere"):
        open_session(unknown_operator)
    assert capfd.readouterr() == ("", "")


def test_external_data_outside_the_models_folder_does_not_load(linear, tmp_path: Path):
    import onnx

    path = linear(external=True)
    inner = tmp_path / "inner"
    inner.mkdir()
    proto = onnx.load(str(path), load_external_data=False)
    for entry in proto.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = "../linear.data"
    (inner / "escape.onnx").write_bytes(proto.SerializeToString())
    with pytest.raises(QSpecError, match="does not load"):
        open_session(inner / "escape.onnx")


def test_inputs_that_do_not_fit_are_told_in_sentences(linear):
    session = open_session(linear(), threads=1)
    assert session.check_inputs({"x": (None, 4)}, {"x": "float32"}) == []
    (unknown, needed) = session.check_inputs({"image": (None, 4)})
    assert "has no input 'image'; it takes x: float32[batch, 4]" in unknown
    assert "needs the input x" in needed
    (shape,) = session.check_inputs({"x": (8, 5)})
    assert "does not take the shape [8, 5]" in shape
    (rank,) = session.check_inputs({"x": (8,)})
    assert rank.endswith("does not take the shape [8].")
    (kind,) = session.check_inputs({"x": (8, 4)}, {"x": "int64"})
    assert "add a cast to float32" in kind


@pytest.mark.parametrize(
    ("given", "wanted", "told"),
    [
        ((None,), (None, 1), "the shape [?]; add reshape(1) to the pipeline."),
        ((None, 784), (None, 1, 28, 28), "[?, 784]; add reshape(1, 28, 28) to the pipeline."),
        ((None, 28, 28), ("N", 28, 28, 1), "[?, 28, 28]; add reshape(28, 28, 1) to the pipeline."),
        ((None, 8, 8, 3), (None, 3, 8, 8), "the shape [?, 8, 8, 3]."),
        ((None, None), (None, 1, 4), "the shape [?, ?]."),
        ((None, 4), (None, "length", 4), "the shape [?, 4]."),
    ],
)
def test_examples_that_only_lie_otherwise_are_told_the_reshape(linear, monkeypatch, given, wanted, told):
    session = open_session(linear(), threads=1)
    monkeypatch.setattr(session, "inputs", [sessions.Port("x", "float32", wanted)])
    (sentence,) = session.check_inputs({"x": given})
    assert sentence.endswith(told)


def test_a_fixed_batch_size_is_known(linear):
    assert open_session(linear(batch=8), threads=1).batch_size == 8
    assert open_session(linear(), threads=1).batch_size is None


def test_on_a_device_inputs_and_outputs_are_bound(linear):
    # The binding itself, on the one device every build has.
    session = open_session(linear(weights=np.eye(4, dtype=np.float32)), threads=1)
    bound = sessions.Session(session._inference, session.path, "cpu", session.settings)
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    assert np.array_equal(bound._run_bound({"x": x})[0], x)
    assert np.array_equal(bound._run_bound({"x": x[::-1]})[0], x[::-1])
