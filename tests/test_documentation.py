"""What the documents for people name is there: paths, modules, functions and links; and the hooks are local."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "CONTRIBUTING.md", "docs/architecture.md")
TOPS = ("engine", "app", "models", "tests")

FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
PATH = re.compile(
    rf"(?:(?:{'|'.join((*TOPS, 'docs'))}|\.ci)/[\w./*-]*|[\w./*-]+\.(?:py|js|css|md|toml|ya?ml|jinja|txt))"
)
DOTTED = re.compile(rf"(?:{'|'.join(TOPS)})(?:\.\w+)+")
MEMBER = re.compile(r"[A-Z]\w*[a-z]\w*\.\w+")
CALLED = re.compile(r"\.?(?:\w+\.)*(\w+)\(")
FUNCTION = re.compile(r"\bfunction\s+(\w+)|^  (?:async )?(\w+)\(.*\) \{$", re.MULTILINE)
BUILT_IN = {name for kind in (builtins, str, list, dict) for name in dir(kind)}


# --- what there is ----------------------------------------------------------------------------------------


def source_of(parts: list[str]) -> Path | None:
    """The file of a module or a package."""
    path = ROOT.joinpath(*parts)
    found = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in found if file.is_file()), None)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def bound(node: ast.stmt) -> Iterator[str]:
    """Names that a statement gives a value, attributes of `self` included."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    for target in targets:
        for part in target.elts if isinstance(target, ast.Tuple) else [target]:
            if isinstance(part, ast.Name):
                yield part.id
            elif (
                isinstance(part, ast.Attribute)
                and isinstance(part.value, ast.Name)
                and part.value.id == "self"
            ):
                yield part.attr


def members(cls: ast.ClassDef) -> set[str]:
    """Methods and fields of a class, without those of its bases."""
    return {node.name for node in cls.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)} | {
        name for node in ast.walk(cls) if isinstance(node, ast.Assign | ast.AnnAssign) for name in bound(node)
    }


def has(parts: list[str], rest: list[str]) -> bool:
    """Whether a module holds the name `rest`: of something in it, or of a member of a class in it."""
    path = source_of(parts)
    if path is None:
        return False
    for node in tree_of(path).body:
        if isinstance(node, ast.ClassDef) and node.name == rest[0]:
            return (
                not rest[1:]
                or rest[1:] in [[name] for name in members(node)]
                or any(has(parts, [ast.unparse(base), *rest[1:]]) for base in node.bases)
            )
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == rest[0]:
            return not rest[1:]
        if isinstance(node, ast.Assign | ast.AnnAssign) and rest[0] in bound(node):
            return not rest[1:]
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == rest[0]:
                    return is_there(".".join([node.module or "", alias.name, *rest[1:]]))
    return False


def is_there(dotted: str) -> bool:
    """Whether a module of this name exists, or something of this name within one."""
    parts = dotted.split(".")
    if source_of(parts) or (ROOT.joinpath(*parts).is_dir() and any(ROOT.joinpath(*parts).glob("*.py"))):
        return True
    return any(
        has(parts[:cut], parts[cut:]) for cut in range(len(parts) - 1, 0, -1) if source_of(parts[:cut])
    )


