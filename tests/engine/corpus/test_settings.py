"""What a line stands in and how words are compared: inflection, paragraphs, table headers, brackets, names, logs."""

from __future__ import annotations

import pytest

from engine.corpus import Corpus
from engine.corpus.names import doubt, logins
from engine.corpus.words import other_forms, stem

FILES: dict[str, str | bytes] = {
    "choir.md": "# Rules of the choir\n\n## Room\n\nBadges are given out by the warden, Ilse Brandt. The room opens at 17:15, "
    "on holidays at 15:45. The choir owns seven drums.\n",
    "stock.csv": "code,item,supplier,price\nK-201,lamp oil,Norden Supplies,61.40\nK-202,rope,Tessa Vole,17.90\n",
    "menu.md": "# Menu\n\n| Dish | Weight | Price in euros |\n|---|---|---|\n| Lentil stew | 300 g | 6.20 |\n"
    "| Leek pie | 220 g | 7.80 |\n",
    "server.log": "2031-02-03 09:00:01 INFO user mbauer logged in\n2031-02-03 09:10:00 INFO queue emptied by jpohl\n"
    "2031-02-03 09:20:00 INFO mast lowered, 40 GB free\n",
    "mail.txt": "From: a@x.example\nTo: b@x.example\nCc: archive@x.example, second-archive@x.example\nDate: 3 May 2031\n"
    "Subject: Cracked pane, case QV-7731\n\nDear all,\n\nThe case is handled by Dr Ines Falk.\n",
    "letter.txt": "Dear Rosa,\n\nplease write to the joiner, Pavel Sykora, before the feast. His number is 0555 31990.\n"
    "Uncle bought the barge from the widow Marten in 1904.\n",
    "board.txt": "Board of the mill, May\n\nPresent: Ms Adler, Mr Brook (chair), Ms Chand.\n",
    "tenancy.md": "# Tenancy of a barn\n\nRosalind Achebe, who keeps bees and lives at the end of the lane, lets the barn with all "
    "that is in it to Corwin Dairy.\n\n- Begin: 4 July 2029\n- Pledge: 610 euros\n",
    "card.txt": "Guarantee card\n\nThing: a washing machine of the largest size, white, with a cable of two metres and a hose\n"
    "Seller: Lindqvist & Daughters, 14 Bridge Street, first floor\n\nFor repairs call 0800 44 120 77\n",
    "job.txt": "Dear Sir,\n\nwe pay 2,100 euros a month and a premium of 350 euros in August.\n",
}


@pytest.mark.parametrize(
    "words",
    ["hand hands handed handing", "take takes took taken taking", "pay pays paid paying", "plan planned plans",
     "copy copies copied", "agree agreed agrees", "year years yearly", "begin began begun begins", "use used uses"],
)  # fmt: skip
def test_forms_of_a_word_are_one(words: str) -> None:
    assert len(set(map(stem, words.split()))) == 1


def test_words_that_only_look_inflected_are_kept() -> None:
    assert {stem(word) for word in ("gas", "class", "spring", "K-201")} == {"gas", "class", "sprin", "k-201"}
    assert stem("deed") != stem("die")


def test_an_irregular_word_is_sought_in_its_other_forms() -> None:
    assert other_forms("Who bought it?") == ["buy"]
    assert "wrote" in other_forms("who did write that")


@pytest.mark.parametrize(
    ("form", "question", "about", "value"),
    [
        ("name", "Who gives out the badges?", "gives", "Ilse Brandt"),
        ("number", "How many drums does the choir own?", "", "seven"),
        ("time", "When does the room open on holidays?", "opens", "15:45"),
        ("time", "When does the room open?", "opens", "17:15"),
        ("money", "What does leek pie cost?", "cost|price", "7.80"),
        ("measure", "How heavy is the lentil stew?", "weight|weighs", "300 g"),
        ("money", "What was the price of K-202?", "price|cost", "17.90"),
        ("name", "Who is the supplier of K-201?", "supplier|supplies", "Norden Supplies"),
        ("name", "Who emptied the queue?", "emptied", "jpohl"),
        ("name", "Who handles case QV-7731?", "handled|handles", "Dr Ines Falk"),
        ("phone", "phone number of the joiner", "phone|telephone|call", "0555 31990"),
        ("name", "From whom did uncle buy the barge?", "bought", "the widow Marten"),
        ("name", "Who was in the chair at the mill?", "chair", "Mr Brook"),
        ("name", "Who logged in on 3 February?", "logged in", "mbauer"),  # the log writes 2031-02-03
        (
            "date",
            "Corwin Dairy",
            "starts|begins",
            "4 July 2029",
        ),  # of a document whose first sentence names it
        ("money", "What premium do they pay in August?", "pay|wage", "350 euros"),
        ("money", "What do they pay a month?", "pay|wage", "2,100 euros"),
    ],
)
def test_the_value_is_found_by_what_its_line_stands_in(
    corpus: Corpus, form: str, question: str, about: str, value: str
) -> None:
    assert [hit.match for hit in corpus.nearest(form, question, about, 1)] == [value]


@pytest.mark.parametrize(
    ("form", "question", "about"),
    [
        ("money", "What does a leek soup cost?", "cost|price"),  # neither that row nor its neighbours
        ("name", "Who painted the lighthouse of the harbour?", "given|owns"),
        ("phone", "What is the phone number of Lindqvist?", "phone|call"),  # only the seller of the thing
        ("name", "Who logged in on 4 February?", "logged in"),
        ("name", "Who lowered the mast?", "lowered"),  # GB is a unit
    ],
)
def test_what_another_row_or_topic_states_is_no_answer(
    corpus: Corpus, form: str, question: str, about: str
) -> None:
    assert not corpus.nearest(form, question, about)


def test_a_word_that_begins_a_sentence_is_no_name_where_it_also_stands_in_small_letters() -> None:
    text = "Cold wind all day. We took cold soup. Then Wanda came. Wanda sang. Ottilie slept."
    assert doubt("Cold", "", text) is None
    assert doubt("Wanda", "Then Wanda came. ", text) == 0
    assert doubt("Ottilie", "Wanda sang. ", text)
    assert doubt("Cold", "Tenant: ", text) == 0
    assert doubt("Staff", "**", text, ".** Ann Cole retires.") is None  # the label of a paragraph
    assert doubt("Ottilie", "**", text, "** came.") is not None


def test_log_in_names_are_only_taken_from_stamped_lines() -> None:
    line = "2031-02-03 09:10:00 queue emptied by jpohl"
    assert [line[a:b] for a, b in logins(line)] == ["jpohl"]
    assert not logins("The bread was made by hand")
