// What the client makes of a recording: a typed error, the essentials of an answer, or the applications that a stream
// leaves in the registry; as short words that fit into a table.
import * as z from 'zod/mini';
import { keyOf } from '../../../../release-worker/argocd/application.ts';
import type { AppRecord } from '../../../../release-worker/argocd/application.ts';
import type { ArgoCd } from '../../../../release-worker/argocd/client.ts';
import { ArgoCdError } from '../../../../release-worker/argocd/errors.ts';
import type { ArgoCdErrorKind } from '../../../../release-worker/argocd/errors.ts';
import { fixedSecret } from '../../../../release-worker/argocd/secret-source.ts';
import { hurriedClock } from '../../../support/hurried-clock.ts';
import type { ClientOptions } from '../../support/client.ts';
import { answering, clientOf, played, serve } from '../playback.ts';
import type { Recording } from '../recordings.ts';

export interface Refused {
  readonly kind: ArgoCdErrorKind;
  readonly status: number | undefined;
  readonly message: string;
}

/** A line for each state, with the applications that are in it. */
export type Outcome = Refused | readonly string[];

const bodySchema = z.object({ appNamespace: z.optional(z.string()) });
const guestbook = { namespace: 'argocd', name: 'guestbook', project: 'default' };
const nothing = { prune: false, infos: [] };

/**
 * Plays the recording to the client and says what comes of it. What the client never asks itself (rollbacks, projects,
 * health…) is answered to the nearest request of its own: a refusal is read alike everywhere, and what is no answer to
 * the question must not be taken for one.
 */
export async function outcomeOf(recording: Recording): Promise<Outcome> {
  const ask = requestOf(recording);
  const { url } = await serve(ask === undefined ? answering(recording) : playedTo(recording));
  const argocd = clientOf(url, optionsOf(recording));
  try {
    return await (ask ?? nearest(recording))(argocd);
  } catch (error) {
    if (!(error instanceof ArgoCdError)) throw error;
    const { kind, status, message } = error;
    return { kind, status, message };
  }
}

function playedTo(recording: Recording): ReturnType<typeof played> {
  const { name, request } = recording;
  if (request.path !== '/api/v1/session') return played(name);
  const login = answering(recording);
  return (response, asked) => {
    if (asked.path === '/api/v1/session') login(response, asked);
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"items":null}');
  };
}

function optionsOf({ request, response }: Recording): Partial<ClientOptions> {
  // No answer is waited for no longer than it takes to see that; repeated reads need not take their time.
  const hurried = {
    clock: hurriedClock(100),
    requestTimeoutMs: response.status === null ? 10_000 : 1_000_000,
  };
  if (request.path !== '/api/v1/session') return hurried;
  return { ...hurried, credentials: { username: 'button', password: fixedSecret('of the button') } };
}

type Ask = (argocd: ArgoCd) => Promise<readonly string[]>;

/** The client's own call for a recorded request. What it has no choice in (body, selection) is not taken over. */
function requestOf({ request }: Recording): Ask | undefined {
  const { pathname, searchParams } = new URL(request.path, 'http://recorded');
  if (pathname === '/api/v1/session') return async (argocd) => logged(await argocd.list());
  if (pathname === '/api/version') return async (argocd) => [(await argocd.version()).version];
  if (pathname === '/api/v1/session/userinfo')
    return async (argocd) => [(await argocd.account()) ?? 'the token is not accepted'];
  const [, api, v1, room, name = '', what = '', detail = '', ...rest] = pathname
    .split('/')
    .map(decodeURIComponent);
  if (api !== 'api' || v1 !== 'v1') return undefined;
  if (room === 'account' && name === 'can-i' && detail === 'sync') {
    const [project = '', app = ''] = rest;
    return async (argocd) => [(await argocd.maySync({ namespace: '', project, name: app })) ? 'yes' : 'no'];
  }
  if (room === 'projects' && name !== '')
    return async (argocd) => [`${(await argocd.projectWindows(name)).length} windows`];
  if (room !== 'applications') return undefined;
  const namespace =
    searchParams.get('appNamespace') ?? bodySchema.safeParse(request.body).data?.appNamespace ?? 'argocd';
  const app = { namespace, name, project: searchParams.get('project') ?? 'default' };
  const refresh = searchParams.get('refresh');
  switch (`${request.method} ${what}`) {
    case 'GET ':
      if (name === '') return async (argocd) => inStates(await argocd.list());
      return async (argocd) => [
        inWords(await argocd.get(app, refresh === 'normal' || refresh === 'hard' ? refresh : undefined)),
      ];
    case 'POST sync':
      return async (argocd) => accepted(await argocd.sync(app, nothing));
    case 'DELETE operation':
      return async (argocd) => accepted(await argocd.terminate(app));
    case 'GET syncwindows':
      return async (argocd) => [(await argocd.syncWindows(app)).open ? 'open' : 'closed'];
    case 'GET revisions':
      return async (argocd) => {
        const { author, title } = await argocd.revisionMetadata(app, detail);
        return [`${title ?? ''}, by ${author ?? ''}`];
      };
    default:
      return undefined;
  }
}

function nearest({ request }: Recording): Ask {
  const [, , , room, name] = new URL(request.path, 'http://recorded').pathname.split('/');
  const app = room === 'applications' && name !== undefined ? { ...guestbook, name } : guestbook;
  if (request.method === 'POST') return async (argocd) => accepted(await argocd.sync(app, nothing));
  if (request.method === 'DELETE') return async (argocd) => accepted(await argocd.terminate(app));
  return async (argocd) => [inWords(await argocd.get(app))];
}

const accepted = (_: void) => ['accepted'];
const logged = (_: unknown) => ['logged in'];

function inWords(app: AppRecord): string {
  const { detail, compared, deleting, target } = app;
  const short = (revisions: string) =>
    revisions.replaceAll(/[0-9a-f]{40}/g, (revision) => revision.slice(0, 7));
  return [
    keyOf(app),
    stateOf(app),
    ...(detail === undefined
      ? []
      : [`deployed ${detail.deployed === '' ? 'nothing' : short(detail.deployed)}`]),
    ...(target === '' ? [] : [`target ${short(target)}`]),
    ...(compared ? [] : ['never compared']),
    ...(deleting ? ['deleting'] : []),
    ...(detail === undefined || detail.condition === '' ? [] : [detail.condition.split(':')[0] ?? '']),
  ].join(', ');
}

function stateOf({ sync, phase }: AppRecord): string {
  return phase === '' ? sync : `${sync} ${phase}`;
}

/** By state, so that a list of many stays short. */
export function inStates(apps: Iterable<AppRecord>): readonly string[] {
  const states = new Map<string, string[]>();
  for (const app of apps) {
    const state = stateOf(app);
    states.set(state, [...(states.get(state) ?? []), keyOf(app)]);
  }
  return [...states].map(([state, keys]) => `${state}: ${keys.sort().join(' ')}`).sort();
}
