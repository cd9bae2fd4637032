#!/usr/bin/env python3
"""Makes one font file, such as crates/render/fonts/Anton-Regular.ttf, of the web subsets of a Fontsource package.

    pip install "fonttools[woff]"
    npm pack @fontsource/anton && tar xzf fontsource-anton-*.tgz
    scripts/merge-font.py crates/render/fonts/Anton-Regular.ttf package/files/anton-{latin,latin-ext,vietnamese}-400-normal.woff2
"""

import pathlib
import sys
import tempfile

from fontTools.merge import Merger
from fontTools.ttLib import TTFont


def main(target, sources):
    with tempfile.TemporaryDirectory() as folder:
        plain = []
        for source in sources:
            font = TTFont(source)
            font.flavor = None
            plain.append(str(pathlib.Path(folder, pathlib.Path(source).stem + ".ttf")))
            font.save(plain[-1])
        merged = Merger().merge(plain)
        merged.save(target)
        print(f"{target}: {merged['maxp'].numGlyphs} letters")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
