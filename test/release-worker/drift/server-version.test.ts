// The message about the version of Argo CD.
import { expect, it } from 'vitest';
import { createServerVersion } from '../../../release-worker/drift/server-version.ts';
import { createHealth } from '../../../service/health.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

function told() {
  const warnings: string[] = [];
  const health = createHealth(createFakeClock());
  const tell = createServerVersion({
    server: 'https://argocd.example',
    log: { warn: (_: unknown, message?: string) => void warnings.push(message ?? '') },
    health: health.check('argocd-version', 'degraded'),
  });
  return { tell, warnings, check: () => health.report().checks['argocd-version'] };
}

it('says nothing against a server that has not been asked yet', () => {
  expect(told().check()).toMatchObject({ ok: true });
});

it.each([
  ['v2.13.9+abcdef0', false],
  ['v2.14.0-rc1', false],
  ['v2.9.0', false],
  ['v2.14.0', true],
  ['v2.14.21+abcdef0', true],
  ['v3.0.23', true],
  ['v3.6.0+simulated', true],
  ['v10.0.0', true],
  ['built at home', true],
])('says once of %s whether it is too old, and what to do', (version, ok) => {
  const { tell, check, warnings } = told();
  tell(version);
  tell(version);
  expect(check()?.ok).toBe(ok);
  expect(warnings).toHaveLength(ok ? 0 : 1);
  if (!ok) expect(check()?.message).toMatch(/older than 2\.14.*upgrade Argo CD to 2\.14 or newer/);
});

it('is well again once Argo CD has been upgraded', () => {
  const { tell, check } = told();
  tell('v2.13.9');
  tell('v2.14.21');
  expect(check()).toMatchObject({ ok: true, message: 'v2.14.21' });
});
