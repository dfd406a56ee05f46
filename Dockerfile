# Builds with and without BuildKit. docker-compose.yml runs it as api, worker and migrate;
# alone it is the whole service in one container:
#   docker build -t gradqueue . && docker run -p 127.0.0.1:8000:8000 -v gradqueue:/data gradqueue
# Requests then need a key (gradqueue keys create NAME, in the container), or -e GRADQUEUE_AUTHENTICATION=off.
# What is in it and why: docs/docker.md

# Which processors the kernels are compiled for: native, that of the machine that builds, or x86-64-v3, which is
# every x86-64 processor with AVX2. The trained bits are the same.
ARG KERNELS=native

FROM python:3.13-slim AS python-native

FROM python:3.13-slim AS python-x86-64-v3
ENV NUMBA_CPU_NAME=x86-64-v3 \
    NUMBA_CPU_FEATURES=+avx,+avx2,+bmi,+bmi2,+cx16,+f16c,+fma,+lzcnt,+movbe,+popcnt,+sahf,+sse3,+sse4.1,+sse4.2,+ssse3,+xsave

# hadolint ignore=DL3006
FROM python-${KERNELS} AS build
# An init, without what it takes to install one. Debian's version is as good as any.
# hadolint ignore=DL3008
RUN apt-get update -q && apt-get install -q -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# What changes seldom comes first: a new line of our code installs no dependency again.
COPY requirements-build.lock requirements.lock ./
# Where packages come from can be said with --build-arg PIP_INDEX_URL=…; the hashes say whether they are the right ones.
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
RUN python -m venv --without-pip /opt/gradqueue \
    && pip install --no-cache-dir --no-deps --require-hashes -r requirements-build.lock \
    && pip --python /opt/gradqueue/bin/python install --no-cache-dir --no-deps --require-hashes -r requirements.lock
# The kernels are compiled here, so that no container compiles them at its start.
COPY engine engine
COPY nn nn
RUN /opt/gradqueue/bin/python -c "from nn import trainers; trainers.warm()"
COPY pyproject.toml README.md LICENSE ./
COPY services services
# services/api/problem_pages leads there.
COPY docs/problems docs/problems
COPY migrations migrations
COPY gradqueue gradqueue
RUN pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
    && pip --python /opt/gradqueue/bin/python install --no-cache-dir --no-deps wheels/*.whl \
    && cp nn/compiled/kernels/__pycache__/*.nb[ci] \
        "$(/opt/gradqueue/bin/python -P -c 'from nn.compiled import kernels; print(*kernels.__path__)')/__pycache__/"

# hadolint ignore=DL3006
FROM python-${KERNELS}
LABEL org.opencontainers.image.title="gradqueue" \
      org.opencontainers.image.description="Train small neural networks as queued jobs, over HTTP" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin gradqueue \
    && install -d -o gradqueue -g gradqueue /data
COPY --from=build /usr/bin/tini-static /usr/bin/tini
COPY --from=build /opt/gradqueue /opt/gradqueue
ENV PATH=/opt/gradqueue/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    GRADQUEUE_HOST=0.0.0.0 \
    GRADQUEUE_DATA_FOLDER=/data
USER 10001:10001
WORKDIR /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s CMD ["gradqueue", "health", "api"]
ENTRYPOINT ["tini", "--", "gradqueue"]
CMD ["serve"]
