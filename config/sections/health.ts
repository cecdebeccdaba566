// Where each process answers /healthz, /livez and /metrics.
import { section } from '../section.ts';
import { setting } from '../setting.ts';
import { flag, host, port } from '../formats.ts';

export const health = section({
  host: setting(host(), {
    doc: 'The address that /healthz, /livez and /metrics listen on.',
    default: '127.0.0.1',
  }),
  port: setting(port(), {
    doc: 'The port of /healthz, /livez and /metrics; 0: any free port. Not set: 9881 for start and broker, 9882 for gpio-agent, 9883 for release-worker, 9884 for home-assistant, 9886 for argocd-simulator.',
    example: 9881,
  }),
  enabled: setting(flag(), {
    doc: 'Whether the process answers /healthz, /livez and /metrics at all.',
    default: true,
  }),
});
