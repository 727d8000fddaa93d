import pytest

from firstwords.data.licences import FAMILIES, family_of


@pytest.mark.parametrize(
    ("licence", "family"),
    [
        (None, "unknown"),
        ("  ", "unknown"),
        ("https://creativecommons.org/licenses/by/4.0/", "cc-by"),
        ("http://creativecommons.org/licenses/by-sa/3.0/de/deed.en", "cc-by-sa"),
        ("https://creativecommons.org/licenses/by-nc/2.0/", "cc-by-nc"),
        ("https://creativecommons.org/licenses/by-nc-sa/4.0", "cc-by-nc-sa"),
        ("https://creativecommons.org/licenses/by-nd/4.0", "cc-by-nd"),
        ("https://creativecommons.org/licenses/by-nc-nd/4.0/legalcode", "cc-by-nc-nd"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "cc0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "public-domain"),
        ("CC BY-SA 4.0", "cc-by-sa"),
        ("CC-BY-4.0", "cc-by"),
        ("cc_by_nc_4.0", "cc-by-nc"),
        ("CC0-1.0", "cc0"),
        ("Creative Commons Attribution 4.0 International", "cc-by"),
        ("Creative Commons Attribution-NonCommercial-NoDerivs License", "cc-by-nc-nd"),
        ("Attribution-ShareAlike 3.0 Unported", "cc-by-sa"),
        ("This work is licensed under Creative Commons.", "other"),
        ("In the public domain", "public-domain"),
        ("MIT", "mit"),
        ("https://opensource.org/licenses/MIT", "mit"),
        ("© 2020 MIT Press. All rights reserved.", "reserved"),
        ("Apache License, Version 2.0", "apache"),
        ("BSD-3-Clause", "bsd"),
        ("LGPL-2.1-or-later", "gpl"),
        ("GNU Free Documentation License 1.3", "gfdl"),
        ("ODC-BY-1.0", "odc-by"),
        ("Permitted by the author", "other"),
        ("Ask us", "other"),
    ],
)
def test_families(licence: str | None, family: str) -> None:
    assert family_of(licence) == family
    assert family in FAMILIES


def test_every_family_recognises_its_own_name() -> None:
    for family in FAMILIES:
        if family not in ("unknown", "other", "reserved"):
            assert family_of(family) == family
            assert family_of(family.upper()) == family
