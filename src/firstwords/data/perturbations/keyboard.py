"""A neighbouring key hit in place of the right one."""

from dataclasses import dataclass

from firstwords.data.perturbation import Perturbation

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _neighbours() -> dict[str, str]:
    """Letters whose keys touch, on a QWERTY keyboard, whose rows are set off by about half a key each."""
    found: dict[str, str] = {}
    for number, row in enumerate(_ROWS):
        for place, letter in enumerate(row):
            beside = row[max(0, place - 1) : place] + row[place + 1 : place + 2]
            above = _ROWS[number - 1][place : place + 2] if number else ""
            below = _ROWS[number + 1][max(0, place - 1) : place + 1] if number + 1 < len(_ROWS) else ""
            found[letter] = beside + above + below
    return found


NEIGHBOURS = _neighbours()


@dataclass(frozen=True, kw_only=True)
class Keyboard(Perturbation):
    """`letter` becomes `lerter`: QWERTY, letters only, the case stays."""

    def edits(self, word: str) -> list[str]:
        """One a neighbour of the key of an inner letter."""
        found = []
        for i in range(1, len(word) - 1):
            for near in NEIGHBOURS.get(word[i].lower(), ""):
                found.append(word[:i] + (near.upper() if word[i].isupper() else near) + word[i + 1 :])
        return found
