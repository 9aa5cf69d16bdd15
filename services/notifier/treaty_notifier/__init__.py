"""The notifier: follows the status service's public feed and carries its events to subscribers as signed webhooks."""
