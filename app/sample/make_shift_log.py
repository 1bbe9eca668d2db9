"""Write documents/minutes/shift-log-2024-03.md, the log of one month's shifts, the same bytes every time.

Shift leaders write the same kinds of remark every day, so the log is drawn from their remarks; what happened
on one day only stands in EVENTS. Run as `python -m app.sample.make_shift_log`.
"""

import random
from datetime import date, timedelta
from pathlib import Path

TARGET = Path(__file__).parent / "documents" / "minutes" / "shift-log-2024-03.md"

HOLIDAYS = {date(2024, 3, 29), date(2024, 3, 30)}
SHIFTS = [("early", "Adaeze Colm", 34), ("late", "Piet Harrand", 29), ("night", "Yorick Tamsin", 14)]

WEATHER = [
    "Fog until ten, walk damp, hemp taken in at 13 per cent.",
    "Dry and cold, static on the polyester, floor wetted twice.",
    "Rain on the roof so loud that hand signals were used.",
    "East wind, doors on the quay side kept shut.",
    "Sun through the north lights for an hour, first of the year.",
    "Frost in the yard, tar slow to move, kettle lit half an hour sooner.",
    "Mild, windows of the upper floor opened.",
    "Hail at noon, three panes of the bicycle shed gone.",
    "Half a gale, nobody on the ladder, lamps of the yard swinging.",
    "Snow that did not lie.",
]

PRODUCTION = [
    "Long walk: {m} m of {d} mm three-strand hemp laid, {c} coils banded and ticketed.",
    "Closer two: {m} m of {d} mm polyester white, turns per metre as on the card.",
    "Closer three: {m} m of {d} mm polyester black for the theatres, no stains found.",
    "Stranding frame: {c} bobbins changed, {m} m of strand on the hooks for tomorrow.",
    "Braiders two and three: {m} m of {b} mm black, tension by feel and then by gauge.",
    "Tar kettle: {c} hanks of marline through at {t} degrees, dripping off.",
    "Dye house: {c} hanks in gannet, {c2} in slate, baths sharpened once.",
    "Wire hall: {c} slings pressed, {c2} hand spliced, all through the bench.",
    "Net loft: one panel of deep water finished and {c} knots of the next.",
    "Spinning: {k} kg of count 16 and {k2} kg of count 20 off the frames.",
    "Hackling: {k} kg through the long comb, tow bagged for the upholsterer.",
    "Re-spooling: {c} drums for the harbour, lengths checked on the wheel.",
    "Test bed: {c} samples, weakest held {p} per cent of the card, red lamp in order.",
    "Despatch: {c} consignments out, {c2} held back for labels.",
    "Rope store counted to row {c2}, {c} tickets renewed.",
]

TROUBLE = [
    "Braider one stopped {s} times, coaxed by hand, {n} minutes lost.",
    "Carrier eleven of braider one has lost its spring again, wire put in its place.",
    "Drive belt of the hackler slipped, resin and kind words, {n} minutes.",
    "Fuse of the reel turner blown, third this month, electrician told.",
    "Top jammed at two hundred metres, grease was old, {n} minutes.",
    "Lift of the yarn store stood between floors for {n} minutes with nobody in it.",
    "Extractor in the dye house hums on the low setting, runs well on high.",
    "Label printer prints everything a finger's breadth too far left.",
    "Bobbin without a ticket in the Dunmarrow lot, set aside unopened.",
    "Cone of the second top worn oval, spare one fitted, {n} minutes.",
    "Compressor trips when the wall hoist starts at the same moment, so do not.",
    "Scale in the yarn store shows {s} kg with nothing on it, tared, written on the slate.",
    "Band saw blade gone, spare was the wrong length, Lyle and Tarn rung up.",
    "Water under the bench of the stainless corner, comes from the gutter, bucket set.",
    "Steam valve of bath four will not quite close, rag and bucket until Friday.",
    "Lorry for the ferry port {n} minutes late, bridge closed for a yacht.",
    "Knotting needle broken off in the net, found with the magnet, all of it.",
    "Telephone of the walk dead for {n} minutes, then rang by itself.",
    "Wire reel came with the end buried, {n} minutes of bad language.",
    "Mouse in the oakum. Cat informed.",
]

STRAND = [
    "Long walk stopped for a broken strand at {m} m, married and gone on, {n} minutes.",
    "Closer three pulled up by itself on a broken strand, guard works, {n} minutes.",
    "Closer two: a broken strand right behind the top, forty metres cut out for tow.",
    "Found a broken strand inside yesterday's {d} mm, coil marked second choice.",
    "Stranding frame: a broken strand and then nothing more all shift.",
]

PEOPLE = [
    "{a} off sick, {b2} stood in at the stranding frame.",
    "{a} showed the new hand how to close a top; new hand showed {a} how to whistle.",
    "{a} has handed in a near-miss slip about the bridge plate, with a drawing.",
    "{a} home early, tooth.",
    "{a} and {b2} changed places for the week, agreed with me.",
    "Eye splice of {a} hung up in the canteen, second attempt, much better.",
    "{a} worked through tea to get the coil off, half an hour credited.",
    "Birthday of {a}, cake, crumbs kept away from the white polyester.",
    "{a} back after three weeks, on half days until the tenth.",
    "{a} asks for the left-handed fid back, no questions.",
]

