import { expect, test } from 'vitest';
import { homeAssistantNotes, validRow } from '../../doctor/configuration.ts';

test.each([
  ['a warning where Argo CD is real', { enabled: true, install: true }, false, true],
  ['no warning in the demo', { enabled: true, install: true }, true, false],
  ['no warning where Home Assistant is not announced to', { enabled: false, install: true }, false, false],
  ['no warning where the setting is off', { enabled: true, install: false }, false, false],
  ['no warning where it is not set', { enabled: true }, false, false],
])('the Install buttons in Home Assistant cause %s, and no fault', (_, settings, demo, isNoted) => {
  const row = validRow({ demo, warnings: homeAssistantNotes(settings, demo) });
  expect(row.status).toBe(isNoted ? 'warning' : 'ok');
  expect(row.remedy?.includes('homeAssistant.install') ?? false).toBe(isNoted);
});
