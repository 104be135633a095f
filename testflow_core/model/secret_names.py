"""Names that say that what they name is secret."""

from __future__ import annotations

import re

SECRET_NAME = re.compile(r"pass|secret|token|key|credential|auth", re.IGNORECASE)
