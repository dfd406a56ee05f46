# Builds with and without BuildKit. docker-compose.yml runs it as api, worker and migrate;
# alone it is the whole service in one container:
#   docker build -t gradqueue . && docker run --init -p 127.0.0.1:8000:8000 -v gradqueue:/data gradqueue
# Requests then need a key (gradqueue keys create NAME, in the container), or -e GRADQUEUE_AUTHENTICATION=off.

FROM python:3.13-slim AS build
RUN python -m venv /opt/gradqueue
WORKDIR /build
# What changes seldom comes first: a new line of our code installs no dependency again.
COPY requirements.lock ./
RUN /opt/gradqueue/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY engine engine
COPY nn nn
COPY services services
COPY migrations migrations
COPY gradqueue gradqueue
# The kernels are compiled here, so that no container compiles them at its start.
RUN /opt/gradqueue/bin/pip install --no-cache-dir --no-deps . \
    && /opt/gradqueue/bin/python -c "from nn import trainers; trainers.warm()" \
    && /opt/gradqueue/bin/pip uninstall --yes --quiet pip

FROM python:3.13-slim
LABEL org.opencontainers.image.title="gradqueue" \
      org.opencontainers.image.description="Train small neural networks as queued jobs, over HTTP" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin gradqueue \
    && install -d -o gradqueue -g gradqueue /data
COPY --from=build /opt/gradqueue /opt/gradqueue
ENV PATH=/opt/gradqueue/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    GRADQUEUE_DATA_FOLDER=/data
USER gradqueue
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["gradqueue"]
CMD ["serve", "--host", "0.0.0.0"]
