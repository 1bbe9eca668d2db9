"""A page of a PDF that lies in other files is drawn as that of the same PDF by itself, whatever holds it."""

from __future__ import annotations

import gzip
import hashlib
import io
import warnings
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from engine.corpus import Corpus
from engine.documents import pictures
from engine.documents.formats.pdf.wanted import Wanted, Within
from engine.documents.formats.unreadable import Unreadable
from engine.documents.ingest import ingest
from engine.documents.pictures import Origin, origins
from engine.documents.unpack import Walk, Way
from engine.errors import InputError, LockedError
from tests.engine.documents.packed.compound_file import compound, properties
from tests.engine.documents.packed.test_containers import aes_zipped, seven_zipped, tarred
from tests.engine.documents.packed.test_mail import mail, outlook
from tests.engine.documents.test_formats import pdf
from tests.fixtures.hostile import zipped

picture = partial(pictures.picture, seconds=300.0)  # also on a slow machine
PAPER, OTHER = pdf("The first page.", "The deposit is 1,250 EUR."), pdf("Quite another paper.")


def with_paper(name: str = "lease.pdf", paper: bytes = PAPER) -> bytes:
    message = mail("See below.")
    message.add_attachment(OTHER, maintype="application", subtype="pdf", filename="other.pdf")
    message.add_attachment(paper, maintype="application", subtype="pdf", filename=name)
    return message.as_bytes()


def forwarded() -> bytes:
    message = mail("Forwarded.")
    inner = mail("The inner one.", Subject="Lease")
    inner.add_attachment(
        zipped({"deep/lease.pdf": PAPER}), maintype="application", subtype="zip", filename="papers.zip"
    )
    message.add_attachment(inner)
    return message.as_bytes()


def msg() -> bytes:
    small = pdf("The first page.", "The deposit is 1,250 EUR.", pageCompression=1)
    attached = {
        "__properties_version1.0": properties(8, p3705=1),
        "__substg1.0_3707001F": "lease.pdf".encode("utf-16-le"),
        "__substg1.0_37010102": small,
    }
    return compound(outlook(**{"__attach_version1.0_#00000001": attached}))


def mailbox() -> bytes:
    return b"".join(
        b"From a@example.org Tue Jun  3 10:00:00 2025\n" + one + b"\n\n"
        for one in (mail("x").as_bytes(), with_paper())
    )


def tar() -> bytes:
    return tarred({"a/other.pdf": OTHER, "a/lease.pdf": PAPER})


HOLDERS: dict[str, tuple[Callable[[], bytes], str]] = {
    "box.zip": (lambda: zipped({"other.pdf": OTHER, "a/lease.pdf": PAPER}), "a/lease.pdf"),
    "stored.zip": (lambda: zipped({"lease.pdf": PAPER}, 0), "lease.pdf"),
    "nested.zip": (lambda: zipped({"x.zip": zipped({"a.tar": tar(), "x.pdf": OTHER})}), "x.zip/a.tar/a/lease.pdf"),
    "box.tar": (tar, "a/lease.pdf"),
    "box.tar.gz": (lambda: gzip.compress(tar()), "a/lease.pdf"),
    "lease.pdf.gz": (lambda: gzip.compress(PAPER), ""),
    "box.7z": (lambda: seven_zipped({"other.pdf": OTHER, "lease.pdf": PAPER}), "lease.pdf"),
    "a.eml": (with_paper, "lease.pdf"),
    "a.mbox": (mailbox, "2/lease.pdf"),
    "a.msg": (msg, "lease.pdf"),
    "forwarded.eml": (forwarded, "Lease.eml/papers.zip/deep/lease.pdf"),
    "same.eml": (lambda: with_paper("other.pdf"), "other.pdf (2)"),
}  # fmt: skip


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[Corpus, Path]:
    root = tmp_path_factory.mktemp("within")
    for name, (make, _) in HOLDERS.items():
        (root / name.replace(".", "-")).mkdir()
        (root / name.replace(".", "-") / name).write_bytes(make())
    return Corpus.open(ingest([root], root.parent / "corpora").path), root


