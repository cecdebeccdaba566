// The world of the simulated Argo CD, as the test sets it and sees it. It bypasses the relay, so it is right even if the
// relay is down.
import * as z from 'zod/mini';
import { argocdControl, worldOf } from '../support/argocd-control.ts';

export const applications = ['argocd/shop', 'argocd/cart', 'argocd/still'] as const;

/** Long enough that a fault can come while the sync runs. In milliseconds. */
const syncMs = 700;

export interface World {
  /** Restores the world of the beginning, with two applications out of sync. */
  reset(): Promise<void>;
  /** Puts so many applications out of sync. */
  drift(count: number): Promise<void>;
  /** The applications that are out of sync, as Argo CD itself answers. */
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
