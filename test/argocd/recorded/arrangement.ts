// Derives from a recording the world it was made in, and the requests that came before it.
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
  /** Played first, in this order. */
  before: Recording[];
};

/** The head of the branch if no recorded object shows one. */
const firstCommit = '775f821e07a9223a9d0996d95f65dbf4d030f770';

/** The branch was further ahead than the recorded object shows. */
const heads: Record<string, string> = {
  'sync-pinned-revision': 'b4664c47c29e13dae9cab733b58b2828cb384524',
  'get-head-moved-before': '9193e185f07fc1c619107a442dbe627fe6b0c680',
};

export function arrange(recording: Recording, all: ReadonlyMap<string, Recording>): Arrangement {
  const { given } = recording;
  const before = chain(recording, all);
  const first = before[0] ?? recording;
  const shown = objectsIn(first);
  const head =
    heads[first.name] ??
    latest([
      ...[...shown, ...objectsIn(recording)].flatMap(revisionsIn),
      ...(/[0-9a-f]{40}/.exec(recording.request.path) ?? []),
    ]);
  const described = shown.map(factsOf);
  if (described.length === 0) described.push(...fromWords(first.request.path, given, head));
  return world(given, described, head, before);
}

function world(
  given: readonly string[],
  described: Application[],
  head: string,
  before: Recording[],
): Arrangement {
  const others = applications.filter((each) => !described.some((one) => sameName(one, each)));
  const second = baseOf('search', 'argocd');
  const twice =
    given.includes('same-name-twice') && !described.some((one) => sameName(one, second)) ? [second] : [];
  return {
    before,
    faults: {
      controllerDown: given.includes('controller-down'),
      repositoryServerDown: given.includes('repo-server-down'),
      kubernetesDown: given.includes('kubernetes-down'),
    },
    world: {
      applications: [...described, ...others, ...twice],
      repositories: repositories(head),
      // A window that opens in between is a step of its own.
      projects: projects((before[0]?.given ?? given).includes('window-manual')),
      accounts,
      tokens,
    },
  };
}

/** The requests that led to the state: those named by `after:`, back to one whose answer shows the state before it. */
function chain(recording: Recording, all: ReadonlyMap<string, Recording>): Recording[] {
  if (recording.request.method === 'POST' && objectsIn(recording).length > 0) return [];
  for (const word of recording.given) {
    const earlier = all.get(word.replace(/^after:/, ''));
    if (!word.startsWith('after:') || earlier?.kind !== 'exchange' || earlier.request.method === 'GET')
      continue;
    if (nameIn(earlier.request.path) !== nameIn(recording.request.path)) continue;
    return [...chain(earlier, all), earlier];
  }
  return [];
}

const list = z.looseObject({ items: z.array(recordedApplication) });

/** The application objects of an answer. */
function objectsIn({ response }: Recording): RecordedApplication[] {
  const one = recordedApplication.safeParse(response.body);
  if (one.success) return [one.data];
  const many = list.safeParse(response.body);
  return many.success ? many.data.items : [];
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
  const since = Number(
    new URL(recording.request.path, 'http://recorded').searchParams.get('resourceVersion'),
  );
  // All applications existed before the version that the stream starts from.
  const counter =
    since > 0 && since < 1_000_000 ? { resourceVersion: since - arrangement.world.applications.length } : {};
  return { ...arrangement, world: { ...arrangement.world, ...counter } };
}

/** A resource that is no longer in git makes it OutOfSync. A selection does not show that resource. */
function superfluous(application: Application, given: readonly string[]): Application {
  if (application.name !== 'prunable' || !given.includes('prune-needed')) return application;
  return { ...application, edited: [], pruneNeeded: [{ kind: 'ConfigMap', name: 'prunable-drop' }] };
}

/** A rollback needs history entries, which a selection does not show: those of `rollback-ok` are used. */
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

/** The application that a path is about, if any. */
export function nameIn(path: string): string | undefined {
  const url = new URL(path, 'http://recorded');
  return (
    /^\/api\/v1\/applications\/([^/]+)/.exec(url.pathname)?.[1] ?? url.searchParams.get('name') ?? undefined
  );
}

/** The application of a request whose answer does not show it, as `given` has it. */
function fromWords(path: string, given: readonly string[], head: string): Application[] {
  const name = nameIn(path);
  const known = [...applications, ...temporaryApplications].find((each) => each.name === name);
  if (!known) return [];
  const [first] = known.resources ?? [];
  const outOfSync = first && given.includes('out-of-sync') ? { edited: [`${first.kind}/${first.name}`] } : {};
  return [
    {
      ...known,
      ...(given.includes('never-synced') ? { deployed: null } : outOfSync),
      ...(given.includes('deleting') ? { deletedAt: '2026-11-22T10:11:06Z' } : {}),
      ...(given.includes('history-full')
        ? { history: Array.from({ length: 10 }, (_, id) => ({ id, revisions: [head], by: 'button' })) }
        : {}),
    },
  ];
}
