// The info of a worker. A test gives only the members that matter to it.
import type { WorkerInfo } from '../../messages/worker.ts';

export function workerInfoWith(own: Partial<WorkerInfo> & Pick<WorkerInfo, 'worker'>): WorkerInfo {
  return {
    version: '0.1.0',
    host: 'host',
    instance: 'instance',
    clock: { synchronised: true },
    simulated: false,
    at: '2026-01-01T00:00:00.000Z',
    argocd: { server: 'https://argocd.example' },
    buttons: [],
    ...own,
  };
}
