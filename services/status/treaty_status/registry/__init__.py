"""Who takes part in treaties: identities, names through time and language, groups, and exact look-up.

The registry follows the depositary's practice and decides nothing about statehood.
"""

from treaty_status.registry.folding import fold
from treaty_status.registry.groups import Group, Membership
from treaty_status.registry.loading import MalformedRegistryError, load_registry
from treaty_status.registry.lookup import Registry, Suggestion
from treaty_status.registry.participants import Capacity, Kind, Link, LinkKind, Name, Participant

__all__ = [
    "Capacity",
    "Group",
    "Kind",
    "Link",
    "LinkKind",
    "MalformedRegistryError",
    "Membership",
    "Name",
    "Participant",
    "Registry",
    "Suggestion",
    "fold",
    "load_registry",
]
