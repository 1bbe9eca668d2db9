"""Every text reads as what it is: by its marks, by what it declares where the bytes fit, by its words otherwise."""

from __future__ import annotations

import pytest

from engine.documents.formats.detect import parse
from engine.documents.formats.encodings import decode, known, read

TEXTS = {
    "de": "Die Kündigungsfrist für die Halle beträgt sechs Monate.\nDen Zweitschlüssel verwahrt Frau Öhlmann.\n",
    "da": "Nøglen er hos Søren Ågård på Æblevej.\n",
    "fr": "Le loyer a été réglé à l'échéance par l'héritière.\n",
    "euro": "La caution est de 450 € et la clé est chez Mme Lefèvre à côté du cœur de l'île.\n",
    "pl": "Umowa najmu została zawarta między Łukaszem Wójcikiem a spółką Żółw.\n",
    "cs": "Nájemní smlouva byla uzavřena mezi panem Dvořákem a společností Žižka.\n",
    "hu": "A bérleti díj havonta esedékes, a kulcs Őry Zsófiánál van, a tűzhely új.\n",
    "ru": "Договор аренды заключён между Ивановым и Щербаковой. Ключ у дворника.\n",
    "el": "Το κλειδί το έχει η Ζωή. Η εγγύηση είναι τρεις χιλιάδες.\n",
    "tr": "Anahtar Işıl Çağlar ve Şule Güneş'te. Depozito üç bin lira.\n",
    "he": "המפתח נמצא אצל זהבה. הפיקדון הוא שלושת אלפים.\n",
    "ar": "المفتاح عند ليلى. التأمين ثلاثة آلاف.\n",
    "ja": "契約の期間は二年とする。鍵は佐藤さんが持っています。\n",
    "ko": "임대차 계약 기간은 이 년입니다. 열쇠는 김 씨가 보관합니다.\n",
    "zh": "租约为期两年,钥匙由陈先生保管。\n",
    "tw": "租約為期兩年,鑰匙由陳先生保管。\n",
    "th": "กุญแจอยู่กับสมชาย ค่ามัดจำสามพันบาท\n",
    "word": "Straße 5\n",
    "name": "Herr Müller\n",
    "note": "見積書\n",
    "sign": "Betrag: 50 €\n",
    "table": "Name;Ort;Betrag\nMüller;Köln;12,50\nGroß;Düren;7,00\n",
}
WRITTEN = {
    "de": "cp1252 cp850 mac_roman iso8859_15 utf-16-le utf-16-be utf-32-le",
    "da": "cp1252 cp850 mac_roman",
    "fr": "cp1252 cp850 mac_roman",
    "euro": "cp1252 iso8859_15",
    "pl": "cp1250 iso8859_2 cp852",
    "cs": "cp1250 iso8859_2 cp852",
    "hu": "cp1250 iso8859_2 cp852",
    "ru": "cp1251 koi8_r cp866 mac_cyrillic iso8859_5 utf-16-be",
    "el": "cp1253 iso8859_7 utf-16-le",
    "tr": "cp1254 cp857",
    "he": "cp1255",
    "ar": "cp1256",
    "ja": "cp932 euc_jp iso2022_jp utf-16-le utf-16-be",
    "ko": "cp949 utf-16-le iso2022_kr johab",
    "zh": "gb18030 hz utf-16-le utf-16-be",
    "tw": "big5 utf-16-be",
    "th": "cp874",
    "word": "cp1252",
    "name": "cp1252 cp850 mac_roman",
    "note": "cp932 euc_jp utf-16-le utf-16-be",
    "sign": "cp1252",
    "table": "cp1252 cp850 mac_roman",
}


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(text, encoding) for text, encodings in WRITTEN.items() for encoding in encodings.split()],
)
def test_a_short_text_without_a_mark_is_read_by_its_words(text: str, encoding: str) -> None:
    assert read(TEXTS[text].encode(encoding)).text == TEXTS[text]


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac_roman"])
def test_odd_lines_among_utf8_are_read_by_themselves_and_it_is_said(encoding: str) -> None:
    lines = [f"Zeile {n}: Größe für Söhne, {n} Stück\n" for n in range(40)]
    data = b"".join(x.encode(encoding if n in (7, 20) else "utf-8") for n, x in enumerate(lines))
    decoded = read(data)
    assert decoded.text == "".join(lines)
    assert decoded.notices[0].startswith("2 lines (8, 21) are not UTF-8 and read as ")
    assert len(decoded.notices) == 1


