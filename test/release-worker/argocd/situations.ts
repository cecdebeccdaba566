// The client's call for a recorded request, and the refusal that comes of a call.
import type { ArgoCd } from '../../../release-worker/argocd/client.ts';
import { ArgoCdError } from '../../../release-worker/argocd/errors.ts';
import type { Recording } from './recordings.ts';

/** Asks by the client what the recording asked. What the client has no choice in (body, selection) is not taken over. */
export function askFor(argocd: ArgoCd, { request }: Recording): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.path, 'http://recorded');
  const [, , , , name = '', what, revision = ''] = pathname.split('/').map(decodeURIComponent);
  const namespace = searchParams.get('appNamespace') ?? 'argocd';
  const app = { namespace, name, project: searchParams.get('project') ?? 'default' };
  if (name === '') return argocd.list();
  if (what === 'sync') return argocd.sync(app, { prune: false, infos: [] });
  if (what === 'syncwindows') return argocd.syncWindows(app);
  if (what === 'revisions') return argocd.revisionMetadata(app, revision);
  return argocd.get(app);
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
