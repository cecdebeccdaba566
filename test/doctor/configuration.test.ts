import { expect, test } from 'vitest';
import { homeAssistantNotes, validRow } from '../../doctor/configuration.ts';

test.each([
  ['noted where Argo CD is real', { enabled: true, install: true }, false, true],
  ['nothing to note in the demo', { enabled: true, install: true }, true, false],
  ['nothing to note where it is not announced', { enabled: false, install: true }, false, false],
  ['nothing to note where it is off', { enabled: true, install: false }, false, false],
  ['nothing to note where it is not set', { enabled: true }, false, false],
])('Install in Home Assistant is %s, and is no fault', (_, settings, demo, noted) => {
  const row = validRow({ demo, warnings: homeAssistantNotes(settings, demo) });
  expect(row.status).toBe(noted ? 'warning' : 'ok');
  expect(row.remedy?.includes('homeAssistant.install') ?? false).toBe(noted);
});
