"""Makes the font of formulae from STIX Two Math: the signs that lessons and docs may need, a quarter of the file.

It is run once for a new version of the font, and needs packages that nothing else does::

    npm pack @fontsource/stix-two-math && tar xzf fontsource-stix-two-math-*.tgz
    pip install fonttools brotli
    python tools/math_font.py package
"""

import shutil
import sys
from pathlib import Path

PLACE = Path(__file__).parents[1] / "iaff" / "explorer" / "static" / "ui" / "math_font"
SIGNS = [  # Unicode, from and to
    (0x20, 0x7E),
    (0xA0, 0xFF),
    (0x131, 0x131),  # dotless i and j
    (0x237, 0x237),
    (0x300, 0x338),  # accents
    (0x370, 0x3FF),  # Greek
    (0x2010, 0x2064),  # dashes, dots, primes, spaces
    (0x2100, 0x214F),  # letters that are symbols
    (0x2190, 0x21FF),  # arrows
    (0x2200, 0x22FF),  # operators
    (0x2308, 0x230B),  # ceiling and floor
    (0x23DC, 0x23E1),  # braces above and below
    (0x27E8, 0x27EF),  # angle brackets
    (0x27F5, 0x27FF),  # long arrows
    (0x2A00, 0x2A0F),  # large operators
    (0x1D400, 0x1D503),  # bold, italic and script letters
    (0x1D538, 0x1D56B),  # double-struck letters
    (0x1D6A8, 0x1D7FF),  # bold and italic Greek, digits
]
FEATURES = ["ssty", "dtls", "flac", "ccmp", "locl", "mark", "mkmk", "kern"]  # of layout, which formulae use


def main(package: Path) -> None:
    """package: the unpacked npm package, which has the font and its licence."""
    from fontTools.subset import Options, Subsetter, load_font, save_font

    options = Options(flavor="woff2", layout_features=FEATURES, hinting=False, desubroutinize=True)
    font = load_font(str(package / "files" / "stix-two-math-latin-400-normal.woff2"), options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[sign for low, high in SIGNS for sign in range(low, high + 1)])
    subsetter.subset(font)
    PLACE.mkdir(exist_ok=True)
    save_font(font, str(PLACE / "stix-two-math.woff2"), options)
    shutil.copy(package / "LICENSE", PLACE / "OFL.txt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
