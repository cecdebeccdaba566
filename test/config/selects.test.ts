import { describe, expect, it } from 'vitest';
import { selects } from '../../config/selects.ts';
import type { ButtonConfig } from '../../release-worker/buttons.ts';
import { whole } from '../release-worker/support/records.ts';

describe('a button selects', () => {
  const app = whole({ labels: { team: 'web', env: 'prod' } });
  it.each<[string, ButtonConfig['select'], boolean]>([
    ['everything', { all: true }, true],
    ['by name', { names: ['shop'] }, true],
    ['by namespace and name', { names: ['argocd/shop'] }, true],
    ['not by the name in another namespace', { names: ['other/shop'] }, false],
    ['not by a part of the name', { names: ['sho'] }, false],
    ['by project', { projects: ['x', 'default'] }, true],
    ['by namespace', { namespaces: ['argocd'] }, true],
    ['not by another namespace', { namespaces: ['argo'] }, false],
    ['by all of its labels', { labels: { team: 'web', env: 'prod' } }, true],
    ['not by one label of two', { labels: { team: 'web', env: 'test' } }, false],
    ['not where one kind of condition fails', { names: ['shop'], projects: ['other'] }, false],
  ])('%s', (_, select, expected) => {
    expect(selects(select, app)).toBe(expected);
  });
});
