// The client's call for a recorded request, and the refusal that comes of a call.
import * as z from 'zod/mini';
import type { ArgoCd } from '../../../release-worker/argocd/client.ts';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import type { Recording } from './recordings.ts';

const bodySchema = z.object({ appNamespace: z.optional(z.string()) });

/** Requests that the client makes, whatever their query. */
const asked =
  /^(GET \/api\/version|GET \/api\/v1\/(session\/userinfo|account\/can-i\/.*|projects\/[^/]*(\/globalprojects)?|applications(\/[^/]+(\/syncwindows|\/revisions\/.*)?)?)|(POST .*\/sync|DELETE .*\/operation))$/;

export function isAskedByUs({ request: { method, path } }: Recording): boolean {
  return asked.test(`${method} ${new URL(path, 'http://recorded').pathname}`);
}

/**
 * Asks by the client what the recording asked. What the client has no choice in (body, selection) is not taken over. What
 * it never asks, it asks as what comes nearest: a sync for what would change something, otherwise the version.
 */
export function askFor(argocd: ArgoCd, one: Recording): Promise<unknown> {
  const { pathname, searchParams } = new URL(one.request.path, 'http://recorded');
  const [, , , section, name = '', what, revision = '', ...more] = pathname
    .split('/')
    .map(decodeURIComponent);
  const inBody = bodySchema.safeParse(one.request.body).data?.appNamespace;
  const namespace = searchParams.get('appNamespace') ?? inBody ?? 'argocd';
  const app = { namespace, name, project: searchParams.get('project') ?? 'default' };
  const sync = () => argocd.sync(app, { prune: false, infos: [] });
  if (!isAskedByUs(one)) return what === 'rollback' ? sync() : argocd.version();
  if (section === undefined) return argocd.version();
  if (section === 'session') return argocd.account();
  // Of the application's namespace nothing is said in a policy's short form: there is one question only.
  if (section === 'account')
    return argocd.maySync({ namespace: '', name: more[1] ?? '', project: more[0] ?? '' });
  if (section === 'projects') return argocd.projectWindows(name);
  if (name === '') return argocd.list();
  if (what === 'sync') return sync();
  if (what === 'operation') return argocd.terminate(app);
  if (what === 'syncwindows') return argocd.syncWindows(app);
  if (what === 'revisions') return argocd.revisionMetadata(app, revision);
  const refresh = searchParams.get('refresh');
  return refresh === 'normal' || refresh === 'hard' ? argocd.get(app, refresh) : argocd.get(app);
}

/** The ArgoCdError that the call ends with; anything else fails the test. */
export async function refusalOf(call: Promise<unknown>): Promise<ArgoCdError> {
  let answer: unknown;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof ArgoCdError) return error;
    throw error;
  }
  throw new Error(`it was not refused: ${JSON.stringify(answer)?.slice(0, 300) ?? 'undefined'}`);
}
