"""What values of common forms look like, as regular expressions by name: dates, amounts, names and the like.

English and international ways of writing. A form is a hint for a search, no proof: "name" is a run of capitalised
words.
"""

from __future__ import annotations

_MONTH = r"(?:Jan|Febr|March|April|May|June|July|Aug|Sept|Oct|Nov|Dec)\w*"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_FROM = rf"(?:(?<![\d.:/-]){_DAY}(?:\s(?:to|until)\s|[-–])|\b)"  # "5 to" of "5 to 23 August"
_COIN = r"euros?|dollars|pounds|crowns|francs|cents|pence|yen|EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|JPY|CAD|AUD"
_LARGE = r"(?:\s(?:thousand|million|billion))?"
_NO_NAME = (
    r"(?!(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:January|February|March|April|June|July|August|September|October"
    r"|November|December)\b|(?:The|In|We|Our|For|On|By|At|A|As|Between|Half|Before|After|According|Please|Item|No|Only|Both|Also)\s|[A-Z]\w+: |[A-Z]{4,}\s)"
)

_COUNT = (
    r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-[a-z]+)?|one|two|three|four|five|six|seven|eight|nine"
    r"|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|half an?"
)

FORMS: dict[str, str] = {
    "email": r"[\w.+-]+@[\w-]+\.[\w.-]*\w",
    "date": rf"{_FROM}{_DAY}\s(?:of\s)?{_MONTH},?\s\d{{4}}|\d{{4}}-\d\d-\d\d\b(?! \d\d:\d\d)|{_MONTH}\s{_DAY},?\s\d{{4}}"
    rf"|\d\d?[./]\d\d?[./]\d{{4}}|{_FROM}{_DAY}\s(?:of\s)?{_MONTH}|{_MONTH}\s{_DAY}\b|{_MONTH}\s\d{{4}}\b",
    "money": rf"(?:[$€£]|EUR|CHF|USD|GBP)\s?\d[\d.,]*(?<![.,]){_LARGE}"
    rf"|\d[\d.,]*(?<![.,]){_LARGE}\s?(?:(?:{_COIN})\b|[€£])",
    "duration": rf"\b(?:\d+(?:\.\d+)?|{_COUNT})[\s-](?:working\s|full\s)?(?:second|minute|hour|day|night|week|month|year|decade)s?\b",
    "percent": r"\d[\d.,]*\s?(?:%|percent|per cent)",
    "measure": r"\d[\d.,]*\s?(?:kg|g|tonnes|kilograms|grams|lb|°C|degrees(?:\sCelsius)?|bar|km|miles|kilometres"
    r"|litres(?:\sper\s100\skm)?|square\smetres|m2|square\sfeet|metres|m|feet|cm|mm|centimetres|millimetres|inch(?:es)?|yards|ml|l|mg"
    r"|pounds|ounces|oz|kWh|kW|W|watts|V|volts|Hz|MHz|GHz|GB|MB|TB|kB|ha|hectares|acres|°F|m²|m³|cubic\smetres)(?!\w)",
    "time": r"\b\d{1,2}[:.]\d\d(?:\s?[ap]\.?m\b\.?)?|\b\d{1,2}\s[ap]\.?m\b\.?",
    "phone": r"(?<![\d.-])(?!\d{4}-\d\d-\d\d\b)\+?\d[\d /-]{6,}\d",
    "address": r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b",
    "version": r"(?<![\w.,$€£])(?!\d\d?\.\d\d?\.\d{4}|\d+(?:\.\d+){3})[vV]?\d{1,3}(?:\.\d{1,4}){1,3}\b(?![.,]?\d|\s?(?:%|percent|€|(?:kg|g|km|m|cm|mm|l|am|pm|a\.m|p\.m|h)\b|°|euros|dollars|pounds))",
    "weekday": r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b",
    "street": r"\b\d{1,4}[a-z]? (?!The |March |May |August )(?:[A-Z][\w'’-]+ ){1,3}(?:Road|Street|Lane|Avenue|Square|Court|Close|Drive|Way|Hill|Quay|Row|Terrace|Gardens"
    r"|Walk|Place|Yard|Park|Crescent|Mews|Parade|Rd|St|Ave)\b(?:, (?!(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)[A-Z][\w'’-]+\b)?",
    "year": r"\b1[5-9]\d\d\b|\b20\d\d\b",
    "number": r"(?!^\d+(?:\.\d+)+\s|^\d+[.)]\s)(?:\d[\d.,]*\d|\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b)",
    "code": r"#\d+\b|\b(?:[A-Z][A-Za-z/]*-?\d[\w/-]*|(?!\d{4}-\d\d-\d\d\b)(?<!\d[-.])\d[\w/-]{3,}\b(?!\.\d))\b",
    "name": r"(?:(?:\bthe\s)?\b(?:widow|widower)\s|\b(?:uncle|aunt)\s)?"
    + _NO_NAME
    + r"\b(?:(?:Dr|Mr|Ms|Mrs|Prof|St)\.?\s)?[A-Z][\w'’-]+(?:\s(?:(?:[A-Z]|(?<=and\s)(?:Dr|Mr|Ms|Mrs|Prof))\.(?=\s)|(?:&|of|and)(?=\s[A-Z])|[A-Z][\w'’&-]+))*",
}


def named(form: str) -> str:
    """The expression of a form. Raises ValueError for a name that is none."""
    if form not in FORMS:
        raise ValueError(f"there is no form {form!r}; there are {', '.join(FORMS)}")
    return FORMS[form]
