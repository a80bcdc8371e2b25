# Two small images from one file: `docker build --target api .` and `docker build --target ingest .`

ARG PYTHON=3.11-slim

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv --without-pip /venv

FROM build AS build-api
COPY requirements/api.txt /tmp/requirements.txt
RUN pip --python /venv/bin/python install --require-hashes --only-binary :all: -r /tmp/requirements.txt

FROM build AS build-ingest
COPY requirements/ingest.txt /tmp/requirements.txt
RUN pip --python /venv/bin/python install --require-hashes --only-binary :all: -r /tmp/requirements.txt

# What both run on: no pip, no shell for the account, nothing it may write but /tmp.
FROM python:${PYTHON} AS floor
RUN pip uninstall --yes pip setuptools wheel \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin kaohe
WORKDIR /srv/kaohe
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    KAOHE_HOST=0.0.0.0 KAOHE_PORT=8000
COPY LICENSE ./
COPY migrations migrations
COPY services/__init__.py services/authorization.yaml services/
COPY services/cli services/cli
COPY services/schema services/schema
COPY services/door services/door
COPY services/local services/local
EXPOSE 8000
STOPSIGNAL SIGTERM

FROM floor AS api
COPY --from=build-api /venv /venv
COPY services/api services/api
COPY services/verify services/verify
USER 10001
CMD ["python", "-m", "services.api"]

FROM floor AS ingest
COPY --from=build-ingest /venv /venv
COPY services/ingest services/ingest
# Where pairs of tokens were kept before they were sealed in the database: a volume of the workers.
RUN install -d -o 10001 -m 0700 /var/lib/kaohe
USER 10001
CMD ["python", "-m", "services.ingest"]
