"""Names that mean something in wikitext: namespaces, templates that stand for words, elements."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Namespaces of files and categories in the largest Wikipedias; the English names are understood everywhere.
FILES = _names("""
    file image media datei bild fichier archivo imagen immagine ficheiro imagem bestand afbeelding plik grafika fil
    tiedosto soubor fájl kép fișier dosya resim berkas gambar tập_tin hình файл изображение зображення слика датотека
    αρχείο εικόνα ملف صورة پرونده קובץ תמונה चित्र ไฟล์ ファイル 画像 파일 그림 文件 图像 檔案 圖像
    fitxer imatge fitxategi
""")
CATEGORIES = _names("""
    category kategorie catégorie categoría categoria categorie kategoria kategori luokka kategória kategoriya thể_loại
    категория категорія категорија κατηγορία تصنيف رده קטגוריה श्रेणी หมวดหมู่ カテゴリ 분류 分类 分類 kategorija
""")
# Templates that stand for text: which argument holds it, counted from 1; -1: the last.
WORDS: dict[str, int] = {
    "lang": -1, "transl": -1, "transliteration": -1, "nowrap": 1, "nobr": 1, "nobreak": 1, "small": 1,
    "smaller": 1, "big": 1, "larger": 1, "sup": 1, "sub": 1, "abbr": 1, "tooltip": 1, "quote": 1, "blockquote": 1,
    "cquote": 1, "quotation": 1, "visible anchor": 1, "vanchor": 1, "var": 1, "mvar": 1, "em": 1, "strong": 1,
    "sic": 1, "as of": 1, "ill": 1, "interlanguage link": 1, "chem2": 1, "langx": 2, "color": -1, "dfn": 1,
    "keypress": 1, "key press": 1, "ship": 2, "uss": 1, "hms": 1, "val": 1, "circa": 1, "c.": 1, "angbr": 1, "char": 1,
    "midsize": 1, "nihongo": 1, "nihongo2": 1, "pre": 1, "code": 1,
}  # fmt: skip
# Templates that stand for signs.
SIGNS = {
    "ndash": "–", "snd": " – ", "spaced ndash": " – ", "spnd": " – ", "mdash": "—", "emdash": "—", "endash": "–",
    "snds": " – ", "dash": " – ", "nbsp": " ", "space": " ", "spaces": " ", "thinsp": " ", "thin space": " ", "!": "|",
    "=": "=", "'": "'", "·": " · ", "dot": " · ", "bullet": " • ", "•": " • ", "pi": "π", "'\"": "'\"", "\"'": "\"'",
    "'s": "'s", "...": "...", "shy": "", "zwj": "", "zwnj": "", "wbr": "", "minus": "−", "times": "×",
}  # fmt: skip
# Words between the numbers of `convert`.
CONNECTORS = {"to": "to", "and": "and", "or": "or", "-": "–", "–": "–", "by": "by", "x": "×", "×": "×"}
# Elements whose content is no wikitext: left out, left out unless asked for, and kept as it is.
DROPPED = _names("""
    ref references gallery timeline score imagemap graph templatedata hiero mapframe maplink inputbox categorytree
    templatestyles indicator style noinclude
""")
FORMULAS = _names("math chem ce")
VERBATIM = _names("nowiki pre syntaxhighlight source")
# Elements that only mark their content up: those of the first group on lines of their own.
BLOCKS = _names("p div li ul ol dl dt dd blockquote center table tr poem br hr h1 h2 h3 h4 h5 h6 section")
INLINE = _names("""
    span b i u s em strong small big sub sup code tt kbd samp var cite q abbr font del ins strike dfn bdi bdo a td th
    caption tbody thead rb rp rt ruby wbr mark time data includeonly onlyinclude translate tvar img
""")
