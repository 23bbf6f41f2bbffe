# syntax=docker/dockerfile:1

# Builds with what this image brings: Rust and a C compiler (ring has C and assembly in it).
FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
# The dependencies change seldom: a layer of their own.
COPY Cargo.toml Cargo.lock ./
# Not built; cargo only wants what Cargo.toml names to be there.
COPY tests/bench tests/bench
RUN mkdir src && touch src/lib.rs && echo 'fn main() {}' > src/main.rs \
 && cargo build --profile dist --locked \
 && rm -r src
COPY rules rules
COPY src src
# Younger than the stand-ins above, so that cargo builds them.
RUN touch src/lib.rs src/main.rs && cargo build --profile dist --locked

FROM debian:bookworm-slim
COPY --from=build /build/target/dist/registration-hook /usr/local/bin/registration-hook
# The authorities by which the keys of OAuth tokens are fetched; this image brings none.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
WORKDIR /app
# Your own rules: mount a folder over this one, or build on this image; docs/deploy.md has both.
COPY rules rules
USER 65532:65532
# Makes the service listen on every interface, which it does only with a way in configured:
# HOOK__AUTH__BASIC__USERNAME and HOOK__AUTH__BASIC__PASSWORD_FILE, say. Secrets come when the
# container starts; none is in a layer.
ENV PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s --start-period=2s CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/$PORT && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["registration-hook"]