def wanted(text: str = "") -> Wanted:
    page = "The deposit is 1,250 EUR."
    return Wanted(2, 600, text or page, page.index("1,250"), page.index("1,250") + 9)


@pytest.mark.sandbox
@pytest.mark.parametrize("name", HOLDERS)
def test_a_page_is_drawn_out_of_what_holds_it(read, name: str) -> None:
    corpus, root = read
    inside = HOLDERS[name][1]
    known = origins(corpus.archive.path)
    file = f"{name.replace('.', '-')}/{name}"
    (origin,) = {o for found in known.values() for o in found if o.file == file and _is(o, inside)}
    data = (root / file).read_bytes()
    assert origin.sha256 == hashlib.sha256(data).hexdigest()
    drawn = picture(data, wanted(), within=origin.within)
    assert drawn.marked and drawn.png == picture(PAPER, wanted()).png


def _is(origin: Origin, inside: str) -> bool:
    return (origin.within.inside if origin.within else "") == inside


@pytest.mark.sandbox
def test_what_is_locked_opens_with_the_password_that_is_known() -> None:
    data = aes_zipped({"lease.pdf": PAPER}, b"harbour")  # type: ignore[dict-item]
    within = Within("a.zip", "lease.pdf", len(PAPER))
    with pytest.raises(LockedError, match="The page cannot be shown: it is protected by a password"):
        picture(data, wanted(), within=within)
    assert picture(data, wanted(), ["harbour"], within=within).marked


@pytest.mark.sandbox
def test_what_is_not_there_or_cannot_be_unpacked_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped({"lease.pdf": PAPER, "note.txt": "x"})
    gone = "The page cannot be shown: it is not where it was in the file that holds it."
    for inside, size, sha256 in (
        ("other.pdf", len(PAPER), ""),
        ("lease.pdf", 7, ""),
        ("lease.pdf", len(PAPER), "0" * 64),
        ("note.txt", 1, ""),
        ("lease.pdf/more", 1, ""),
    ):
        with pytest.raises(InputError) as refused:
            picture(data, wanted(), within=Within("a.zip", inside, size, sha256))
        assert str(refused.value) == gone
    with pytest.raises(InputError, match="this zipped file is damaged"):
        picture(data[:200], wanted(), within=Within("a.zip", "lease.pdf", len(PAPER)))
    monkeypatch.setattr(pictures, "PARSER", "tests.engine.documents.bad_parser")
    with pytest.raises(InputError, match="longer than 1 seconds"):
        picture(data + b"SLEEP", wanted(), seconds=1.0, within=Within("a.zip", "lease.pdf", len(PAPER)))


def test_only_what_lies_on_the_way_is_unpacked_and_no_more_than_one_file_may_give() -> None:
    bomb = zipped({"zeros": bytes(5_000_000)})
    data = zipped({"bomb.zip": bomb, "x/lease.pdf": PAPER})
    inside = "x/lease.pdf"
    assert Way(inside, lambda found: found == PAPER, room=len(PAPER)).pdf(data, "a.zip") == PAPER
    with pytest.raises(Unreadable, match="as many bytes as one file may"):
        Way(inside, lambda found: True, room=len(PAPER) - 1).pdf(data, "a.zip")


def test_of_two_at_the_same_place_the_one_that_was_read_is_taken() -> None:
    file = io.BytesIO(zipped({"a.pdf": OTHER}))
    with zipfile.ZipFile(file, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("a.pdf", PAPER)
        archive.writestr(".hidden.pdf", PAPER)
    data = file.getvalue()
    names = [found.name for found in Walk({}).file(data, "a.zip") if found.parsed]
    assert names == ["a.pdf", "a.pdf (2)"]
    for name, paper in zip(names, (OTHER, PAPER), strict=True):
        assert Way(name, lambda found: True).pdf(data, "a.zip") == paper
