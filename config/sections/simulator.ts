// The simulated Argo CD of the demo.
import { section } from '../section.ts';
import { setting } from '../setting.ts';
import { host, port, text, wholeNumber } from '../formats.ts';

export const simulator = section({
  host: setting(host(), { doc: 'The address that the simulated Argo CD listens on.', default: '127.0.0.1' }),
  port: setting(port(), {
    doc: 'The port that the simulated Argo CD listens on; 0: any free port.',
    default: 8081,
  }),
  token: setting(text(1024), {
    doc: 'The token that the simulated Argo CD accepts. It is not a secret, because it protects nothing.',
    default: 'simulated',
  }),
  driftEveryMs: setting(wholeNumber(0, 86_400_000), {
    doc: 'How often an application goes out of sync by itself. 0: never.',
    default: 60_000,
  }),
});
