// Which applications the windows of a project can concern.
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { WindowScope } from '../../../release-worker/argocd/sync-window.ts';
import { scopeOf } from '../../../release-worker/drift/window-scope.ts';

const scope = (over: Partial<WindowScope>): WindowScope => ({
  applications: [],
  namespaces: [],
  clusters: [],
  andOperator: false,
  ...over,
});
const shop = {
  name: 'shop',
  destination: { namespace: 'prod', name: '', server: 'https://kubernetes.default.svc' },
};
const concerns = (over: Partial<WindowScope>, app: Parameters<ReturnType<typeof scopeOf>>[0] = shop) =>
  scopeOf([{ scope: scope(over) }])(app);

describe('a window', () => {
  it.each<[string, Partial<WindowScope>, boolean]>([
    ['every application', { applications: ['*'] }, true],
    ['an application by name', { applications: ['garden', 'shop'] }, true],
    ['an application by pattern', { applications: ['sh?p'] }, true],
    ['other applications', { applications: ['garden', 'shop-*', '?hop?'] }, false],
    ['its namespace', { namespaces: ['prod'] }, true],
    ['another namespace', { namespaces: ['test-*'] }, false],
    ['its cluster', { clusters: ['https://kubernetes.*'] }, true],
    ['another cluster', { clusters: ['in-cluster', 'https://other'] }, false],
    ['other applications or its namespace', { applications: ['garden'], namespaces: ['prod'] }, true],
    [
      'other applications and its namespace',
      { applications: ['garden'], namespaces: ['prod'], andOperator: true },
      false,
    ],
    ['it and its namespace', { applications: ['s*'], namespaces: ['p*d'], andOperator: true }, true],
    ['a set of names that is not read here', { applications: ['{garden,kiosk}'] }, true],
    ['nothing at all, which Argo CD does not accept', {}, true],
  ])('about %s', (_, over, expected) => {
    expect(concerns(over)).toBe(expected);
  });

  it('about a cluster by name is about an application that names it so', () => {
    const named = { name: 'shop', destination: { namespace: 'prod', name: 'in-cluster', server: '' } };
    expect(concerns({ clusters: ['in-cluster'] }, named)).toBe(true);
    expect(concerns({ clusters: ['elsewhere'] }, named)).toBe(false);
  });

  it('may be about an application whose destination is not known', () => {
    expect(concerns({ clusters: ['elsewhere'] }, { name: 'shop' })).toBe(true);
    expect(concerns({ namespaces: ['elsewhere'] }, { name: 'shop' })).toBe(true);
    expect(
      concerns({ applications: ['garden'], clusters: ['elsewhere'], andOperator: true }, { name: 'shop' }),
    ).toBe(false);
  });
});

test('a project with thousands of patterns counts as being about everything', () => {
  const many = Array.from({ length: 6_000 }, (_, index) => `app-${index}`);
  expect(concerns({ applications: many })).toBe(true);
});

test('a pattern matches what the same regular expression matches', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 8 });
  const glob = fc.string({ unit: fc.constantFrom('a', 'b', '-', '*', '?'), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(glob, text, (glob, text) => {
      const pattern = new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`);
      expect(concerns({ applications: [glob] }, { name: text })).toBe(pattern.test(text));
    }),
  );
});
