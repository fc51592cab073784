# The exporter on distroless Node.js: no shell, no package manager, user 65532, a root file system that is only read.
# Both bases are build arguments. The defaults are tags, for building at home; a release gives `tag@sha256:...`, and
# `node scripts/image/check-bases.ts` refuses anything less.
ARG BUILD_IMAGE=docker.io/library/node:24-trixie-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

# No package of the program is native, so what is made here serves every architecture, and is made on that of the builder.
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS manifest
WORKDIR /src
ENV NPM_CONFIG_AUDIT=false NPM_CONFIG_FUND=false NPM_CONFIG_UPDATE_NOTIFIER=false
COPY package.json package-lock.json .npmrc ./

FROM manifest AS modules
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts
COPY scripts/image scripts/image
RUN node scripts/image/modules.ts node_modules /out/app

FROM manifest AS program
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY . .
ARG REVISION=
RUN node scripts/build.ts && node scripts/image/program.ts /out/app

FROM ${RUNTIME_IMAGE}
ARG RUNTIME_IMAGE
ARG VERSION=0.1.0
ARG REVISION=
ARG CREATED=
LABEL org.opencontainers.image.title="aws-cost-exporter" \
      org.opencontainers.image.description="AWS billing as Prometheus metrics and a typed REST API" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${RUNTIME_IMAGE}"
# /app comes with the files, as root's: a WORKDIR before them would make it the user's.
COPY --from=modules /out /
COPY --from=program /out /
WORKDIR /app
# HOST is the default of `serve`; here `demo` can be reached through published ports too.
# Memory is given back rather than kept for the next collection: buffers from 32 KiB on, of which glibc's heap would stay full of holes,
# and what V8's young generation takes beyond 4 MiB (docs/performance.md).
ENV NODE_ENV=production HOST=0.0.0.0 MALLOC_MMAP_THRESHOLD_=32768
USER 65532:65532
EXPOSE 5000 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["/nodejs/bin/node", "/app/dist/src/health-check.js"]
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=4", "/app/dist/src/cli.js"]
CMD ["serve"]
