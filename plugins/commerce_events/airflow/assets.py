"""What our tasks read and write, as Airflow assets, and as OpenLineage datasets.

Addresses are of schemes of our own: those of `https://` have no converter, and are dropped without a word.
"""

from airflow.sdk import Asset

ORDERS = Asset("commerce://stores/orders")
PEOPLE = Asset("commerce://stores/people")
SEGMENT = Asset("segment://sources/messages")
