# syntax=docker/dockerfile:1
# The executor as an image: `docker build -t penstock .`

# The binary. Of Debian 12, like the image below, so that the C library fits.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
# From what changes least to what changes most. (The benchmarks are named in Cargo.toml, so they have to be there.)
COPY third_party third_party
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock build.rs ./
COPY benches benches
COPY proto proto
COPY examples examples
COPY templates templates
COPY types types
COPY src src
# Dependencies are built into a cache that outlives the layer: a change in our own sources builds only those.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --profile dist --locked --bin penstock \
    && cp target/dist/penstock /penstock

# What functions find as globals and by require: each npm package that libs/package-lock.json pins, as one file.
FROM node:20-bookworm-slim AS libraries
WORKDIR /libs
COPY libs/package.json libs/package-lock.json libs/.npmrc ./
RUN npm ci
COPY libs .
RUN node build.mjs

# No shell and no package manager: the C library, the certificates of public authorities, and us.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY LICENSE /licenses/penstock/
COPY third_party/v8/NOTICE /licenses/v8/
COPY --from=libraries /libs/dist /usr/share/penstock/libraries
ENV PENSTOCK_LIBRARIES=/usr/share/penstock/libraries
COPY --from=build /penstock /penstock
# By number: the kubelet can't tell of a name that it is not root's.
USER 65532:65532
# gRPC; metrics and probes. By default both listen on loopback only: whoever runs the image says otherwise.
EXPOSE 50051 8080
ENTRYPOINT ["/penstock"]
CMD ["serve"]
