from firstwords.data.crawl.documentation_page import kept, links

FRAME = """<!DOCTYPE>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Pydoc: module &lt;a&gt;</title>
<link rel="stylesheet" href="x.css"></head><body>
<div style='float:left'>Python 3.11 [GCC]<br>Linux-secret-platform</div>
<div style="clear:both;padding-top:.5em;">%s</div>
</body></html>"""
HEADING = """
<table class="heading">
<tr class="heading-text decor">
<td class="title"><strong class="title">a</strong></td>
<td class="extra"><a href=".">index</a><br><a href="file:/home/me/a.py">/home/me/a.py</a></td></tr></table>
"""
DATA = """<p>
<table class="section">
<tr class="decor data-decor heading-text">
<td class="section-title" colspan=3>&nbsp;<br><strong class="bigsection">Data</strong></td></tr>
<tr><td class="singlecolumn"><strong>environ</strong> = {'SECRET': '&lt;/table&gt;'}</td></tr></table>"""
AUTHOR = """<p>
<table class="section">
<tr class="decor author-decor heading-text"><td>Someone</td></tr></table>"""
CLASS = """<hr>
Methods defined here:<br>
<dl><dt><strong>f</strong>(self, sep='/')</dt></dl>
<hr>
Data and other attributes defined here:<br>
<dl><dt><strong>token</strong> = 'secret'</dl>
<hr>
Data and other attributes inherited from <a href="b.html#B">B</a>:<br>
<dl><dt><strong>home</strong> = '/secret/place'</dl>
</td></tr></table>"""


def content(html: str) -> str:
    result = kept(FRAME % html)
    assert result is not None
    return result[1]


def test_header_data_and_class_values_go() -> None:
    found = content(HEADING + "<p>doc</p>" + CLASS + DATA + AUTHOR)
    for private in ("/home/me", "secret", "SECRET", "GCC", "environ", "token", "index"):
        assert private not in found
    for public in ("<p>doc</p>", "<strong>f</strong>(self, sep='/')", "Someone", "Methods defined here"):
        assert public in found


def test_the_title_stays_escaped() -> None:
    result = kept(FRAME % "x")
    assert result is not None and result[0] == "module <a>" and "<title>module &lt;a&gt;</title>" in result[1]


def test_error_pages_and_strangers_are_not_kept() -> None:
    assert kept((FRAME % "x").replace("module &lt;a&gt;", "Error - a")) is None
    assert kept("<html><title>Pydoc: x</title>") is None
    assert kept("") is None


def test_addresses_go_and_numbers_stay() -> None:
    found = content(
        "&lt;object&nbsp;at&nbsp;0x7f132d74cc90&gt; <function f at 0x7F132D74CC90> 0x12345678 look at 0x20, 0xdeadbeef."
    )
    assert "<object&gt;" not in found and "&lt;object&gt;" in found and "<function f>" in found
    assert "0x12345678" in found and "at 0x20" in found


def test_paths_in_defaults_go() -> None:
    found = content("f(path='/usr/lib/x', sep='/', pattern='/a', drive='C:\\\\x\\\\y', basedir=&nbsp;'/opt/a')")
    assert "f(path='...', sep='/', pattern='/a', drive='...', basedir=&nbsp;'...')" in found


def test_sets_are_sorted_and_dictionaries_are_not() -> None:
    found = content("frozenset({'b', 'a', 'c'}) {'y',&nbsp;'x'} {'k': 1, 'a': 2} {only} f{a, b c}")
    assert "frozenset({'a', 'b', 'c'}) {'x',&nbsp;'y'} {'k': 1, 'a': 2} {only} f{a, b c}" in found


def test_links_are_names() -> None:
    html = '<a href="json.decoder.html">1</a><a href="topic?key=A">2</a><a href="#x">3</a>'
    html += '<a href="json.decoder.html#y">4</a>'
    assert links(html + '<a href="https://x.org/a.html">5</a><a href="file:/a.html">6</a>') == [
        "json.decoder",
        "topic?key=A",
    ]
