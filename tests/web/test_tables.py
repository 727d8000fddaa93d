from firstwords.web.tables import cell, folded, head_cell, table


def test_a_wide_table_scrolls_and_can_be_reached_by_keyboard() -> None:
    wide = str(table("Sizes", ["a", "b", "c", "d"], [[head_cell("x"), cell("1", True), cell("y"), cell("z")]]))
    assert 'class="scroll rules" tabindex="0" role="region" aria-label="Sizes"' in wide
    assert "<caption>Sizes</caption>" in wide and '<th scope="row">x</th>' in wide
    assert "tabindex" not in str(table(None, ["a", "b"], []))


def test_heads_of_numbers_stand_over_them() -> None:
    text = str(table(None, ["name", "size"], iter([[head_cell("x"), cell("1", True)]])))
    assert '<th scope="col">name</th><th scope="col" class="number">size</th>' in text
    assert "<thead>" not in str(table(None, (), [[head_cell("x"), cell("1", True)]]))


def test_what_is_folded_opens_without_a_script() -> None:
    assert str(folded("more", "text")) == "<details><summary>more</summary>text</details>"
