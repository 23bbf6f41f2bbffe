# syntax=docker/dockerfile:1

# The build needs Rust and a C compiler (for ring); this image has both.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
# The dependencies rarely change, so they have a layer of their own.
COPY Cargo.toml Cargo.lock ./
# Not built, but cargo requires every file that Cargo.toml names.
COPY tests/bench tests/bench
RUN mkdir src && touch src/lib.rs && echo 'fn main() {}' > src/main.rs \
 && cargo build --profile dist --locked \
 && rm -r src
# The built-in rules.
COPY tests/guide/rules tests/guide/rules
COPY src src
# Sets new times, so that cargo rebuilds these in place of the empty files above.
RUN touch src/lib.rs src/main.rs && cargo build --profile dist --locked

FROM debian:bookworm-slim
COPY --from=build /build/target/dist/registration-hook /usr/local/bin/registration-hook
# The root certificates for fetching the keys of OAuth tokens; this image has none.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
WORKDIR /app
# For your own rules, mount a folder over this one or build on this image; docs/deploy.md shows both.
# The pattern also matches no folder, so that the image can be built without one.
COPY rule[s] rules/
USER 65532:65532
# Makes the service listen on every interface. For that, an authentication method must be configured, for
# example HOOK__AUTH__BASIC__USERNAME and HOOK__AUTH__BASIC__PASSWORD_FILE. Pass secrets when the container
# starts; no layer holds one.
ENV PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s --start-period=2s CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/$PORT && printf 'GET %s/healthz HTTP/1.0\\r\\n\\r\\n' \"$HOOK__SERVER__PATH_PREFIX\" >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["registration-hook"]
