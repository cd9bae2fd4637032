#!/usr/bin/env python3
"""Makes crates/render/fonts/NotoSansCJK-Bold.otf: the letters of everyday Chinese, Japanese and Korean out of the full font.

    pip install fonttools
    scripts/subset-cjk.py NotoSansCJK-Bold.ttc crates/render/fonts/NotoSansCJK-Bold.otf

The full font (Debian's package fonts-noto-cjk) has 65,000 letters in 20 MB. Kept are the national standards for everyday text:
GB 2312 and the first level of Big5, JIS X 0208, and the Hangul of KS X 1001, with kana, punctuation and full-width forms.
"""

import sys

from fontTools import subset
from fontTools.ttLib import TTFont

# In the collection the faces stand as Japanese, Korean, simplified Chinese, …
SIMPLIFIED_CHINESE = 2


def encodable(encoding, first, second):
    """Every character of a two-byte encoding within the given ranges of first and second bytes."""
    for high in first:
        for low in second:
            try:
                yield from bytes([high, low]).decode(encoding)
            except UnicodeDecodeError:
                pass


def wanted():
    rows = range(0xA1, 0xFF)
    letters = set(encodable("gb2312", rows, rows))
    letters.update(encodable("euc_jp", rows, rows))
    letters.update(encodable("euc_kr", range(0xB0, 0xC9), rows))
    letters.update(encodable("big5", range(0xA4, 0xC7), range(0x40, 0xFF)))
    letters.update(chr(code) for block in [(0x3000, 0x3100), (0xFF00, 0xFFF0)] for code in range(*block))
    # The other fonts have these, in the shapes of their own scripts.
    return {letter for letter in letters if ord(letter) >= 0x2E80}


def main(source, target):
    font = TTFont(source, fontNumber=SIMPLIFIED_CHINESE)
    options = subset.Options(hinting=False, desubroutinize=False, name_IDs=["*"], notdef_outline=True)
    # Vertical writing and the shapes of other regions would double the letters.
    options.layout_features = ["ccmp", "kern", "liga"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[ord(letter) for letter in wanted()])
    subsetter.subset(font)
    font.save(target)
    print(f"{target}: {font['maxp'].numGlyphs} letters")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
