// Derives from a recording the world in which it was made, and the requests that came before it.
import * as z from 'zod/mini';
import type { WorldDescription } from '../argocd.ts';
import { baseOf, factsOf, recordedApplication, revisionsIn, type RecordedApplication } from './facts.ts';
import {
  accounts,
  applications,
  positionOf,
  projects,
  repositories,
  temporaryApplications,
  tokens,
  type Application,
} from './recorded-world.ts';
import type { Recording } from './recordings.ts';

export type Arrangement = {
  world: WorldDescription & { applications: Application[] };
  faults: Record<string, boolean>;
  /** The recordings to play first, in this order. */
  before: Recording[];
};

/** The head of the branch if no recorded object shows it. */
const firstCommit = '775f821e07a9223a9d0996d95f65dbf4d030f770';

/** Heads of branches that were further ahead than the recorded object shows. */
const heads: Record<string, string> = {
  'sync-pinned-revision': 'b4664c47c29e13dae9cab733b58b2828cb384524',
  'get-head-moved-before': '9193e185f07fc1c619107a442dbe627fe6b0c680',
};

export function arrange(recording: Recording, recordings: ReadonlyMap<string, Recording>): Arrangement {
  const { given } = recording;
  const before = chain(recording, recordings);
  const first = before[0] ?? recording;
  const recordedObjects = objectsIn(first);
  const head =
    heads[first.name] ??
    latest([
      ...[...recordedObjects, ...objectsIn(recording)].flatMap(revisionsIn),
      ...(/[0-9a-f]{40}/.exec(recording.request.path) ?? []),
    ]);
  const described = recordedObjects.map(factsOf);
  if (described.length === 0) described.push(...fromWords(first.request.path, given, head));
  return world(given, described, head, before);
}

function world(
  given: readonly string[],
  described: Application[],
  head: string,
  before: Recording[],
): Arrangement {
  const otherApplications = applications.filter(
    (each) => !described.some((otherOne) => sameName(otherOne, each)),
  );
  const second = baseOf('search', 'argocd');
  const twice =
    given.includes('same-name-twice') && !described.some((otherOne) => sameName(otherOne, second))
      ? [second]
      : [];
  return {
    before,
    faults: {
      controllerDown: given.includes('controller-down'),
      repositoryServerDown: given.includes('repo-server-down'),
      kubernetesDown: given.includes('kubernetes-down'),
    },
    world: {
      applications: [...described, ...otherApplications, ...twice],
      repositories: repositories(head),
      // A window that opens between the requests is a separate step.
      projects: projects((before[0]?.given ?? given).includes('window-manual')),
      accounts,
      tokens,
    },
  };
}

/**
 * The requests that led to the state: those that `after:` names, back to the one whose answer shows the state before it.
 */
function chain(recording: Recording, recordings: ReadonlyMap<string, Recording>): Recording[] {
  if (recording.request.method === 'POST' && objectsIn(recording).length > 0) return [];
  for (const word of recording.given) {
    const earlier = recordings.get(word.replace(/^after:/, ''));
    if (!word.startsWith('after:') || earlier?.kind !== 'exchange' || earlier.request.method === 'GET')
      continue;
    if (nameIn(earlier.request.path) !== nameIn(recording.request.path)) continue;
    return [...chain(earlier, recordings), earlier];
  }
  return [];
}

const list = z.looseObject({ items: z.array(recordedApplication) });

/** The application objects of an answer. */
function objectsIn({ response }: Recording): RecordedApplication[] {
  const single = recordedApplication.safeParse(response.body);
  if (single.success) return [single.data];
  const listed = list.safeParse(response.body);
  return listed.success ? listed.data.items : [];
}

function latest(revisions: readonly string[]): string {
  return revisions.toSorted((a, b) => positionOf(a) - positionOf(b)).at(-1) ?? firstCommit;
}

const streamed = z.looseObject({
  result: z.looseObject({ type: z.optional(z.string()), application: recordedApplication }),
});

