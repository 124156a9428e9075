"""Records are held against what they name, and statements are signed and opened again."""

from __future__ import annotations

import base64
import copy
import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf import json_format
from in_toto_attestation.predicates.test_result.v0.test_result_pb2 import TestResult as Outcome
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner, SSlibKey

from qspec import api
from qspec.canonical import file_digest
from qspec.errors import QSpecError
from qspec.execute.options import Options
from qspec.interop import dsse
from qspec.interop.intoto import PREDICATE, statement
from qspec.interop.verify import Checked, read_record, verify
from qspec.lang.digests import content_digest
from qspec.model.record import Record


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory, quickstart: Path) -> Path:
    folder = Path(shutil.copytree(quickstart.parent, tmp_path_factory.mktemp("verify") / "specs"))
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
    assert {
        "file models/digits-cnn.onnx",
        "file data/digits.npz",
        "spec",
        "executor of `under-one-point`",
        "assertions of `under-one-point`",
    } <= set(found)


def test_layout_and_comments_may_change_and_what_the_spec_says_may_not(folder: Path) -> None:
    spec, record = folder / "quickstart.qspec", folder / "quickstart.record.json"
    text = spec.read_text()
    spec.write_text(text + "\n# a comment\n")
    assert by_name(verify(record))["spec"] is True
    spec.write_text(text.replace("<= 1 pp for each class", "<= 2 pp for each class", 1))
    found = by_name(verify(record))
    assert found["spec"] is False
    assert found["assertions of `under-one-point`"] is False
    assert found["executor of `under-one-point`"] is True


def test_a_spec_that_was_left_as_it_was_is_recognised_by_its_bytes(folder: Path, quickstart: Path) -> None:
    shutil.copy(quickstart, folder)
    found = {one.what: one for one in verify(folder / "quickstart.record.json")}
    assert found["spec"].holds is True
    assert "byte for byte" in found["spec"].detail


def test_changed_data_are_seen(folder: Path) -> None:
    data = folder / "data" / "digits.npz"
    data.write_bytes(data.read_bytes() + b" ")
    assert by_name(verify(folder / "quickstart.record.json"))["file data/digits.npz"] is False


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
    assert by_name(verify(folder / "quickstart.record.json"))["file models/digits-cnn.onnx"] is False
    model.unlink()
    assert by_name(verify(folder / "quickstart.record.json"))["file models/digits-cnn.onnx"] is None


def test_a_statement_names_digests_and_outcomes(folder: Path) -> None:
    record = folder / "quickstart.record.json"
    said = statement(read_record(record), file_digest(record))
    assert said["predicateType"] == PREDICATE
    assert all(len(one["digest"]["sha256"]) == 64 for one in said["subject"])
    tests = said["predicate"]
    assert len(tests["passedTests"]) + len(tests["warnedTests"]) + len(tests["failedTests"]) == 5
    assert "under-one-point: loss(top1) <= 1 pp for each class" in tests["passedTests"]


def test_a_statement_is_one_by_the_schema_of_in_toto(folder: Path) -> None:
    record = folder / "quickstart.record.json"
    said = statement(read_record(record), file_digest(record))
    parsed = json_format.ParseDict(said, StatementMessage())  # fields that the schema lacks are errors
    Statement.copy_from_pb(parsed).validate()
    assert json_format.MessageToDict(parsed) == said
    tests = json_format.ParseDict(said["predicate"], Outcome())
    assert list(tests.passed_tests) == said["predicate"]["passedTests"]
    for one in (*parsed.subject, *tests.configuration):
        ResourceDescriptor.copy_from_pb(one).validate()


def test_others_verify_the_envelope_and_what_others_sign_is_opened(
    folder: Path, keys: tuple[Path, Path]
) -> None:
    record = folder / "quickstart.record.json"
    said = statement(read_record(record), file_digest(record))
    signed = dsse.sign(said, keys[0])
    public = serialization.load_pem_public_key(keys[1].read_bytes())
    key = SSlibKey.from_crypto(public, keyid=signed["signatures"][0]["keyid"])
    theirs = Envelope.from_dict(copy.deepcopy(signed))
    assert theirs.verify([key], 1)
    assert json.loads(theirs.payload) == said
    private = serialization.load_pem_private_key(keys[0].read_bytes(), password=None)
    again = Envelope(json.dumps(said).encode(), dsse.PAYLOAD_TYPE, {})
    again.sign(CryptoSigner(private))
    assert dsse.open_envelope(again.to_dict(), keys[1]) == said


