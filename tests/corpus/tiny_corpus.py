"""A small corpus, really collected, extracted, cleaned and de-duplicated: what `corpus/` and `web/` are tested on."""

from pathlib import Path

from firstwords.recipe_file import make_recipe
from firstwords.runner import RunResult, run_recipe

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`--></title></style>"
PROSE = """The valley lies between two ranges of hills, and the river that runs through it is fed by the snow
of the winter. People have lived there for a very long time, and most of them keep sheep or work in the forest.
Ask at the town hall number {number} or write to {mail} if you want to know what they have planted this year."""
OTHER = """Every morning the baker of the village lights the oven, and the smell of fresh bread fills the narrow
streets that lead to the market. Children wait at his door before school, since he gives them the rolls that came out
crooked, and he would rather give than sell what is not round."""


def texts() -> list[tuple[str, str]]:
    """Address and text of every page."""
    return [
        ("https://a.example/valley", PROSE.format(number=1, mail="mayor@valley.example")),
        ("https://a.example/valley-again", PROSE.format(number=1, mail="mayor@valley.example")),
        ("https://b.example/bread", OTHER),
        ("https://b.example/hostile", f"{OTHER.replace('bread', 'cake')} And then {HOSTILE} was written on the wall."),
        ("https://c.example/short", f"Too short to be kept, {HOSTILE} that is all; write to boss@short.example."),
        ("https://c.example/german", "Das Tal liegt zwischen zwei Hügelketten, und der Fluss ist kalt. " * 5),
        ("https://c.example/junk", "You have to buy the best shoes and the best hats of the town. " * 12),
    ]


def run_tiny(folder: Path, **settings: object) -> RunResult:
    """Run a recipe named `tiny` over the pages; artifacts are in `folder / "artifacts"`."""
    import json

    lines = [
        {"text": text, "url": url, "title": f"Page {n} {HOSTILE if n == 3 else ''}", "date": f"202{n % 3}-05-01"}
        for n, (url, text) in enumerate(texts())
    ]
    place = folder / "pages.jsonl"
    place.write_text("".join(json.dumps(line) + "\n" for line in lines) + "{broken\n", encoding="utf-8")
    source = {"kind": "jsonl", "path": str(place)}
    recipe = make_recipe(
        {"collect": {"sources": [source]}, "deduplicate": {}} | settings, where="tiny", default_name="tiny"
    )
    return run_recipe(recipe, root=folder / "artifacts", workers=1, threads=1)
