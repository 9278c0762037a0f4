"""Log records that a test did not announce are failures; so is an announced one that never came."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field


@dataclass
class Expectation:
    """Records at `level` or above, from `logger` or below it, whose message matches `pattern`."""

    pattern: re.Pattern[str]
    level: int
    logger: str | None
    required: bool
    seen: list[logging.LogRecord] = field(default_factory=list)

    def takes(self, record: logging.LogRecord) -> bool:
        """Whether `record` is one of those."""
        named = self.logger is None or record.name == self.logger or record.name.startswith(f"{self.logger}.")
        return named and record.levelno >= self.level and bool(self.pattern.search(record.getMessage()))


class LogGuard(logging.Handler):
    """Keeps the records at WARNING and above that nobody expected."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.expectations: list[Expectation] = []
        self.unexpected: list[str] = []

    def expect(
        self,
        pattern: str,
        *,
        level: int | str = logging.WARNING,
        logger: str | None = None,
        required: bool = True,
    ) -> Expectation:
        """Announce records whose message matches `pattern`; the answer's `seen` collects them."""
        number = logging.getLevelNamesMapping()[level] if isinstance(level, str) else level
        expectation = Expectation(re.compile(pattern), number, logger, required)
        self.expectations.append(expectation)
        return expectation

    def emit(self, record: logging.LogRecord) -> None:
        """Give the record to the first expectation that takes it, else keep it as unexpected."""
        for expectation in self.expectations:
            if expectation.takes(record):
                expectation.seen.append(record)
                return
        self.unexpected.append(f"{record.levelname} {record.name}: {record.getMessage()}")

    def check(self) -> None:
        """Fail if anything came unannounced, or anything announced did not come."""
        assert not self.unexpected, f"unexpected log records: {self.unexpected}"
        missing = [e.pattern.pattern for e in self.expectations if e.required and not e.seen]
        assert not missing, f"expected log records that never came: {missing}"
