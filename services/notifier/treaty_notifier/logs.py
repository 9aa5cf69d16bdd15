"""One JSON object a line, standard library only."""

import json
import logging
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """Facts are given as ``extra={"facts": {…}}``; keys, secrets and addresses of subscribers never are."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        facts = getattr(record, "facts", None)
        if isinstance(facts, dict):
            line |= facts
        if record.exc_info:
            line["fault"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def start_logging(level: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # It would write every address it asks, and with them positions and groups.
    logging.getLogger("httpx").setLevel(logging.WARNING)
