"""What an installation may choose; read from the environment once, by those who put the service together."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every value can be set as ``TREATY_`` and its name in capitals, such as ``TREATY_DATABASE``.

    ``database`` is an address as ``store.open_log`` takes it. ``public_url`` is how the service is reached from
    outside, without a slash at the end; None: links stay relative.
    """

    model_config = SettingsConfigDict(env_prefix="TREATY_", frozen=True, extra="ignore")

    database: str = "sqlite:///treaty-status.db"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    body_limit_bytes: int = Field(default=1_048_576, ge=1_024, le=1_073_741_824)
    public_url: str | None = None
    stop_seconds: int = Field(default=2, ge=0, le=600)
    """How long open requests may take after a signal to stop; streams and long polls end at once."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
