# Airflow with this project in it. The same image runs every component.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/venv
COPY requirements.txt ./
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md ./
COPY plugins plugins
# No build isolation: hatchling is among the pinned requirements.
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
RUN useradd --create-home --uid 50000 airflow && mkdir -p /opt/airflow/logs && chown -R airflow /opt/airflow
COPY --from=build /opt/venv /opt/venv
COPY --chown=airflow dags /opt/airflow/dags
COPY --chown=airflow include /opt/airflow/include
# The webhook door and our page in Airflow; what it imports is installed.
COPY --chown=airflow plugins/commerce_events_plugin.py /opt/airflow/plugins/
ENV PATH=/opt/venv/bin:$PATH AIRFLOW_HOME=/opt/airflow AIRFLOW__CORE__LOAD_EXAMPLES=False
USER airflow
WORKDIR /opt/airflow
ENTRYPOINT ["airflow"]
CMD ["version"]
