"""``python -m iaff``, the same as the command ``iaff``."""

import sys

from iaff.cli.main import main

sys.exit(main())