/** The objects of the stream's events, oldest first. */
function eventsIn({ response }: Recording): { type: string | undefined; application: RecordedApplication }[] {
  return (response.lines ?? []).flatMap(({ text }) => {
    const json = text.replace(/^data: /, '').trim();
    if (!json.startsWith('{')) return [];
    const { success, data } = streamed.safeParse(JSON.parse(json));
    return success ? [{ type: data.result.type, application: data.result.application }] : [];
  });
}

/** The world at the moment the stream was opened. */
export function arrangeStream(recording: Recording): Arrangement {
  const events = eventsIn(recording);
  const first = new Map<string, RecordedApplication>();
  for (const { application } of events) {
    const { name, namespace = '' } = application.metadata;
    if (!first.has(`${namespace}/${name}`)) first.set(`${namespace}/${name}`, application);
  }
  const newcomers = new Set(recording.given.includes('app-created') ? ['newcomer', 'shortlived'] : []);
  const present = [...first.values()].filter(({ metadata }) => !newcomers.has(metadata.name));
  const pushed = recording.given.includes('commit-pushed');
  const revisions = (pushed ? present : events.map(({ application }) => application)).flatMap(revisionsIn);
  const described = present
    .map(factsOf)
    .map((each) => superfluous(each, recording.given))
    .map((each) => deployedBefore(each, recording.given));
  const arrangement = world(recording.given, described, latest(revisions), []);
  const startVersion = Number(
    new URL(recording.request.path, 'http://recorded').searchParams.get('resourceVersion'),
  );
  // All applications existed before the version that the stream starts from.
  const counter =
    startVersion > 0 && startVersion < 1_000_000
      ? { resourceVersion: startVersion - arrangement.world.applications.length }
      : {};
  return { ...arrangement, world: { ...arrangement.world, ...counter } };
}

/**
 * In this recording, a resource that git no longer has makes it OutOfSync. The selected fields do not show that resource.
 */
function superfluous(application: Application, given: readonly string[]): Application {
  if (application.name !== 'prunable' || !given.includes('prune-needed')) return application;
  return { ...application, edited: [], pruneNeeded: [{ kind: 'ConfigMap', name: 'prunable-drop' }] };
}

/**
 * A rollback needs entries in the history, which the selected fields do not show. These are the entries of `rollback-ok`.
 */
function deployedBefore(application: Application, given: readonly string[]): Application {
  if (application.name !== 'payments' || !given.includes('rollback-requested')) return application;
  const entry = (id: number, revision: string) => ({ id, revisions: [revision], by: 'button' });
  return {
    ...application,
    history: [
      entry(13, '8d06d94c6aa3d45bcd75e1ba6fc84cb3d503a616'),
      entry(14, 'f7d05dc91f6c1c46c4e5b40dbac86f3291db6def'),
    ],
  };
}

function sameName(a: Application, b: Application): boolean {
  return a.name === b.name && (a.namespace ?? 'argocd') === (b.namespace ?? 'argocd');
}

/** The name of the application in a path, if it has one. */
export function nameIn(path: string): string | undefined {
  const url = new URL(path, 'http://recorded');
  return (
    /^\/api\/v1\/applications\/([^/]+)/.exec(url.pathname)?.[1] ?? url.searchParams.get('name') ?? undefined
  );
}

/** The application of a request whose answer does not show it, made from `given`. */
function fromWords(path: string, given: readonly string[], head: string): Application[] {
  const name = nameIn(path);
  const knownApplication = [...applications, ...temporaryApplications].find((each) => each.name === name);
  if (!knownApplication) return [];
  const [first] = knownApplication.resources ?? [];
  const outOfSync = first && given.includes('out-of-sync') ? { edited: [`${first.kind}/${first.name}`] } : {};
  return [
    {
      ...knownApplication,
      ...(given.includes('never-synced') ? { deployed: null } : outOfSync),
      ...(given.includes('deleting') ? { deletedAt: '2026-11-22T10:11:06Z' } : {}),
      ...(given.includes('history-full')
        ? { history: Array.from({ length: 10 }, (_, id) => ({ id, revisions: [head], by: 'button' })) }
        : {}),
    },
  ];
}
