"""What a page says against its use: read from the signals that headers and meta elements gave."""

OPT_OUTS = ("noindex", "noai", "tdm", "content_usage")
"""`noindex` (also `none`) and `noai` of robots meta elements and `X-Robots-Tag`, `tdm`: the TDM Reservation Protocol's
`tdm-reservation: 1`, `content_usage`: a `Content-Usage` that says no to AI or its training (an IETF draft)."""
_NO_USE = frozenset({"ai=n", "train-ai=n", "genai=n", "ai=disallow", "train-ai=disallow"})


def opt_out_of(signals: dict[str, str], obeyed: tuple[str, ...], agent: str = "firstwords") -> str | None:
    """The first opt-out among the obeyed ones that a page states, None if there is none.

    Args:
        signals: `robots`, `tdm_reservation`, `content_usage`, lower case.
        obeyed: Some of `OPT_OUTS`.
        agent: Directives for other crawlers (`googlebot: noindex`) do not count.
    """
    directives = set()
    for each in signals.get("robots", "").split(","):
        name, colon, directive = each.strip().partition(":")
        directives.add(each.strip() if not colon else directive.strip() if name.strip() == agent else "")
    if "none" in directives:
        directives.add("noindex")
    usage = {each.strip().replace(" ", "") for each in signals.get("content_usage", "").split(",")}
    stated = {
        "noindex": "noindex" in directives,
        "noai": "noai" in directives,
        "tdm": any(each.strip() == "1" for each in signals.get("tdm_reservation", "").split(",")),
        "content_usage": bool(usage & _NO_USE),
    }
    return next((name for name in OPT_OUTS if name in obeyed and stated[name]), None)
