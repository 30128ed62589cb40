# syntax=docker/dockerfile:1

# One image for every process: web, Celery worker, Celery beat and `orchestrator db upgrade`.

FROM python:3.13-slim AS wheel
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements-build.lock ./
RUN pip install --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY config config
COPY integrations integrations
COPY orchestrator orchestrator
COPY tasks tasks
RUN python -m hatchling build -t wheel -d /wheel

FROM python:3.13-slim AS installed
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# What is pinned changes less often than the code, so it is a layer of its own.
RUN python -m venv /opt/orchestrator
COPY requirements.lock ./
RUN /opt/orchestrator/bin/pip install --require-hashes -r requirements.lock
COPY --from=wheel /wheel /wheel
RUN /opt/orchestrator/bin/pip install --no-deps --no-index /wheel/*.whl

FROM python:3.13-slim
RUN groupadd --gid 10001 orchestrator \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/orchestrator \
        --shell /usr/sbin/nologin orchestrator \
    && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/orchestrator
COPY --from=installed /opt/orchestrator /opt/orchestrator
ENV PATH=/opt/orchestrator/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ORCHESTRATOR_HOST=0.0.0.0 \
    ORCHESTRATOR_DATA_DIR=/var/lib/orchestrator
WORKDIR /var/lib/orchestrator
VOLUME /var/lib/orchestrator
# By number, so that a cluster can see that it is not root.
USER 10001:10001
EXPOSE 8000
# There is no entry point: each process is its whole command, such as `orchestrator db upgrade`.
CMD ["orchestrator", "web"]
