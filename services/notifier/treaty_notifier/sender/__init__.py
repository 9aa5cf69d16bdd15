"""POSTing to strangers: the only part of the notifier that dials an address it did not choose."""

from treaty_notifier.sender.addresses import AddressPolicy
from treaty_notifier.sender.endpoints import EndpointRules
from treaty_notifier.sender.guarded import GuardedTransport
from treaty_notifier.sender.narrow import NarrowTransport
from treaty_notifier.sender.nat64 import TranslationWatch, nat64_prefixes
from treaty_notifier.sender.port import OutgoingWebhook, Transport
from treaty_notifier.sender.resolver import NamesUnresolved, Resolver, ThreadResolver

__all__ = [
    "AddressPolicy",
    "EndpointRules",
    "GuardedTransport",
    "NamesUnresolved",
    "NarrowTransport",
    "OutgoingWebhook",
    "Resolver",
    "ThreadResolver",
    "TranslationWatch",
    "Transport",
    "nat64_prefixes",
]
