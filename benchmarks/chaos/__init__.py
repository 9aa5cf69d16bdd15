"""Notifiers that are killed and frozen, an endpoint that errs, and a ledger judged from the endpoint's own record."""
