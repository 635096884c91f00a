"""What all our tasks have in common: when a task is tried again, and when it is no use."""

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from commerce_events.domain.errors import AttentionError, ConfigurationError

UNTIL_A_PERSON_ACTS = ExceptionRetryPolicy(
    [
        RetryRule(exception=ConfigurationError, action=RetryAction.FAIL, reason="a setting must be changed"),
        RetryRule(exception=AttentionError, action=RetryAction.FAIL, reason="rows wait for a person"),
    ]
)

DEFAULTS: dict[str, Any] = {
    "retries": 2,  # the next run is five minutes away and carries on where this one stopped
    "retry_delay": timedelta(seconds=30),
    "retry_policy": UNTIL_A_PERSON_ACTS,
    "execution_timeout": timedelta(hours=1),
}
