"""Runs, posted to a URL as JSON."""

from testflow_webhook.reporter import Webhook

__all__ = ["Webhook"]