def test_a_signature_is_opened_by_its_own_key_alone(
    folder: Path, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    record = folder / "quickstart.record.json"
    attestation = tmp_path / "signed.json"
    attestation.write_text(
        json.dumps(dsse.sign(statement(read_record(record), file_digest(record)), keys[0]))
    )
    assert by_name(verify(record, attestation=attestation, key=keys[1]))["signature"] is True
    other = Ed25519PrivateKey.generate().public_key()
    stranger = tmp_path / "other.pub"
    stranger.write_bytes(
        other.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    assert by_name(verify(record, attestation=attestation, key=stranger))["signature"] is False


def test_a_changed_payload_breaks_the_signature(folder: Path, keys: tuple[Path, Path]) -> None:
    record = folder / "quickstart.record.json"
    envelope = dsse.sign(statement(read_record(record), file_digest(record)), keys[0])
    envelope["payload"] = envelope["payload"][:-8] + "AAAAAAA="
    with pytest.raises(QSpecError, match="No signature"):
        dsse.open_envelope(envelope, keys[1])


def test_a_signature_covers_every_figure_of_the_record(
    folder: Path, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    record, attestation = folder / "quickstart.record.json", tmp_path / "signed.json"
    attestation.write_text(
        json.dumps(dsse.sign(statement(read_record(record), file_digest(record)), keys[0]))
    )
    data = json.loads(record.read_text())
    data["claims"][0]["measured"]["results"][0]["n"] = {"text": "89900", "value": "89900"}
    data["claims"][0]["measured"]["content-digest"] = content_digest(
        Record.model_validate(data).claims[0].measured
    )
    record.write_text(json.dumps(data))
    found = {one.what: one for one in verify(record, attestation=attestation, key=keys[1])}
    assert (
        found["content of `under-one-point`"].holds is True
    )  # a digest is made again by whoever changes a figure
    assert found["signature"].holds is False
    assert "configuration" in found["signature"].detail


def test_a_statement_without_a_signature_is_none_where_a_key_is_given(
    folder: Path, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    record, attestation = folder / "quickstart.record.json", tmp_path / "statement.json"
    attestation.write_text(json.dumps(statement(read_record(record), file_digest(record))))
    assert by_name(verify(record, attestation=attestation))["attestation"] is True
    assert by_name(verify(record, attestation=attestation, key=keys[1]))["signature"] is False


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", "", "x\x00y"])
def test_a_record_leads_to_no_file_but_those_beside_it(folder: Path, name: str) -> None:
    record = folder / "quickstart.record.json"
    data = json.loads(record.read_text())
    data["claims"][0]["files"] = {name: "0" * 64}
    record.write_text(json.dumps(data))
    with pytest.raises(QSpecError, match="file that the record names"):
        verify(record)
    record.write_text(json.dumps({**data, "spec": name}))
    with pytest.raises(QSpecError, match="not the name of a file"):
        verify(record)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b"9" * 5000])
def test_a_good_signature_of_what_is_no_statement_is_a_sentence(keys: tuple[Path, Path], body: bytes) -> None:
    private = serialization.load_pem_private_key(keys[0].read_bytes(), password=None)
    assert isinstance(private, Ed25519PrivateKey)
    made = {
        "payloadType": dsse.PAYLOAD_TYPE,
        "payload": base64.b64encode(body).decode(),
        "signatures": [{"sig": base64.b64encode(private.sign(dsse.encoding(body))).decode()}],
    }
    with pytest.raises(QSpecError, match="no in-toto statement"):
        dsse.open_envelope(made, keys[1])
    with pytest.raises(QSpecError, match="holds 'text/plain' and no in-toto statement"):
        dsse.open_envelope({**made, "payloadType": "text/plain"}, keys[1])
    for payload in ("é", 5, None, "===="):
        with pytest.raises(QSpecError, match="no signed envelope"):
            dsse.open_envelope({**made, "payload": payload}, keys[1])


def test_a_record_with_half_a_character_is_a_sentence(folder: Path) -> None:
    record = folder / "quickstart.record.json"
    told = json.loads(record.read_text())
    told["claims"][0]["measured"]["notes"] = ["\ud800"]
    record.write_text(json.dumps(told))
    with pytest.raises(QSpecError, match="is not JSON"):
        verify(record)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tool": 1}', "[" * 100_000, "\x00"])
def test_what_is_no_record_is_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(QSpecError):
        verify(path)
