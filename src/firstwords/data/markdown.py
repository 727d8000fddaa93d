"""Markdown's front matter and signs, in time proportional to the text's length."""

import re

MAX_FRONT_MATTER = 64 * 1024
_KEY = re.compile(r"([A-Za-z_][\w.-]{0,60})[ \t]*+[:=][ \t]*+(.*)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*+$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_QUOTE = re.compile(r"(?: {0,3}> ?)+")
_ITEM = re.compile(r"([ \t]*+)(?:[*+-]|(\d{1,9}[.)]))[ \t]++(?:\[[ xX]\][ \t]++)?")
_RULE = re.compile(r" {0,3}([*_-])[ \t]*+(?:\1[ \t]*+){2,}$")
_REFERENCE = re.compile(r" {0,3}\[[^\]\n]{1,200}\]:[ \t]*+\S")
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9-]{0,30}(?:[\s/][^<>]{0,2000})?>")
_COMMENT = "<!--"
_PICTURE = re.compile(r"!\[([^\[\]\n]{0,500})\](?:\([^()\n]{0,2000}\)|\[[^\[\]\n]{0,200}\])")
_LINK = re.compile(
    r"\[([^\[\]\n]{0,2000})\](?:\([^()\n]{0,1000}(?:\([^()\n]{0,1000}\)[^()\n]{0,1000})?\)|\[[^\[\]\n]{0,200}\])"
)
_ADDRESS = re.compile(r"<((?:https?|ftp|mailto):[^\s<>]{1,2000})>")
_STRONG = re.compile(r"(\*{1,3}|~~)(?=\S)([^*~\n]{1,2000}?)(?<=\S)\1")
_UNDERSCORES = re.compile(r"(?<!\w)(_{1,3})(?=\S)([^_\n]{1,2000}?)(?<=\S)\1(?!\w)")
_CODE = re.compile(r"(`{1,3})(?!`)([^`\n]{1,2000})\1(?!`)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """The simple values of a front matter and the text behind it.

    Only `key: value` lines at the outermost level are read; lists and nested values are passed over.

    Args:
        text: With line feeds as line ends.
    """
    fence = text[:3]
    if fence not in ("---", "+++") or text[3:4] != "\n":
        return {}, text
    end = text.find(f"\n{fence}\n", 3, MAX_FRONT_MATTER)
    behind = end + 5
    if end < 0:
        if len(text) > MAX_FRONT_MATTER or not text.rstrip("\n").endswith(f"\n{fence}"):
            return {}, text
        end = text.rindex(f"\n{fence}")
        behind = len(text)
    lines = text[4 : max(4, end)].split("\n")
    # A rule between two paragraphs looks like it, but has no keys behind it.
    if not any(_KEY.fullmatch(line) for line in lines) and any(line.strip() for line in lines):
        return {}, text
    values: dict[str, str] = {}
    for line in lines:
        found = _KEY.fullmatch(line)
        value = _scalar(found[2]) if found else ""
        if found and value:
            values.setdefault(found[1].lower(), value)
    return values, text[behind:]


def _scalar(text: str) -> str:
    """A value without its quotes or a comment behind it; empty for lists, objects and blocks."""
    text = text.strip()
    if text[:1] in ("'", '"'):
        end = text.find(text[0], 1)
        return text[1:end] if end > 0 else text[1:]
    if text[:1] in ("[", "{", "|", ">", "&", "*", "!"):
        return ""
    return text.partition(" #")[0].rstrip()


def first_heading(text: str) -> str | None:
    """The text of the first heading of the first level."""
    in_code = ""
    previous = ""
    for line in text.split("\n"):
        if in_code or _FENCE.match(line):
            in_code = _inside(in_code, line)
        elif (found := _HEADING.match(line)) and len(found[1]) == 1:
            return _inline(line[found.end() :].rstrip("# \t"))[:300] or None
        elif previous.strip() and (under := _UNDERLINE.match(line)) and under[1][0] == "=":
            return _inline(previous.strip())[:300]
        previous = line
    return None


def without_markup(text: str) -> str:
    """The text without Markdown's signs; code stays as it is, HTML tags and comments go."""
    out: list[str] = []
    in_code = ""
    for line in _without_comments(text).split("\n"):
        if in_code or _FENCE.match(line):
            was, in_code = in_code, _inside(in_code, line)
            if was and in_code:
                out.append(line)
        elif line.startswith(("    ", "\t")) and (not out or not out[-1].strip()) and not _ITEM.match(line):
            out.append(line)
        elif (_UNDERLINE.match(line) and out and out[-1].strip()) or _RULE.match(line) or _REFERENCE.match(line):
            continue
        else:
            out.append(_line(line))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip("\n")


def _line(line: str) -> str:
    if quote := _QUOTE.match(line):
        line = line[quote.end() :]
    if heading := _HEADING.match(line):
        return _inline(line[heading.end() :].rstrip("# \t"))
    if item := _ITEM.match(line):
        return f"{item[1]}{item[2] or '-'} {_inline(line[item.end() :])}"
    return _inline(line)


def _inside(fence: str, line: str) -> str:
    """The fence of the block of code that is open after a line, empty if none is."""
    found = _FENCE.match(line)
    if not fence:
        return found[1] if found else ""
    closes = found and found[1][0] == fence[0] and len(found[1]) >= len(fence) and not line[found.end() :].strip()
    return "" if closes else fence


def _inline(line: str) -> str:
    """A line without the signs inside it. Code between backquotes and escaped signs are not touched."""
    kept: list[str] = []

    def keep(text: str) -> str:
        kept.append(text)
        return f"\x02{len(kept) - 1}\x03"

    line = line.replace("\x02", "").replace("\x03", "")
    line = _CODE.sub(lambda found: keep(found[2].strip() or found[2]), line)
    line = _ESCAPED.sub(lambda found: keep(found[1]), line)
    line = _PICTURE.sub("", line)
    line = _LINK.sub(r"\1", line)
    line = _ADDRESS.sub(lambda found: keep(found[1]), line)
    line = _TAG.sub("", line)
    for _ in range(2):  # strong inside emphasis
        line = _UNDERSCORES.sub(r"\2", _STRONG.sub(r"\2", line))
    line = re.sub("\x02(\\d+)\x03", lambda found: kept[int(found[1])], line)
    return line.rstrip()


def _without_comments(text: str) -> str:
    out: list[str] = []
    position = 0
    while (start := text.find(_COMMENT, position)) >= 0:
        end = text.find("-->", start)
        if end < 0:
            break
        out.append(text[position:start])
        position = end + 3
    return "".join(out) + text[position:]
