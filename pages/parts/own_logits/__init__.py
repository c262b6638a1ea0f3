"""Logits that a visitor brought, on any page: pasting or uploading them, and those that the link names."""

from pages.parts.own_logits.brought import own_facts, own_field, own_in_link

__all__ = ["own_facts", "own_field", "own_in_link"]
