// The recordings that are not played to the client, and why.

const otherEndpoint = 'a yes from an endpoint that nobody here asks for: there is nothing to be read from it';
const measurement = 'a measurement, which has no answer to be played';

export const notPlayed: Readonly<Record<string, string>> = {
  'account-token-create': otherEndpoint,
  'account-token-delete': otherEndpoint,
  'delete-app-cascade': otherEndpoint,
  'delete-app-no-cascade': otherEndpoint,
  'projects-admin': otherEndpoint,
  'projects-button': otherEndpoint,
  'resource-tree': otherEndpoint,
  'settings-no-token': otherEndpoint,
  'list-gzip': measurement,
  'measurements-100-applications': measurement,
  'measurements-cut-post': measurement,
  'measurements-infos-limits': measurement,
  'measurements-stream-start-gap': measurement,
  'server-restart-sigkill': measurement,
  'server-restart-sigterm': measurement,
  'sync-concurrent': measurement,
  'tls-handshake': measurement,
};