HANDOVER = [
    "To the next shift: hooks four and five are loaded, please do not turn.",
    "To the next shift: bath two is still warm and still slate.",
    "To the next shift: drum by the door is for Anvary, sign the sheet.",
    "To the next shift: oil the top before you start, not after.",
    "To the next shift: the pallet with blue tape is to be weighed.",
    "To the next shift: keep an eye on the gauge of the sprinkler, it creeps.",
    "To the next shift: two fids missing from the board, look under the bench.",
    "To the next shift: tar at 92, lid on, do not open for the smell.",
    "To the next shift: the count in the book is right, the one on the slate is not.",
    "To the next shift: nothing special, good night, good morning.",
    "To the next shift: the new lot of manila is oily, gloves.",
    "To the next shift: bay three stays roped off, also for short cuts.",
    "To the next shift: test bed booked from seven, nobody in the hall.",
    "To the next shift: last carton of long tubes, Hal knows.",
]

EVENTS = {
    (1, "early"): "Lavinia Sotheren came with two guests, ran the walk for a bet, out of breath at bay nine.",
    (4, "late"): "The lifeboat people fetched their marker yellow and stayed for tea.",
    (5, "early"): "Four of us on the first-aid course, bandages everywhere, even on the cat.",
    (6, "early"): "First-aid course, second day. All can now do it, says the nurse.",
    (7, "early"): "Drying shed empty from eight. A young man went up with bags and came down whistling.",
    (8, "late"): "School band practised in the yard, tempo of the closer adapted itself.",
    (11, "night"): "Power away for four minutes at ten past two. Found the lamps, found the reset, went on.",
    (7, "late"): "Two men from Corran measured the shed and asked what the gutters were for.",
    (14, "late"): "Guests from Anvary Ferries on the walk. They counted the paces and got 401.",
    (16, "early"): "Saturday, volunteers only, twenty-one came. Breakfast was praised by everybody but Piet.",
    (
        18,
        "night",
    ): "Guard brought in a hedgehog from the control point at the fence. Put in oakum, left at five.",
    (20, "late"): "Mrs Ashgrove sent over a hen's worth of eggs for the lamp we mended.",
    (21, "early"): "Marrack's builders looked under the braiding floor and whistled too.",
    (25, "early"): "Cage counted with Tollen, early because of Easter, cage and sheet agree for once.",
    (26, "night"): "Bakery forgot us. Bakery came at six with twice as many and a song.",
    (28, "late"): "Last shift before Easter for most. Floor swept end to end, 304 metres, in one go.",
}
HANDS = ["Ferrin Oake", "Jolanta Vey", "Absalom Tarr", "Maud Killick", "Osric Bane", "Lubo Hanke", "Tamar Quist",
         "Edda Storrow", "Mr Fairlamb", "Goran Pell", "Winnie Ashdown", "Sefton Drury", "Ines Calloway", "Bo Trask",
         "Hester Muldoon", "Kofi Landry", "Rosalba Finch", "Ned Oxley", "Thyra Lund", "Callum Wray"]  # fmt: skip


def log() -> str:
    """Return the month's log: a heading and a list for every shift."""
    draw = random.Random(29)
    decks: dict[int, list[str]] = {}

    def pick(values: list[str]) -> str:
        """Deal from a shuffled deck, so that no remark returns before the others have been used."""
        deck = decks.setdefault(id(values), [])
        if not deck:
            deck.extend(sorted(values, key=lambda _: draw.random()))
        return deck.pop()

    def number(low: int, high: int) -> int:
        return low + int(draw.random() * (high - low + 1))

    def fill(remark: str) -> str:
        """Put this shift's figures into a remark."""
        figures = {"m": 10 * number(8, 96), "d": 2 * number(4, 16), "b": number(3, 8), "c": number(3, 29)}
        figures |= {
            "c2": number(2, 15),
            "t": number(88, 98),
            "k": 10 * number(14, 72),
            "k2": 10 * number(9, 48),
        }
        figures |= {"p": number(101, 119), "n": number(6, 55), "s": number(2, 9)}
        return remark.format(**figures, a=pick(HANDS), b2=pick(HANDS))

    parts = [
        "# Shift log, ropewalk and halls, March 2024",
        "Kept by the shift leaders in the lodge and typed out by Wilma Strodd at the end of the month, "
        "spelling put right and language toned down. Saturdays only with volunteers, Good Friday none.",
    ]
    for day in (date(2024, 3, 1) + timedelta(n) for n in range(31)):
        if day.weekday() == 6 or day in HOLIDAYS:
            continue
        for shift, leader, hands in SHIFTS[:1] if day.weekday() == 5 else SHIFTS:
            present = number(hands - 4, hands)
            lines = [f"## {day:%A} {day.day} March, {shift} shift", f"Leader {leader}, {present} present."]
            if shift == "early":
                lines.append(pick(WEATHER))
            lines += [fill(pick(PRODUCTION)) for _ in range(number(2, 4))]
            lines += [fill(pick(TROUBLE)) for _ in range(number(1, 2))]
            if draw.random() < 0.22:
                lines.append(fill(pick(STRAND)))
            if (day.day, shift) in EVENTS:
                lines.append(EVENTS[day.day, shift])
            if draw.random() < 0.6:
                lines.append(fill(pick(PEOPLE)))
            lines.append(pick(HANDOVER))
            parts.append(lines[0] + "\n\n" + "\n".join(f"- {line}" for line in lines[1:]))
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    TARGET.write_text(log(), encoding="utf-8")
