import { describe, expect, it } from 'vitest';
import { selects } from '../../config/selects.ts';
import type { ButtonConfig } from '../../release-worker/buttons.ts';
import { whole } from '../release-worker/support/records.ts';

describe('a button selects an application', () => {
  const app = whole({ labels: { team: 'web', env: 'prod' } });
  it.each<[string, ButtonConfig['select'], boolean]>([
    ['by selecting all', { all: true }, true],
    ['by its name', { names: ['shop'] }, true],
    ['by its namespace and name', { names: ['argocd/shop'] }, true],
    ['not by its name in another namespace', { names: ['other/shop'] }, false],
    ['not by a part of its name', { names: ['sho'] }, false],
    ['by its project', { projects: ['x', 'default'] }, true],
    ['by its namespace', { namespaces: ['argocd'] }, true],
    ['not by another namespace', { namespaces: ['argo'] }, false],
    ['by all of its labels', { labels: { team: 'web', env: 'prod' } }, true],
    ['not by one of two labels', { labels: { team: 'web', env: 'test' } }, false],
    ['not if one kind of condition fails', { names: ['shop'], projects: ['other'] }, false],
  ])('%s', (_, select, expected) => {
    expect(selects(select, app)).toBe(expected);
  });
});
