// All sections by name, and the type `Config` that follows from them. A process loads only its own sections: an agent on a
// Pi Zero must not load those of the worker.
import type { Section } from './section.ts';
import { isSetting, type Group, type Setting } from './setting.ts';
import { allowed, kindOf, type ValueKind } from './problems/schema-words.ts';

const sections = {
  mqtt: async () => (await import('./sections/mqtt.ts')).mqtt,
  log: async () => (await import('./sections/log.ts')).log,
  health: async () => (await import('./sections/health.ts')).health,
  broker: async () => (await import('./sections/broker.ts')).broker,
  agent: async () => (await import('./sections/agent.ts')).agent,
  worker: async () => (await import('./sections/worker.ts')).worker,
  argocd: async () => (await import('./sections/argocd.ts')).argocd,
  homeAssistant: async () => (await import('./sections/home-assistant.ts')).homeAssistant,
  simulator: async () => (await import('./sections/simulator.ts')).simulator,
};

export type SectionName = keyof typeof sections;

export type Config = {
  readonly [S in SectionName]: Awaited<ReturnType<(typeof sections)[S]>> extends Section<infer Value>
    ? Value
    : never;
};

/** In the order of the example file. */
export const sectionNames = Object.keys(sections).filter((name): name is SectionName =>
  Object.hasOwn(sections, name),
);

export async function loadSections(
  names: readonly SectionName[],
): Promise<ReadonlyMap<SectionName, Section>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await sections[name]()] as const)));
}

/** One setting under its full path, with the names by which it can be set. */
export interface Leaf {
  /** `worker.release.appTimeoutMs` */
  readonly path: string;
  /** `--worker-release-app-timeout-ms` */
  readonly flag: string;
  /** `RELEASE_BUTTON_WORKER_RELEASE_APP_TIMEOUT_MS` */
  readonly variable: string;
  readonly doc: string;
  readonly type: ValueKind;
  /** The accepted values in words: `a whole number from 0 to 65535`. */
  readonly allowed: string;
  readonly setting: Setting;
}

export function leavesIn(loaded: ReadonlyMap<SectionName, Section>): readonly Leaf[] {
  return [...loaded].flatMap(([name, { settings }]) => leavesBelow(settings, [name]));
}

function leavesBelow(group: Group, above: readonly string[]): Leaf[] {
  return Object.entries(group).flatMap(([name, entry]) => {
    const keys = [...above, name];
    if (!isSetting(entry)) return leavesBelow(entry, keys);
    const words = keys.flatMap(wordsOf);
    return [
      {
        path: keys.join('.'),
        flag: `--${words.join('-')}`,
        variable: `RELEASE_BUTTON_${words.join('_').toUpperCase()}`,
        doc: entry.doc,
        type: kindOf(entry.schema),
        allowed: allowed(entry.schema, name),
        setting: entry,
      },
    ];
  });
}

/** `appTimeoutMs` to `['app', 'timeout', 'ms']`. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(' ');
}

/** A flag of the command line. A secret has a second flag that names a file. */
export interface Flag {
  /** The key for `LoadOptions.flags`. */
  readonly path: string;
  readonly flag: string;
  readonly type: ValueKind;
  readonly doc: string;
  /** The default as text; absent if there is none, or if it is a list. */
  readonly initial?: string;
}

export async function flagsOf(names: readonly SectionName[]): Promise<readonly Flag[]> {
  return leavesIn(await loadSections(names)).flatMap(({ path, flag, type, doc, setting }): Flag[] =>
    setting.secret
      ? [
          {
            path,
            flag,
            type,
            doc: `${doc} Other users of this machine can see it in the process list, so prefer ${flag}-file.`,
          },
          { path: `${path}File`, flag: `${flag}-file`, type: 'text', doc: `A file that contains ${path}.` },
        ]
      : [{ path, flag, type, doc, ...initialOf(setting.default) }],
  );
}

function initialOf(value: unknown): Pick<Flag, 'initial'> {
  if (typeof value === 'string') return { initial: value };
  return typeof value === 'number' || typeof value === 'boolean' ? { initial: String(value) } : {};
}
