"""Elastic Path Commerce Cloud as a source."""

from commerce_events.sources.elasticpath.client import ElasticPathClient
from commerce_events.sources.elasticpath.front import ElasticPathSource

__all__ = ["ElasticPathClient", "ElasticPathSource"]