@cache
def defined() -> tuple[frozenset[str], dict[str, set[str]]]:
    """Every function and class of the sources, Python and JavaScript; and the members of each class."""
    names: set[str] = set(BUILT_IN)
    classes: dict[str, set[str]] = defaultdict(set)
    for top in TOPS:
        for path in (ROOT / top).rglob("*.py"):
            for node in ast.walk(tree_of(path)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    names.add(node.name)
                if isinstance(node, ast.ClassDef):
                    classes[node.name] |= members(node)
    for path in (ROOT / "app").rglob("*.js"):
        names |= {name for found in FUNCTION.findall(path.read_text("utf-8")) for name in found}
    return frozenset(names), classes


# --- what the pages name ----------------------------------------------------------------------------------


def problem(token: str) -> str:
    """What is wrong with one word in backticks, "" where it is right or says nothing of the sources."""
    if PATH.fullmatch(token) and token != "__init__.py":
        pattern = token.rstrip("/").replace("NAME", "*")
        found = any(ROOT.glob(pattern)) if "*" in pattern else (ROOT / pattern).exists()
        return "" if found else f"there is no {token}"
    called = CALLED.match(token)
    plain = token.split("(")[0]
    if DOTTED.fullmatch(plain):
        return "" if is_there(plain) else f"there is no {plain}"
    names, classes = defined()
    if MEMBER.fullmatch(plain):
        owner, name = plain.split(".")
        return "" if name in classes.get(owner, ()) else f"{owner} has no {name}"
    return f"nothing is called {called[1]}()" if called and called[1] not in names else ""


def tokens(text: str) -> Iterator[str]:
    """The words of a page that stand in backticks or in blocks of code."""
    spans = SPAN.findall(FENCE.sub("", text))
    for code in [*FENCE.findall(text), *(span for _, span in spans)]:
        for word in code.split():
            yield word.strip(",;:'\"").rstrip(".") if not word.startswith("-") else ""


def slugs(path: Path) -> set[str]:
    """The anchors of the headings of a page."""
    headings = HEADING.findall(FENCE.sub("", path.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(target: str, page: Path) -> bool:
    """Whether a link leads nowhere in this repository; addresses on the web are not asked."""
    if target.startswith(("https://", "http://")):
        return False
    place, _, anchor = target.partition("#")
    path = page.parent / place if place else page
    return not path.exists() or (bool(anchor) and anchor not in slugs(path))


def problems(text: str, page: Path) -> list[str]:
    """All that is wrong with a page."""
    wrong = [found for token in tokens(text) if (found := problem(token))]
    return wrong + [f"the link {link} leads nowhere" for link in LINK.findall(text) if broken(link, page)]


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_names_is_there(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert len([*tokens(text)]) > 100
    assert problems(text, ROOT / name) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("`engine/run/loops.py`", "there is no engine/run/loops.py"),
        ("`python3 launch.py test tests/engine/nothing`", "there is no tests/engine/nothing"),
        ("```\nengine/walk/   walks\n```", "there is no engine/walk/"),
        ("`app/NAME/nothing.py`", "there is no app/NAME/nothing.py"),
        ("`service.py`", "there is no service.py"),
        ("`engine.run.loop.drives`", "there is no engine.run.loop.drives"),
        ("`engine.engine.Engine.asks(question)`", "there is no engine.engine.Engine.asks"),
        ("`python -m tests.benchmarks.nothing --json`", "there is no tests.benchmarks.nothing"),
        ("`Engine.asks`", "Engine has no asks"),
        ("`take_turns(run)`", "nothing is called take_turns()"),
        ("`x.passagess(words, 8)`", "nothing is called passagess()"),
        ("[a](nowhere.md)", "the link nowhere.md leads nowhere"),
        ("[a](README.md#nowhere)", "the link README.md#nowhere leads nowhere"),
    ],
)
def test_what_is_not_there_is_found(text: str, said: str) -> None:
    assert problems(f"Before {text}, after.", ROOT / "README.md") == [said]


@pytest.mark.parametrize(
    "name",
    [
        "engine.engine.Engine.ask",
        "engine.engine.Engine.store",  # given a value in __init__
        "engine.store.Store.run",  # handed on by the package, of a base that is imported
        "engine.types.Settings.depth",
        "engine.llm.sampling.FAMILIES",
        "tests.benchmarks",
    ],
)
def test_what_is_there_is_found(name: str) -> None:
    assert is_there(name) and not is_there(f"{name}_") and not is_there(f"{name}.nothing")


def test_the_readme_leads_to_the_other_pages() -> None:
    links = LINK.findall((ROOT / "README.md").read_text("utf-8"))
    assert {"CONTRIBUTING.md", "docs/architecture.md"} <= set(links)


# --- the hooks --------------------------------------------------------------------------------------------


def test_hooks_are_local_and_start_programs_of_the_set_up() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    hooks = config["repos"][0]["hooks"]
    assert {"ruff", "mypy"} <= {word for hook in hooks for word in hook["entry"].split()}
    for hook in hooks:
        python, dash, module = hook["entry"].split()[:3]
        assert hook["language"] == "system" and (python, dash) == (".venv/bin/python", "-m"), hook["id"]
        assert is_installed(module), module


def is_installed(module: str) -> bool:
    return any((Path(folder) / module).is_dir() for folder in sys.path)
