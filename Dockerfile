# The image of a release: installs dist/packages/*.whl, which scripts/release writes, with pinned libraries.
#   scripts/release dist && docker build -t awsvault-py .
#   docker run --rm -v ~/.aws:/home/user/.aws:ro -v awsvault:/home/user/vault awsvault-py export dev
FROM python:3.13-slim-bookworm AS build
COPY requirements/run.txt /tmp/run.txt
COPY dist/packages/*.whl /tmp/
RUN python -m venv /opt/awsvault-py \
 && /opt/awsvault-py/bin/pip install --no-cache-dir --require-hashes -r /tmp/run.txt \
 && /opt/awsvault-py/bin/pip install --no-cache-dir --no-deps /tmp/*-any.whl \
 && /opt/awsvault-py/bin/awsvault-py --version

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="awsvault-py" \
      org.opencontainers.image.source="https://github.com/awsvault-py/awsvault-py" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/awsvault-py /opt/awsvault-py
COPY LICENSE NOTICE /usr/share/doc/awsvault-py/
RUN useradd --create-home --uid 1000 user && mkdir -m 700 /home/user/vault && chown user:user /home/user/vault
ENV PATH=/opt/awsvault-py/bin:/usr/local/bin:/usr/bin:/bin AWSVAULT_HOME=/home/user/vault AWSVAULT_KEYRING=off
USER user
WORKDIR /home/user
ENTRYPOINT ["awsvault-py"]
CMD ["--help"]
