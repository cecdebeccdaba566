// The simulated Argo CD of docker-compose.yml, over HTTP.
import * as z from 'zod/mini';

const listSchema = z.object({
  items: z.array(
    z.object({
      status: z.object({
        history: z.optional(
          z.array(z.object({ id: z.number(), initiatedBy: z.object({ username: z.optional(z.string()) }) })),
        ),
      }),
    }),
  ),
});

/** How many manual syncs have deployed something, by the histories of the applications. */
export async function deployments(url: string, token = 'simulated'): Promise<number> {
  const answer = await fetch(`${url}/api/v1/applications`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { items } = listSchema.parse(await answer.json());
  const manual = items.filter(({ status }) => status.history?.at(-1)?.initiatedBy.username !== undefined);
  return manual.reduce((sum, { status }) => sum + (status.history?.at(-1)?.id ?? 0), 0);
}

/** Makes the next application drift. */
export async function drift(url: string): Promise<void> {
  const { ok } = await fetch(`${url}/simulator/drift`, { method: 'POST' });
  if (!ok) throw new Error('the simulator did not take the drift');
}
