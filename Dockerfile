# One image for every role: docker run beffroi worker | portal | topics apply | publish …
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY requirements/run.lock requirements/run.lock
RUN python -m venv /opt/beffroi \
    && /opt/beffroi/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements/run.lock
COPY . .
RUN /opt/beffroi/bin/pip install --no-cache-dir --no-build-isolation --no-deps .

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/beffroi beffroi
RUN install -d -o beffroi /var/lib/beffroi/archive /var/lib/beffroi/inbox
COPY --from=build /opt/beffroi /opt/beffroi
ENV PATH=/opt/beffroi/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    BEFFROI_DATA_DIR=/var/lib/beffroi/data \
    BEFFROI_ARCHIVE_DIR=/var/lib/beffroi/archive \
    BEFFROI_LOG_FORMAT=json \
    BEFFROI_WORKER_HOST=0.0.0.0 \
    BEFFROI_PORTAL_HOST=0.0.0.0 \
    BEFFROI_GATEWAY_HOST=0.0.0.0 \
    BEFFROI_POLL_HOST=0.0.0.0 \
    BEFFROI_INBOX_HOST=0.0.0.0 \
    BEFFROI_RELAY_HOST=0.0.0.0 \
    BEFFROI_WATCH_HOST=0.0.0.0
USER beffroi
VOLUME /var/lib/beffroi
EXPOSE 8080 8090 9464 9465 9466 9467 9468
ENTRYPOINT ["beffroi"]
