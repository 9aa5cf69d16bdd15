-- The notifier keeps its own database beside the record's; run once, when PostgreSQL's own folder is made.
CREATE DATABASE notifier;
