"""Records are held against what they name, and statements are signed and opened again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from qspec import api
from qspec.errors import QSpecError
from qspec.execute.options import Options
from qspec.interop import dsse
from qspec.interop.intoto import PREDICATE, statement
from qspec.interop.verify import Checked, read_record, verify

SPECS = Path(__file__).resolve().parents[2] / "specs"


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verify") / "specs"
    folder.mkdir()
    for name in ("data", "models"):
        shutil.copytree(SPECS / name, folder / name)
    shutil.copy(SPECS / "quickstart.qspec", folder)
    api.run(folder / "quickstart.qspec", options=Options(store=folder.parent / "store"))
    return folder


@pytest.fixture
def folder(executed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(executed, tmp_path / "specs"))


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    private = Ed25519PrivateKey.generate()
    secret, public = tmp_path / "key.pem", tmp_path / "key.pub"
    secret.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    public.write_bytes(
        private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return secret, public


def by_name(found: list[Checked]) -> dict[str, bool | None]:
    return {one.what: one.holds for one in found}


def test_an_untouched_run_holds_throughout(folder: Path) -> None:
    found = by_name(verify(folder / "quickstart.record.json"))
    assert set(found.values()) == {True}
    assert {"model digits-cnn", "data set digits", "executor of `under-one-point`"} <= set(found)


def test_a_changed_executor_is_seen(folder: Path) -> None:
    spec = folder / "quickstart.qspec"
    spec.write_text(spec.read_text().replace("size: 128", "size: 64"))
    assert by_name(verify(folder / "quickstart.record.json"))["executor of `under-one-point`"] is False


def test_a_changed_figure_in_the_record_is_seen(folder: Path) -> None:
    record = folder / "quickstart.record.json"
    record.write_text(record.read_text().replace('"text": "0.987764"', '"text": "0.997764"', 1))
    with pytest.raises(QSpecError):
        verify(record)  # text and value of the figure no longer agree
    record.write_text(record.read_text().replace('"value": "0.987764"', '"value": "0.997764"', 1))
    assert False in by_name(verify(record)).values()


def test_a_changed_model_is_seen_and_a_missing_one_is_not_known(folder: Path) -> None:
    model = folder / "models" / "digits-cnn.onnx"
    model.write_bytes(model.read_bytes() + b" ")
    assert by_name(verify(folder / "quickstart.record.json"))["model digits-cnn"] is False
    model.unlink()
    assert by_name(verify(folder / "quickstart.record.json"))["model digits-cnn"] is None


def test_a_statement_names_digests_and_outcomes(folder: Path) -> None:
    said = statement(read_record(folder / "quickstart.record.json"))
    assert said["predicateType"] == PREDICATE
    assert all(len(one["digest"]["sha256"]) == 64 for one in said["subject"])
    tests = said["predicate"]
    assert len(tests["passedTests"]) + len(tests["warnedTests"]) + len(tests["failedTests"]) == 5
    assert "under-one-point: loss(top1) <= 1 pp for each class" in tests["passedTests"]


def test_a_signature_is_opened_by_its_own_key_alone(
    folder: Path, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    record = folder / "quickstart.record.json"
    attestation = tmp_path / "signed.json"
    attestation.write_text(json.dumps(dsse.sign(statement(read_record(record)), keys[0])))
    assert by_name(verify(record, attestation=attestation, key=keys[1]))["signature"] is True
    other = Ed25519PrivateKey.generate().public_key()
    stranger = tmp_path / "other.pub"
    stranger.write_bytes(
        other.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    assert by_name(verify(record, attestation=attestation, key=stranger))["signature"] is False


def test_a_changed_payload_breaks_the_signature(folder: Path, keys: tuple[Path, Path]) -> None:
    envelope = dsse.sign(statement(read_record(folder / "quickstart.record.json")), keys[0])
    envelope["payload"] = envelope["payload"][:-8] + "AAAAAAA="
    with pytest.raises(QSpecError, match="No signature"):
        dsse.open_envelope(envelope, keys[1])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tool": 1}', "[" * 100_000, "\x00"])
def test_what_is_no_record_is_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(QSpecError):
        verify(path)
