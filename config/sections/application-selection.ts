// A selection of applications: by name, project, label or namespace, or all of them.
import * as z from 'zod/mini';
import { isMap } from '../setting.ts';
import { must, textThat } from '../formats.ts';
import { withLikelyValues, wordsIn } from '../problems/likely-values.ts';

// Kubernetes names: DNS subdomains (253) for applications and projects, labels (63) for namespaces.
const dnsName = '[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?';
const dnsLabel = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';

function names(pattern: RegExp, what: string) {
  const entry = z.string().check(
    must<string>(
      (value) => !/[*?[\]|^$]/.test(value),
      'is a pattern, and patterns such as `*` are not supported',
      'write the whole name; to select many, use projects, labels or namespaces',
    ),
    must<string>(
      (value) => /[*?[\]|^$]/.test(value) || pattern.test(value),
      `must be ${what}: lower-case letters, digits and -`,
      'write the whole name, as Argo CD shows it; write several names as separate entries, `[shop, web]`',
    ),
  );
  return z.array(entry).check(z.minLength(1), z.maxLength(1000));
}

// Kubernetes labels: an optional prefix and a name; the value may be empty.
const labelValue = textThat(
  (value) => /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/.test(value),
  'must be the value of a Kubernetes label: up to 63 letters, digits, - _ and .; patterns are not supported',
  'write the whole value of the label, as Argo CD shows it',
);

/** Applications by name, at least one. */
export const appNames = names(
  new RegExp(`^(${dnsLabel}/)?${dnsName}$`),
  'an application, `name` or `namespace/name`',
);

const labels = withLikelyValues(
  z
    .record(z.string(), labelValue)
    .check(
      must<Record<string, string>>(
        (map) =>
          Object.keys(map).length > 0 &&
          Object.keys(map).every((key) =>
            /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/.test(key),
          ),
        'must be a map of at least one label and its value',
        'write for example `labels: {team: web}`',
      ),
    ),
  // `team=web` as kubectl takes it, also in a list.
  (value) => {
    const pairs = wordsIn(value).map((word) => word.split('='));
    const inList = Array.isArray(value) ? value.filter(isMap) : [];
    const [key, ...others] = isMap(value) ? [] : pairs;
    if (key === undefined) return inList.length === 0 ? [] : [Object.assign({}, ...inList)];
    return [Object.fromEntries([key, ...others])];
  },
);

/** @param sayWhich the remedy for an empty selection */
export function selection(sayWhich: string) {
  const keys = z
    .strictObject({
      names: z.exactOptional(appNames),
      projects: z.exactOptional(names(new RegExp(`^${dnsName}$`), 'the name of an Argo CD project')),
      labels: z.exactOptional(labels),
      namespaces: z.exactOptional(names(new RegExp(`^${dnsLabel}$`), 'a namespace')),
      all: z.exactOptional(
        z.boolean().check(
          // Never suggest `all: true`: somebody who wrote false wants few applications or none.
          must<boolean>((value) => value, 'can only be true, which selects every application', sayWhich),
        ),
      ),
    })
    .check(
      must<object>((value) => Object.keys(value).length > 0, 'is empty', sayWhich),
      must<object>(
        (value) => !('all' in value) || Object.keys(value).length === 1,
        'has `all` together with other keys',
        'remove `all`: the other keys say what is selected',
      ),
    );
  return withLikelyValues(keys, (value) => {
    const words = wordsIn(value);
    if (typeof value !== 'string' && !Array.isArray(value)) return [];
    return value === 'all' ? [{ all: true }] : [{ projects: words }, { names: words }];
  });
}

export type Selection = z.output<ReturnType<typeof selection>>;
