"""What Airflow calls for the schemes of our assets' addresses; see the provider's `asset-uris`.

Apart from the assets: Airflow imports this while the first of them is being made.
"""

from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from airflow.providers.common.compat.openlineage.facet import Dataset
    from airflow.sdk import Asset

SCHEMES = ("commerce", "segment")


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """Airflow's handler for our schemes: who, and what of theirs."""
    if uri.scheme not in SCHEMES or not uri.netloc or not uri.path.strip("/"):
        raise ValueError("must be like commerce://stores/orders or segment://sources/messages")
    return uri._replace(path=f"/{uri.path.strip('/')}")


def to_openlineage(asset: "Asset", lineage_context: Any) -> "Dataset":
    """Airflow's converter for our schemes: `commerce://stores/orders` is `orders` of `commerce://stores`."""
    from airflow.providers.common.compat.openlineage.facet import Dataset

    parts = urlsplit(asset.uri)
    return Dataset(namespace=f"{parts.scheme}://{parts.netloc}", name=parts.path.strip("/"))
