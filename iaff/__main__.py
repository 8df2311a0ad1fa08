"""``python -m iaff refine | explore | doctor``."""

import sys

from iaff.cli import main

sys.exit(main())
