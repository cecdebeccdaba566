// Which applications the sync windows of a project may apply to. Pure. Argo CD decides (`Matches` of `SyncWindows` in its
// source). This only saves questions about applications to which no window applies, so a doubt counts as yes.
import type { Destination } from '../argocd/application.ts';
import type { ProjectWindow, WindowScope } from '../argocd/sync-window.ts';

export interface ScopedApp {
  readonly name: string;
  /** Absent: not known */
  readonly destination?: Destination;
}

/** With more patterns than this in one project, its windows count as applying to everything. */
const patternsMax = 1_000;

/** @returns true if a window may apply to the application */
export function scopeOf(windows: readonly Pick<ProjectWindow, 'scope'>[]): (app: ScopedApp) => boolean {
  const patterns = windows.reduce(
    (sum, { scope }) => sum + scope.applications.length + scope.namespaces.length + scope.clusters.length,
    0,
  );
  if (patterns > patternsMax) return () => true;
  const tests = windows.map(({ scope }) => testOf(scope));
  // Thousands of applications are checked every minute, and rarely change.
  const answers = new WeakMap<ScopedApp, boolean>();
  return (app) => {
    const before = answers.get(app);
    if (before !== undefined) return before;
    const now = tests.some((test) => test(app));
    answers.set(app, now);
    return now;
  };
}

function testOf(scope: WindowScope): (app: ScopedApp) => boolean {
  const tests: ((app: ScopedApp) => boolean)[] = [];
  // A later Argo CD may distinguish two applications of one name by `namespace/name`.
  if (scope.applications.length > 0) {
    const matches = matcherOf(scope.applications, /[[\]{}\\!/]/);
    tests.push(({ name }) => matches(name));
  }
  if (scope.clusters.length > 0) {
    const matches = matcherOf(scope.clusters);
    tests.push(({ destination }) => {
      if (destination === undefined) return true;
      const { name, server } = destination;
      // An application may name its cluster in one way, and the pattern in the other.
      return (
        (name === '' && server === '') || (name !== '' && matches(name)) || (server !== '' && matches(server))
      );
    });
  }
  if (scope.namespaces.length > 0) {
    const matches = matcherOf(scope.namespaces);
    tests.push(({ destination }) => destination === undefined || matches(destination.namespace));
  }
  if (tests.length === 0) return () => true;
  return scope.andOperator
    ? (app) => tests.every((test) => test(app))
    : (app) => tests.some((test) => test(app));
}

/** @param unsure patterns with these characters are not evaluated here, and match everything */
function matcherOf(patterns: readonly string[], unsure = /[[\]{}\\!]/): (value: string) => boolean {
  if (patterns.some((pattern) => pattern === '*' || unsure.test(pattern))) return () => true;
  const names = new Set(patterns.filter((pattern) => !/[*?]/.test(pattern)));
  const globs = patterns.filter((pattern) => /[*?]/.test(pattern)).map(globOf);
  return (value) => names.has(value) || globs.some((matches) => matches(value));
}

/** Most have one `*`, at either end. */
function globOf(glob: string): (value: string) => boolean {
  const [start = '', end = '', ...more] = glob.split('*');
  if (more.length > 0 || glob.includes('?')) return (value) => matchesGlob(glob, value);
  const length = start.length + end.length;
  return (value) => value.length >= length && value.startsWith(start) && value.endsWith(end);
}

/** `*` is any number of characters, `?` is one. Takes at most as many steps as the product of both lengths. */
function matchesGlob(glob: string, value: string): boolean {
  let [at, from] = [0, 0];
  let [star, tried] = [-1, 0];
  while (from < value.length) {
    if (at < glob.length && glob[at] === '*') [star, tried, at] = [at, from, at + 1];
    else if (at < glob.length && (glob[at] === '?' || glob[at] === value[from]))
      [at, from] = [at + 1, from + 1];
    else if (star !== -1) [tried, at, from] = [tried + 1, star + 1, tried + 1];
    else return false;
  }
  while (glob[at] === '*') at += 1;
  return at === glob.length;
}
