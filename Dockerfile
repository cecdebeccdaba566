# One image for every process: `docker run release-button broker`, `… release-worker` and so on.
# The build runs nothing on the target's architecture, so an image for another processor needs no emulation:
#   docker buildx build --platform linux/amd64,linux/arm64,linux/arm/v7 .

FROM --platform=$BUILDPLATFORM node:22-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No package needs its install script: koffi contains its binaries. rpio would have to be compiled, but does not work here: in
# a container it cannot recognise a Raspberry Pi (docs/hardware-drivers.md, "In a container").
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build

FROM --platform=$BUILDPLATFORM node:22-bookworm-slim AS packages
ARG TARGETARCH=amd64
WORKDIR /app
COPY package.json package-lock.json ./
# npm says x64, Docker says amd64.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --os=linux --cpu="$(echo "$TARGETARCH" | sed 's/amd64/x64/')"
COPY LICENSE ./
COPY --from=build /build/dist/bundle dist/bundle
RUN rm dist/bundle/*.map \
  && mkdir -p /out/usr/local/bin /out/var/lib/release-button /out/etc/release-button \
  && ln -s /app/dist/bundle/main.js /out/usr/local/bin/release-button \
  && mv /app /out/app \
  && chown 1000:1000 /out/var/lib/release-button \
  # A new volume gets the mode of this folder, and `user:` may name any user id.
  && chmod 777 /out/var/lib/release-button

FROM node:22-bookworm-slim
LABEL org.opencontainers.image.title="release-button" \
  org.opencontainers.image.description="A physical button that releases the applications that Argo CD reports as out of sync, and a light that shows how that ended" \
  org.opencontainers.image.licenses="MIT"
COPY --from=packages /out /
# NODE_OPTIONS saves the worker about 40 MB of memory with 10,000 applications, without more processor time.
ENV NODE_ENV=production \
  NODE_OPTIONS=--max-semi-space-size=1 \
  RELEASE_BUTTON_WORKER_STATE_DIR=/var/lib/release-button \
  RELEASE_BUTTON_HOME_ASSISTANT_STATE_DIR=/var/lib/release-button
WORKDIR /app
# The user `node` of the base image, by number, so that Kubernetes can see that it is not root.
USER 1000:1000
ENTRYPOINT ["release-button"]
CMD ["--help"]
