// The client's call for a recorded request, and the error of a refused call.
import * as z from 'zod/mini';
import type { ArgoCd } from '../../../release-worker/argocd/client.ts';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import type { Recording } from './recordings.ts';

const bodySchema = z.object({ appNamespace: z.optional(z.string()) });

/** Requests that the client makes, whatever their query is. */
const asked =
  /^(GET \/api\/version|GET \/api\/v1\/(session\/userinfo|account\/can-i\/.*|projects\/[^/]*(\/globalprojects)?|applications(\/[^/]+(\/syncwindows|\/revisions\/.*)?)?)|(POST .*\/sync|DELETE .*\/operation))$/;

export function isAskedByUs({ request: { method, path } }: Recording): boolean {
  return asked.test(`${method} ${new URL(path, 'http://recorded').pathname}`);
}

/**
 * Sends the recorded request by the client. Parts that the client does not let callers choose (body, selection) are
 * ignored. A request that it never sends becomes the nearest one: a sync for a change, `version` for all others.
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
  // A policy's short form does not contain the application's namespace, so there is only one request.
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

/** The ArgoCdError of the call. Anything else fails the test. */
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
