// Receives in place of systemd what a process sends to systemd.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Workplace } from '../support/processes.ts';

export interface NotifySocket {
  /** the value of NOTIFY_SOCKET */
  readonly path: string;
  /** The messages so far, each as its assignments, without those that systemd-notify sends for itself. */
  messages(): readonly (readonly string[])[];
}

export async function openNotifySocket(workplace: Workplace): Promise<NotifySocket> {
  const path = join(mkdtempSync(join(workplace.directory, 'systemd-')), 'notify');
  const python = workplace.spawn('python3', [join(import.meta.dirname, 'notify-socket.py'), path]);
  await python.untilOutput('bound');
  return {
    path,
    messages: () =>
      python
        .output()
        .split('\n')
        .filter((line) => line.startsWith('[') && line.endsWith(']'))
        .map((line): string[] => JSON.parse(line))
        .filter(([first]) => first !== 'BARRIER=1'),
  };
}