def test_a_line_of_utf8_among_others_is_read_as_such() -> None:
    lines = ["Schlüssel für Köln\n", "Schlüssel für Jörg\n", "Übergabe bei Größe 7\n"]
    data = lines[0].encode("cp1252") + lines[1].encode("cp1252") + lines[2].encode()
    assert read(data).text == "".join(lines)


def test_a_damaged_character_of_utf8_is_replaced_alone() -> None:
    line = "Eine lange Zeile über Schlüssel für Köln, Düren, Jülich, Grünau, Öhringen und Äpfel für Jörg"
    data = (line + "\n").encode()
    broken = data.replace("ö".encode(), b"\xc3", 1)
    decoded = read(data + broken)
    assert decoded.text == line + "\n" + line.replace("ö", "\ufffd", 1) + "\n"
    assert decoded.notices == ["some bytes are not valid utf-8"]
    assert decode(data + broken) == (decoded.text, "utf-8?") and decode(data) == (line + "\n", "utf-8")


def test_two_byte_text_is_not_taken_for_lines_of_two_encodings() -> None:
    text = "".join(f"{n},陈先生,押金,人\n" for n in range(300))
    decoded = read(text.encode("gb18030"))
    assert decoded.text == text and not decoded.notices


@pytest.mark.parametrize(
    ("name", "start", "encoding"),
    [
        ("a.html", "<html><head><meta charset=Shift_JIS></head><body><p>ｱ鍵</p>", "cp932"),
        (
            "a.html",
            '<html><meta http-equiv="Content-Type" content="text/html; charset=gb2312"><p>键</p>',
            "gbk",
        ),
        ("a.html", '<html><meta charset="windows-1254"><p>ş</p>', "cp1254"),
        ("a.xml", '<?xml version="1.0" encoding="ISO-8859-7"?>\n<a>κ</a>', "iso8859_7"),
        ("a.xml", "<?xml version='1.0' encoding='IBM852'?>\n<a>Ł</a>", "cp852"),
        ("a.py", "#!/usr/bin/python\n# -*- coding: koi8-r -*-\nx = 'ю'\n", "koi8_r"),
        ("a.tex", "% !TeX coding: cp1250\nŁ ů\n", "cp1250"),
        ("a.css", '@charset "iso-8859-5";\n/* ж */\n', "iso8859_5"),
    ],
)
def test_a_declared_encoding_that_fits_is_believed(name: str, start: str, encoding: str) -> None:
    wanted = next(c for c in start if c > "\x7f")
    assert wanted in parse(start.encode(encoding), name).text


@pytest.mark.parametrize(
    "label", ["utf-8", "us-ascii", "no-such-encoding", "unicode_escape", "rot13", "x-user-defined"]
)
def test_a_declared_encoding_that_does_not_fit_is_not(label: str) -> None:
    page = f'<?xml version="1.0" encoding="{label}"?><p>{TEXTS["de"]}</p>'
    assert TEXTS["de"] in read(page.encode("cp1252")).text
    assert TEXTS["de"] in read(page.encode("utf-8")).text


def test_utf8_is_certain_whatever_is_declared() -> None:
    page = f'<html><meta charset="iso-8859-1"><p>{TEXTS["de"]}</p>'
    assert TEXTS["de"] in read(page.encode()).text


def test_labels_mean_what_browsers_take_them_for() -> None:
    assert [known(x) for x in ("latin1", "GB2312", "ks_c_5601-1987", "hex", "")] == [
        "cp1252",
        "gb18030",
        "cp949",
        "",
        "",
    ]
