"""`python -m hybridinv` is the `hybridinv` command."""

import sys

from hybridinv.cli import main

sys.exit(main())
