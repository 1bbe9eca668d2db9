"""Mail is read as its readers see it: headers and bodies decoded, what is attached as documents of their own."""

from __future__ import annotations

import base64
import io
import zipfile
from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart

import pytest
from reportlab.pdfgen.canvas import Canvas

from engine.corpus import Corpus
from engine.corpus.contents import entries
from engine.documents.unpack import Walk
from tests.engine.documents.effort import units
from tests.engine.documents.packed.compound_file import compound, properties


def texts(data: bytes, name: str = "a.eml") -> dict[str, str]:
    """Text of each document in a file, or the reason in brackets where there is none."""
    found = [found for found in Walk({}).file(data, name) if not found.begins]
    return {
        f.name: f.parsed.text if f.parsed else f"[{f.reason or 'again' * f.again}]"
        for f in found
        if not f.notices or f.parsed
    }


def notices(data: bytes) -> list[str]:
    return [notice for f in Walk({}).file(data, "a.eml") for notice in (f.parsed.notices if f.parsed else [])]


def mail(body: str = "Hello.", **headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in {"Subject": "News", "From": "a@example.org", **headers}.items():
        message[name] = value
    message.set_content(body)
    return message


def raw(head: str, body: bytes) -> bytes:
    return b"From: a@example.org\r\n" + head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body


def test_headers_and_body_are_decoded() -> None:
    message = mail(
        "Der Zaun ist grün.\n", To="Öznur Şen <o@example.org>", Date="Tue, 03 Jun 2025 10:00:00 +0200"
    )
    message.replace_header(
        "Subject", "Schlüsselübergabe für das große Lager an der Königsförder Straße in Übach"
    )
    for encoding in ("base64", "quoted-printable", "8bit"):
        message.set_content("Der Zaun ist grün.\n", cte=encoding)
        assert texts(message.as_bytes())[""] == (
            "From: a@example.org\nTo: Öznur Şen <o@example.org>\nDate: Tue, 03 Jun 2025 10:00:00 +0200\n"
            "Subject: Schlüsselübergabe für das große Lager an der Königsförder Straße in Übach\n\nDer Zaun ist grün.\n"
        )


@pytest.mark.parametrize(
    ("charset", "encoding", "text"),
    [
        ("iso-8859-1", "cp1252", "“Fünf” – 5 €"),
        ("gb2312", "gb18030", "契約是六個月鎔"),
        ("ks_c_5601-1987", "cp949", "계약서를 보관한다 똠"),
        ("shift_jis", "cp932", "①契約書を保管する"),
        ("iso-2022-jp", "iso2022_jp", "契約書を保管する"),
        ("koi8-r", "koi8_r", "Срок уведомления"),
        ("windows-1256", "cp1256", "مدة العقد"),
        ("iso-8859-8-i", "iso8859_8", "חוזה שכירות"),
        ("utf-7", "utf-7", "Schlüssel für 契約"),
        ("macintosh", "mac_roman", "Schlüssel für Zoë"),
        ("us-ascii", "utf-8", "Schlüssel für Zoë"),
        ("iso-8859-1", "utf-8", "Schlüssel für Zoë"),
        ("x-no-such-thing", "utf-8", "Schlüssel für Zoë"),
        ('"utf-8"', "utf-8", "Schlüssel für Zoë"),
    ],
)
@pytest.mark.parametrize("transfer", ["base64", "8bit"])
def test_charsets_are_read_by_whatever_name(charset: str, encoding: str, text: str, transfer: str) -> None:
    data = text.encode(encoding)
    body = base64.encodebytes(data) if transfer == "base64" else data
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {transfer}"
    assert texts(raw(head, body))[""].split("\n\n", 1)[1].strip() == text


def test_bare_bytes_and_split_encoded_words_in_headers_are_read() -> None:
    data = raw("Subject: =?utf-8?b?U2NobMO8c3Nl?=\n =?utf-8?q?l_f=C3=BCr?= alle", b"x")
    assert "Subject: Schlüssel für alle\n" in texts(data)[""]
    split = raw("Subject: =?utf-8?q?f=C3?= =?utf-8?q?=BCr_alle?=", b"x")
    assert "Subject: für alle\n" in texts(split)[""]
    bare = b"From: J\xc3\xb6rg <j@example.org>\nSubject: gr\xfcn\n\nx"
    assert "From: Jörg" in texts(bare)[""] and "grün" in texts(bare)[""]
    named = raw('Content-Type: text/csv; name="gr\xfcn.csv"\nContent-Disposition: attachment', b"a")
    assert texts(named)["grün.csv"] == "a"
    assert "Subject: =?utf-8?b?broken" in texts(raw("Subject: =?utf-8?b?broken", b"x"))[""]


def test_headers_without_end_are_read_in_time() -> None:
    many = ", ".join(f"=?utf-8?q?Gr=C3=BCn_{n}?= <{n}@example.org>" for n in range(20_000))
    data, read = raw(f"To: {many}", b"x"), []
    assert units(lambda: read.append(texts(data)[""])) < 60
    assert "Grün 0 <0@example.org>" in read[0] and "Grün 19999 <" in read[0]


def test_a_mail_of_html_alone_is_read() -> None:
    message = mail()
    message.set_content("<style>p{}</style><table><tr><td>Gas</td><td>77&nbsp;120</td></tr></table>", "html")
    assert texts(message.as_bytes())[""].endswith("\n\nGas | 77 120\n")


def test_what_a_mail_hides_is_said_where_its_html_was_read() -> None:
    hiding = "<p hidden>Preview</p><p style='font-size:small'>The rent is 900 euro.</p>"
    message = mail()
    message.set_content(hiding, "html")
    assert texts(message.as_bytes())[""].endswith("\n\nThe rent is 900 euro.\n")
    assert notices(message.as_bytes()) == ["1 hidden part of it left out"]
    both = mail("The rent is 900 euro.\n")
    both.add_alternative(hiding, "html")
    assert notices(both.as_bytes()) == []
    better = mail("No pages?\n")
    better.add_alternative(hiding, "html")
    assert "1 hidden part of it left out" in notices(better.as_bytes())


def test_the_better_form_is_taken_and_a_difference_is_said() -> None:
    message = mail("The rent is 900 euro a month.\n")
    message.add_alternative("<p>The rent is <b>900 euro</b> a month.</p>", "html")
    assert texts(message.as_bytes())[""].count("900") == 1 and not notices(message.as_bytes())
    poor = mail("Please use a program that shows pages.\n")
    poor.add_alternative(
        f"<p>{'The deposit is 4,400 euro, due in July, paid by Tessa Grün. ' * 3}</p>", "html"
    )
    assert "4,400" in texts(poor.as_bytes())[""]
    assert notices(poor.as_bytes()) == ["its text and its HTML say different things; the HTML was read"]


def test_attachments_are_documents_below_their_message() -> None:
    file = io.BytesIO()
    canvas = Canvas(file)
    canvas.drawString(72, 700, "Certificate CH-5510.")
    canvas.save()
    message = mail()
    message.add_attachment(file.getvalue(), "application", "pdf", filename="Prüfung 2025.pdf")
    message.add_attachment("a;b\n1;2\n", subtype="csv", filename="table.csv")
    message.add_attachment(b"\x89PNG\r\n\x1a\n\0", "image", "png", filename="../../logo.png")
    found = texts(message.as_bytes())
    assert found[""].endswith(
        "Attachment: Prüfung 2025.pdf\nAttachment: table.csv\nAttachment: _.._logo.png\n"
    )
    assert found["Prüfung 2025.pdf"] == "Certificate CH-5510." and found["table.csv"] == "a;b\n1;2\n"
    assert "image" in found["_.._logo.png"]


def test_a_mail_in_a_mail_is_read_to_any_depth() -> None:
    inner = mail("The boiler costs 5,120.", Subject="Offer / boiler")
    inner.add_attachment("item;price\n", subtype="csv", filename="offer.csv")
    for number in range(12):
        outer = MIMEMultipart()
        outer["From"], outer["Subject"] = "b@example.org", f"Fwd {number}"
        outer.attach(MIMEMessage(inner))
        inner = outer
    found = texts(outer.as_bytes())
    path = "/".join([*(f"Fwd {n}.eml" for n in range(10, -1, -1)), "Offer _ boiler.eml"])
    assert "The boiler costs 5,120." in found[path] and found[f"{path}/offer.csv"] == "item;price\n"
    assert len(found) == 14


def test_a_forwarded_mail_that_was_encoded_against_the_rules_is_read() -> None:
    encoded = base64.encodebytes(mail("Inside.").as_bytes())
    data = raw(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b",
        b"--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + encoded
        + b"--b--\r\n",
    )
    assert texts(data)["News.eml"].endswith("\n\nInside.\n")


def test_a_zip_in_a_mail_is_read() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("folder/a.txt", "Deep.")
    message = mail()
    message.add_attachment(file.getvalue(), "application", "zip", filename="all.zip")
    assert texts(message.as_bytes())["all.zip/folder/a.txt"] == "Deep."


def test_flowed_lines_are_joined_and_uuencoded_files_lifted_out() -> None:
    flowed = raw(
        'Content-Type: text/plain; format="flowed"',
        b"The rent \r\nis 900.\r\n> An old \r\n> one.\r\nEnd.\r\n",
    )
    assert texts(flowed)[""].endswith("\n\nThe rent is 900.\n> An old one.\nEnd.\n")
    old = raw("X-Mailer: old", b"See file.\r\n\r\nbegin 644 note.txt\r\n%2&5L;&\\ \r\n`\r\nend\r\n")
    assert texts(old) == {
        "": "From: a@example.org\n\nSee file.\n\nAttachment: note.txt\n",
        "note.txt": "Hello",
    }


def test_what_is_encrypted_or_signed_is_named() -> None:
    parts = (
        b"--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
        b"--b\r\nContent-Type: application/octet-stream; name=secret.asc\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n--b--\r\n"
    )
    data = raw("MIME-Version: 1.0\nContent-Type: multipart/encrypted; boundary=b", parts)
    assert texts(data)["secret.asc"] == "[it is encrypted and cannot be opened]"
    assert notices(data) == ["it is encrypted, and only its headers can be read"]
    smime = raw("MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; name=smime.p7m", b"\0\1")
    assert "S/MIME" in texts(smime)["smime.p7m"]


def box(*messages: bytes) -> bytes:
    """A mailbox, with the quoting that mail programs do."""
    return b"\n".join(
        b"From a@example.org Tue Jun  3 10:00:00 2025\n" + m.replace(b"\nFrom ", b"\n>From ")
        for m in messages
    )


def test_a_mailbox_is_split_into_its_messages() -> None:
    data = box(mail("One.\nFrom here on it is quoted.").as_bytes(), mail("Two.\n\nX From y").as_bytes())
    found = texts(data, "inbox")
    assert [*found] == ["1", "2"] and "\nFrom here on it is quoted.\n" in found["1"]
    unquoted = data.replace(b">From here on", b"\nFrom here on")  # as programs do that do not quote
    assert [*texts(unquoted, "inbox")] == ["1", "2"]


NOTE = "From 1 May 2025 the rent rises.\nRent: 1200 EUR\nDeposit: 2400 EUR\n\nBoth are due.\n"


def test_a_sentence_that_begins_with_from_parts_no_messages() -> None:
    assert texts(NOTE.encode(), "note.txt") == {"": NOTE}
    assert texts(NOTE.replace("1 May", "May").encode(), "note.md") == {"": NOTE.replace("1 May", "May")}
    data = box(mail("One.").as_bytes() + b"\n" + NOTE.encode(), mail("Two.").as_bytes())
    found = texts(data, "inbox")
    assert [*found] == ["1", "2"] and NOTE in found["1"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("From - Mon Jan 01 00:00:00 2024\nOdd: 1\n", "inbox"),
        ("From 177@xxx Mon Jan  1 00:00:00 +0000 2024\nX-GM-THRID: 1\n", "a.txt"),
        ("From a@b.c Mon, 1 Jan 2024 00:00:00 +0100\nOdd: 1\n", "inbox"),
        ("From a@b.c 2024-01-01 00:00\nSubject: News\n", "inbox"),
        ("From a@b.c 2024-01-01 00:00\nOdd: 1\n", "a.mbox"),
    ],
)
def test_mailboxes_of_many_programs_are_known(line: str, name: str) -> None:
    assert [*texts(f"{line}From: a@b.c\n\nHello.\n".encode(), name)] == ["1"]


