"""What this project serves over HTTP: the webhook door. It knows no Airflow; its guard is given to it."""
