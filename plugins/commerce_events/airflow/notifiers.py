"""Airflow notifiers for alerts: our own to any web address, and those of the Slack and SMTP providers.

A provider is imported only where commerce.toml asks for it: `pip install commerce-events[slack]`.
"""

from collections.abc import Callable
from typing import Any

from airflow.sdk import BaseNotifier
from requests import RequestException

from commerce_events.airflow.hooks.service import ServiceHook
from commerce_events.airflow.lookup import connection
from commerce_events.config import Notify
from commerce_events.domain.alerts import Change
from commerce_events.domain.errors import CommerceEventsError, ConfigurationError, TransientError
from commerce_events.steps.watch import Notifier

TIMEOUT = (5, 10)


class WebhookNotifier(BaseNotifier):
    """Posts JSON to a connection's host, with its password as a bearer token if it has one."""

    def __init__(self, http_conn_id: str, body: dict[str, Any], **options: Any) -> None:
        super().__init__(**options)
        self.http_conn_id = http_conn_id
        self.body = body

    def notify(self, context: Any) -> None:
        """Return once the other side answered 2xx; TransientError otherwise."""
        hook = ServiceHook(http_conn_id=self.http_conn_id)
        token = connection(self.http_conn_id).password
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with hook.get_conn() as session:
            answer = session.post(
                hook.base_url, json=self.body, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
        if not 200 <= answer.status_code < 300:
            raise TransientError(f"answered {answer.status_code}")


def notifiers(wanted: Notify) -> dict[str, Notifier]:
    """By name, each as a function of a change."""
    found: dict[str, Callable[[Change], BaseNotifier]] = {}
    if wanted.webhook:
        conn_id = wanted.webhook
        found[f"webhook {conn_id}"] = lambda change: WebhookNotifier(conn_id, as_json(change))
    if wanted.slack:
        found[f"slack {wanted.slack}"] = _slack(wanted.slack)
    if wanted.email:
        found["email"] = _email(wanted)
    return {name: _telling(make) for name, make in found.items()}


def as_json(change: Change) -> dict[str, Any]:
    return {
        "rule": change.rule,
        "scope": change.scope,
        "level": change.word,
        "before": change.before,
        "value": change.value,
        "text": str(change),
        "since": change.since.isoformat(),
    }


def _slack(conn_id: str) -> Callable[[Change], BaseNotifier]:
    try:
        from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier
    except ImportError:
        raise _missing("alerts.notify.slack", "slack") from None
    return lambda change: SlackWebhookNotifier(slack_webhook_conn_id=conn_id, text=str(change))


def _email(wanted: Notify) -> Callable[[Change], BaseNotifier]:
    try:
        from airflow.providers.smtp.notifications.smtp import SmtpNotifier
    except ImportError:
        raise _missing("alerts.notify.email", "smtp") from None
    return lambda change: SmtpNotifier(
        to=list(wanted.email),
        subject=f"commerce-events {change.word}: {change.rule} of {change.scope}",
        html_content=str(change),
        smtp_conn_id=wanted.email_connection,
    )


def _missing(key: str, provider: str) -> ConfigurationError:
    return ConfigurationError(
        f"commerce.toml: {key} needs Airflow's {provider} provider: "
        f"pip install apache-airflow-providers-{provider}"
    )


def _telling(make: Callable[[Change], BaseNotifier]) -> Notifier:
    def tell(change: Change) -> None:
        try:
            make(change).notify({})
        except (CommerceEventsError, RequestException) as error:
            raise TransientError(_words(error)) from error
        except Exception as error:  # noqa: BLE001 - a provider may raise anything; its text may name an address
            raise TransientError(type(error).__name__) from None

    return tell


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, CommerceEventsError) else type(error).__name__