def test_notes_and_pages_that_look_like_mail_stay_what_they_are() -> None:
    note = b"From: Ida\nTo: Otto\nSubject: Roof\n\nThe roof leaks.\n"
    assert texts(note, "roof.txt") == {"": note.decode()}
    assert texts(b"From here to the harbour 2024 it is far.\n", "a.txt")[""].startswith("From here")
    assert texts(b"No header at all.\n", "a.eml") == {"": "No header at all.\n"}
    assert texts(mail().as_bytes() + b"", "mail.txt")[""].startswith("From: a@example.org\nSubject: News")


def test_an_attachment_is_kept_once_with_all_its_places(add) -> None:
    terms = "Terms: six months of notice.\n"
    messages = []
    for number in range(3):
        message = mail(f"Letter {number}.")
        message.add_attachment(terms, filename="terms.txt")
        messages.append(message.as_bytes())
    info = add({"mail/box.mbox": box(messages[0], messages[1]), "z.eml": messages[2], "terms.txt": terms})
    corpus = Corpus.open(info.path)
    first = "mail/box.mbox/1/terms.txt"
    assert corpus.names == ["mail/box.mbox/1", first, "mail/box.mbox/2", "terms.txt", "z.eml"]
    assert info.notices[-1] == (
        f"{first}: the same attachment is also mail/box.mbox/2/terms.txt, z.eml/terms.txt."
    )
    assert str(corpus[1]) == terms and info.skipped == ()
    sizes = {entry.name: entry.bytes for entry in entries(info.path, corpus.archive)}
    assert sizes[first] == len(terms)


