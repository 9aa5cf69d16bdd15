"""Every setting of the notifier, read once from the environment (``TREATY_NOTIFIER_…``)."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from treaty_notifier.deliveries import ANSWER_LIMIT_BYTES
from treaty_notifier.key_ring import ring_keys
from treaty_notifier.schedule import STANDARD_DELAYS_SECONDS
from treaty_notifier.sender import AddressPolicy, nat64_prefixes
from treaty_notifier.sender.addresses import networks

DEADLINES_IN_A_LEASE = 3


class Settings(BaseSettings):
    """Units are in the names; lists are written with commas."""

    model_config = SettingsConfigDict(env_prefix="TREATY_NOTIFIER_", frozen=True, extra="ignore")

    database: str = "sqlite:///treaty-notifier.db"
    status_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = Field(default=8001, ge=0, le=65535)
    #: Networks inside which endpoints may live, in CIDR form, besides the public internet; none by default.
    allow_networks: str = ""
    #: Prefixes under which this network translates IPv6 to IPv4 (NAT64), besides 64:ff9b::/96.
    nat64_prefixes: str = ""
    #: Seconds before each attempt; the specification's example unless shortened for a demonstration.
    schedule_seconds: str = ",".join(f"{delay:g}" for delay in STANDARD_DELAYS_SECONDS)
    deadline_seconds: float = Field(default=15.0, gt=0, le=30)
    #: A lane's lease; at least three deadlines, which is also the default.
    lease_seconds: float | None = Field(default=None, gt=0)
    #: What carries the bytes to endpoints: our own client or aiohttp; the guard and its tests are the same.
    transport: Literal["narrow", "aiohttp"] = "narrow"
    subscriptions_per_owner: int = Field(default=100, ge=1)
    #: Whether webhooks of a backlog are signed by a process of its own; by default where there is a second processor.
    sign_beside: bool | None = None
    #: To how many hosts one key may point endpoints within an hour; those inside the allowed networks do not count.
    new_hosts_per_hour: int = Field(default=100, ge=1)
    #: How many tests and copies under new ids one key may ask for within a minute, of each notifier.
    tests_per_minute: int = Field(default=60, ge=1, le=6000)
    #: Which endpoints are asked by OPTIONS whether they want to be sent anything: those of CloudEvents, or every one.
    consent: Literal["cloudevents", "every"] = "cloudevents"
    #: How much of an endpoint's answer is stored; 0 stores none.
    answer_bytes: int = Field(default=ANSWER_LIMIT_BYTES, ge=0, le=ANSWER_LIMIT_BYTES)
    #: Hours of nothing but failures after which a subscription is disabled; half of them bring a notice.
    disable_after_hours: float = Field(default=120.0, gt=0)
    #: Seconds behind the log after which an endpoint is told to lag.
    lag_notice_seconds: float = Field(default=300.0, gt=0)
    #: Keys that seal secrets at rest, newest first: base64 of 32 bytes each, with commas; or a file of them.
    keyring: SecretStr = SecretStr("")
    keyring_file: Path | None = None
    #: Days for which an endpoint's answers are kept; that an attempt was made stays.
    answers_kept_days: float = Field(default=30.0, gt=0)
    #: The name under which endpoints of CloudEvents are asked for consent, and the source that the events name.
    origin: str = Field(default="treaty-notifier", pattern=r"^[A-Za-z0-9.-]{1,253}$")
    cloudevents_source: str = Field(default="urn:treaty-status", pattern=r"^[\x21-\x7e]{1,200}$")
    log_level: str = "INFO"

    @field_validator("allow_networks")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        networks(_listed(text))
        return text

    @field_validator("nat64_prefixes")
    @classmethod
    def _are_prefixes(cls, text: str) -> str:
        nat64_prefixes(_listed(text))
        return text

    @field_validator("schedule_seconds")
    @classmethod
    def _are_delays(cls, text: str) -> str:
        if not [float(delay) for delay in _listed(text)]:
            raise ValueError("a schedule has at least one delay")
        return text

    @model_validator(mode="after")
    def _has_one_ring(self) -> Self:
        if self.keyring.get_secret_value() and self.keyring_file is not None:
            raise ValueError("The key ring is given twice; set TREATY_NOTIFIER_KEYRING or TREATY_NOTIFIER_KEYRING_FILE")
        _ = self.ring
        return self

    @property
    def ring(self) -> tuple[bytes, ...]:
        """The keys, newest first; none when secrets rest as they are."""
        if self.keyring_file is None:
            return ring_keys(self.keyring.get_secret_value())
        try:
            text = self.keyring_file.read_text(encoding="ascii")
        except (OSError, UnicodeError) as error:
            raise ValueError(f"The key ring's file cannot be read (file: {self.keyring_file})") from error
        keys = ring_keys(text)
        if not keys:
            raise ValueError(f"The key ring's file holds no key (file: {self.keyring_file})")
        return keys

    @property
    def policy(self) -> AddressPolicy:
        """Which addresses may be dialled."""
        return AddressPolicy(networks(_listed(self.allow_networks)), nat64_prefixes(_listed(self.nat64_prefixes)))

    @property
    def delays_seconds(self) -> tuple[float, ...]:
        return tuple(float(delay) for delay in _listed(self.schedule_seconds))

    @model_validator(mode="after")
    def _leases_outlive_deadlines(self) -> Self:
        shortest = round(DEADLINES_IN_A_LEASE * self.deadline_seconds, 6)  # three times 0.4 is 1.2 for people
        if self.lease_seconds is not None and self.lease_seconds < shortest:
            raise ValueError(
                f"A lane's lease is at least three deadlines, or another notifier would send what this one still waits "
                f"for (lease_seconds: {self.lease_seconds:g}, deadline_seconds: {self.deadline_seconds:g}); set "
                f"TREATY_NOTIFIER_LEASE_SECONDS to {shortest:g} or more, or leave it out"
            )
        return self

    @property
    def lane_lease_seconds(self) -> float:
        return self.lease_seconds or DEADLINES_IN_A_LEASE * self.deadline_seconds


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
