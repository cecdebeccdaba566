// The world of the simulated Argo CD as the test sets and sees it. It bypasses the relay, so it is right whatever is cut.
import * as z from 'zod/mini';
import { argocdControl, worldOf } from '../support/argocd-control.ts';

export const applications = ['argocd/shop', 'argocd/cart', 'argocd/still'] as const;

/** Long enough for a fault to strike while it runs. */
const syncMs = 700;

export interface World {
  /** The world of the beginning, with two applications out of sync. */
  reset(): Promise<void>;
  /** Makes something new to release. */
  drift(count: number): Promise<void>;
  /** The applications that are out of sync, by Argo CD's own answer. */
  outOfSync(): Promise<readonly string[]>;
}

const listSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string() }),
      status: z.object({ sync: z.object({ status: z.string() }) }),
    }),
  ),
});

export function createWorld(simulatorPort: number): World {
  const url = `http://127.0.0.1:${simulatorPort}`;
  const control = argocdControl(url);
  return {
    reset: () =>
      control.post(
        'world',
        worldOf([
          { name: 'shop', drifted: true, syncMs },
          { name: 'cart', drifted: true, syncMs },
          { name: 'still', syncMs },
        ]),
      ),
    drift: async (count) => {
      for (const app of ['shop', 'cart'].slice(0, count)) await control.post('drift', { app });
    },
    outOfSync: async () => {
      const fields = 'items.metadata.name,items.metadata.namespace,items.status.sync.status';
      const answer = await fetch(`${url}/api/v1/applications?fields=${fields}`, {
        headers: { authorization: 'Bearer simulated' },
      });
      return listSchema
        .parse(await answer.json())
        .items.filter(({ status }) => status.sync.status === 'OutOfSync')
        .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    },
  };
}