def outlook(**more: object) -> dict[str, object]:
    """The storages of a message of Outlook."""

    def wide(text: str) -> bytes:
        return text.encode("utf-16-le")

    return {
        "__properties_version1.0": properties(32, p0039=133933248000000000, p3FFD=1252),
        "__substg1.0_0037001F": wide("Schlüsselübergabe"),
        "__substg1.0_0C1A001F": wide("Jörg Weiß"),
        "__substg1.0_5D01001F": wide("jw@example.org"),
        "__substg1.0_1000001E": "Die Übergabe ist am 12. Juni.".encode("cp1252"),
        "__recip_version1.0_#00000000": {
            "__properties_version1.0": properties(8, p0C15=1),
            "__substg1.0_3001001F": wide("Öznur Şen"),
            "__substg1.0_39FE001F": wide("os@example.org"),
        },
        "__attach_version1.0_#00000000": {
            "__properties_version1.0": properties(8, p3705=1),
            "__substg1.0_3707001F": wide("offer.csv"),
            "__substg1.0_37010102": b"item;price\nboiler;5120\n",
        },
        **more,
    }


def test_a_message_of_outlook_is_read_with_the_messages_in_it() -> None:
    inner = outlook()
    inner["__properties_version1.0"] = properties(24, p0039=133933248000000000, p3FFD=1252)
    inner["__substg1.0_1000001E"] = b"The inner one."
    attached = {
        "__properties_version1.0": properties(8, p3705=5),
        "__substg1.0_3001001F": "Boiler".encode("utf-16-le"),
        "__substg1.0_3701000D": inner,
    }
    found = texts(compound(outlook(**{"__attach_version1.0_#00000001": attached})), "a.msg")
    assert found[""] == (
        "From: Jörg Weiß <jw@example.org>\nTo: Öznur Şen <os@example.org>\nDate: 2025-06-02 08:00 UTC\n"
        "Subject: Schlüsselübergabe\n\nDie Übergabe ist am 12. Juni.\n\nAttachment: offer.csv\nAttachment: Boiler.msg\n"
    )
    assert found["offer.csv"] == "item;price\nboiler;5120\n"
    assert "The inner one." in found["Boiler.msg"] and found["Boiler.msg/offer.csv"] == "[again]"
    assert "damaged" in texts(b"\xd0\xcf\x11\xe0" + bytes(3000), "a.msg")[""]


def test_a_broken_mail_is_read_as_far_as_it_goes() -> None:
    message = mail("Body of it.")
    message.add_attachment("x" * 3000, filename="x.txt")
    data = message.as_bytes()
    for at in range(0, len(data), 97):
        assert texts(data[:at] or b" ")
    assert "Body of it." in texts(data[: len(data) // 2])[""]


def test_a_mail_nested_beyond_all_measure_is_refused_in_a_sentence() -> None:
    head = b"From: a@example.org\nMessage-ID: <1>\n"
    data = head + b"\nend\n"
    for _ in range(600):
        data = head + b"Content-Type: message/rfc822\n\n" + data
    assert texts(data) == {"": "[its parts lie one within the other deeper than can be read]"}
