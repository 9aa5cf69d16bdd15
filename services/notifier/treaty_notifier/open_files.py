"""A thousand endpoints with eight connections each need more than the usual thousand open files."""

try:
    import resource
except ImportError:  # pragma: no cover  (a system without such limits)
    resource = None  # type: ignore[assignment]  # the module is optional

WANTED = 65_536


def allow_connections() -> None:
    """Raise this process's own limit of open files as far as the system admits.

    What could not be opened would look like an endpoint that does not answer.
    """
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
