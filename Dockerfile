# muzzle in an image of its own: one static binary, no shell, no root.
#
#   docker build -t muzzle .
#   docker run --rm -v "$PWD:/repository:ro" muzzle scan
#
# Reports go to standard output (`scan -o sarif`), or to a folder that is mounted to be written to.
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /source
COPY Cargo.toml Cargo.lock build.rs ./
COPY src src
COPY rules rules
COPY docs docs
COPY benches benches
RUN cargo build --locked --release --bin muzzle

FROM scratch
COPY --from=build /source/target/release/muzzle /muzzle
# The repository belongs to somebody else here; muzzle only reads it, and runs nothing of it.
USER 65532:65532
WORKDIR /repository
ENTRYPOINT ["/muzzle"]
CMD ["scan"]
