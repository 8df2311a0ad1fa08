"""``python -m iaff refine | explore | doctor``."""

import sys

from iaff.cli.main import main

sys.exit(main())
