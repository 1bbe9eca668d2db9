"""The sample corpus holds what its questions say: every answer is derived from the files again."""

import csv
import json
import re
from pathlib import Path

import bs4
import pypdfium2
import pytest

from app.sample import make_inventory, make_ledger, make_pdf, make_shift_log

SAMPLE = Path(make_pdf.__file__).parent
DOCUMENTS = SAMPLE / "documents"
PAIRS = json.loads((SAMPLE / "questions.json").read_text("utf-8"))
ANSWERS = {pair["question"]: pair["answer"] for pair in PAIRS}
FAMILIES = {"look-up": 7, "count": 4, "list": 3, "not there": 2, "fan-out": 2, "each": 2}


def pdf_text(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as pdf:
        return "\n".join(page.get_textpage().get_text_range().replace("\r\n", "\n") for page in pdf)


def read(path: Path) -> str:
    if path.suffix == ".pdf":
        return pdf_text(path)
    text = path.read_text("utf-8")
    return bs4.BeautifulSoup(text, "html.parser").get_text() if path.suffix == ".html" else text


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    files = sorted(path for path in DOCUMENTS.rglob("*") if path.is_file())
    return {path.relative_to(DOCUMENTS).as_posix(): read(path) for path in files}


def lines_with(texts: dict[str, str], *words: str) -> list[tuple[str, str]]:
    """Return (document, line) of every line that holds all `words`, whatever their case."""
    return [
        (name, line)
        for name, text in texts.items()
        for line in text.splitlines()
        if all(word.lower() in line.lower() for word in words)
    ]


def mentioning(texts: dict[str, str], phrase: str) -> list[str]:
    return [name for name, text in texts.items() if phrase.lower() in text.lower()]


def group(texts: dict[str, str], start: str) -> dict[str, str]:
    return {Path(name).name: text for name, text in texts.items() if name.startswith(start)}


def test_the_corpus_is_about_thirty_documents_and_a_few_hundred_kilobytes(texts):
    assert 28 <= len(texts) <= 34
    assert 200_000 < sum(path.stat().st_size for path in DOCUMENTS.rglob("*") if path.is_file()) < 400_000
    assert {Path(name).suffix for name in texts} == {".md", ".txt", ".csv", ".html", ".json", ".pdf"}


def test_there_are_twenty_questions_of_the_intended_families():
    assert len(ANSWERS) == 20
    assert all(set(pair) == {"question", "answer", "family"} for pair in PAIRS)
    assert {name: sum(pair["family"] == name for pair in PAIRS) for name in FAMILIES} == FAMILIES


LOOK_UPS = [
    ("Who is the landlord of the harbour warehouse?", "landlord of the harbour warehouse", "contracts/lease-harbour-warehouse.txt"),
    ("When was the new braiding machine delivered?", "new braiding machine was delivered", "mail/braiding-machine.txt"),
    ("How much did the fire door cost?", "fire door cost", "minutes/safety-2024-05-28.md"),
    ("How long is the warranty on the roof of the drying shed?", "warranty on the roof of the drying shed", "minutes/board-2024-07-18.md"),
    ("How many days of holiday does an apprentice get?", "days of holiday", "handbook.html"),
    ("How many people did the company employ at the end of 2024?", "the company employed", "reports/annual-report-2024.pdf"),
    ("Who won the apprentice prize for 2024?", "apprentice prize for 2024 was won by", "mail/apprentice-prize.txt"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "words", "document"), LOOK_UPS)
def test_a_look_up_rests_on_one_short_line_of_one_document(texts, question, words, document):
    [(name, line)] = lines_with(texts, words)
    assert name == document
    assert ANSWERS[question] in line
    assert len(line) < 120


def test_every_look_up_is_checked():
    assert {question for question, _, _ in LOOK_UPS} == {
        pair["question"] for pair in PAIRS if pair["family"] == "look-up"
    }


def test_documents_mentioning_a_place_are_counted_by_its_exact_name(texts):
    assert ANSWERS["How many documents mention Skerry Point?"] == str(len(mentioning(texts, "Skerry Point")))
    assert mentioning(texts, "Skerry Point") == [
        n for n, t in texts.items() if re.search("skerry\\s+point", t, re.I)
    ]


@pytest.mark.parametrize(
    ("question", "phrase", "folder"),
    [
        ("How many lines of the inventory mention Tar House?", "Tar House", "stores/inventory.json"),
        ("How many invoices are marked disputed?", "disputed", "invoices/"),
        ("How many times does the shift log mention a broken strand?", "broken strand", "minutes/shift-log"),
    ],
)
def test_a_count_is_the_same_by_matches_and_by_lines_and_stays_in_its_files(texts, question, phrase, folder):
    lines = lines_with(texts, phrase)
    assert all(name.startswith(folder) for name, _ in lines)
    assert sum(text.lower().count(phrase.lower()) for text in texts.values()) == len(lines)
    assert ANSWERS[question] == str(len(lines))


def test_disputed_is_the_status_of_as_many_invoices(texts):
    rows = [row for text in group(texts, "invoices/").values() for row in csv.DictReader(text.splitlines())]
    assert len({row["invoice"] for row in rows}) == len(rows)
    disputed = [row for row in rows if row["status"] == "disputed"]
    assert ANSWERS["How many invoices are marked disputed?"] == str(len(disputed))


def test_the_tar_house_holds_as_many_items(texts):
    items = json.loads(texts["stores/inventory.json"])["items"]
    here = [item for item in items if item["place"] == "Tar House"]
    assert ANSWERS["How many lines of the inventory mention Tar House?"] == str(len(here))


def test_the_broken_strand_is_counted_the_same_with_its_article(texts):
    assert lines_with(texts, "broken strand") == lines_with(texts, "a broken strand")


def test_the_list_of_documents_is_complete(texts):
    assert ANSWERS["Which documents mention asbestos?"].split(", ") == mentioning(texts, "asbestos")


def test_the_list_of_invoice_numbers_is_complete(texts):
    lines = lines_with(texts, "Pintle Castings")
    assert all(name.startswith("invoices/") for name, _ in lines)
    numbers = [line.split(",")[0] for _, line in lines]
    assert ANSWERS["List the invoice numbers from Pintle Castings."].split(", ") == numbers


def test_the_list_of_addresses_is_complete_and_without_repeats(texts):
    found = re.findall(r"[\w.-]+@[\w-]+\.\w+", texts["mail/trade-fair.txt"])
    assert len(set(found)) == len(found)
    assert ANSWERS["List the e-mail addresses in the mail about the trade fair."].split(", ") == found
    assert "trade fair" in texts["mail/trade-fair.txt"].lower()


@pytest.mark.parametrize("word", ["password", "wireless", "wi-fi", "wlan", "parking", "expire"])
def test_what_is_said_to_be_absent_is_absent(texts, word):
    assert mentioning(texts, word) == []


def test_the_absent_things_are_answered_alike():
    absent = [pair["answer"] for pair in PAIRS if pair["family"] == "not there"]
    assert absent == ["not in these documents"] * 2


def test_every_supply_contract_states_one_notice_period(texts):
    contracts = group(texts, "contracts/supply-")
    found = {}
    for name, text in contracts.items():
        [period] = re.findall("The notice period of this supply contract is ([^,;]+?)(?:,|;| and )", text)
        assert text.lower().count("notice period") == 1
        found[name] = period
    assert mentioning(texts, "notice period") == [f"contracts/{name}" for name in contracts]
    answer = "; ".join(f"{name}: {period}" for name, period in found.items())
    assert ANSWERS["What is the notice period in each of the supply contracts?"] == answer


def test_every_board_meeting_names_who_took_its_minutes(texts):
    found = []
    for text in group(texts, "minutes/board-").values():
        [day] = re.findall("^# Board meeting of (.+)$", text, re.M)
        [name] = re.findall(r"The minutes of this board meeting were taken by ([^.]+)\.", text)
        found.append(f"{day}: {name}")
    assert len(found) == 4
    assert ANSWERS["Who took the minutes of each board meeting?"] == "; ".join(found)


def test_the_service_contract_that_ends_first_is_the_cleaning_contract(texts):
    ends = {}
    months = {"March": 3, "September": 9, "December": 12}
    for name, text in group(texts, "contracts/service-").items():
        [(day, month, year)] = re.findall(r"This service contract ends on (\d+) (\w+) (\d{4})", text)
        ends[name] = (int(year), months[month], int(day), f"{name}, on {day} {month} {year}")
    assert len({end[:3] for end in ends.values()}) == 3
    assert ANSWERS["Which of the service contracts ends first?"] == min(ends.values())[3]


def test_every_lease_says_one_thing_about_the_deposit(texts):
    parts = ANSWERS["What does each lease say about the deposit?"].split("; ")
    leases = group(texts, "contracts/lease-")
    assert len(parts) == len(leases) == 3
    for part, (name, text) in zip(parts, leases.items(), strict=True):
        [line] = [line for line in text.splitlines() if "deposit" in line.lower()]
        label, said = part.split(": ")
        assert label == name
        assert said.lower() in line.lower()
    assert mentioning(texts, "deposit") == [f"contracts/{name}" for name in leases]


def test_no_address_can_belong_to_anybody(texts):
    found = [address for text in texts.values() for address in re.findall(r"@[\w.-]+\w", text)]
    assert found and all(address.endswith(".example") for address in found)
    assert not any(re.search("https?://", text) for text in texts.values())


def test_the_bulk_lists_are_what_their_generators_write(tmp_path):
    make_ledger.write(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        assert path.read_bytes() == (DOCUMENTS / "invoices" / path.name).read_bytes()
    make_inventory.write(tmp_path / "inventory.json")
    assert (tmp_path / "inventory.json").read_bytes() == make_inventory.TARGET.read_bytes()
    assert make_shift_log.log() == make_shift_log.TARGET.read_text("utf-8")


def test_the_report_is_typeset_from_its_source_and_always_alike(tmp_path):
    make_pdf.build(tmp_path / "one.pdf")
    make_pdf.build(tmp_path / "two.pdf")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    assert pdf_text(tmp_path / "one.pdf") == pdf_text(make_pdf.TARGET)
    with pypdfium2.PdfDocument(make_pdf.TARGET) as pdf:
        assert len(pdf) > 4
