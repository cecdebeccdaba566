// Each kind of application has its note, with applications as recorded from Argo CD.
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { isWholeItem, type AppRecord } from '../../../release-worker/argocd/application.ts';
import {
  applicationListSchema,
  applicationSchema,
} from '../../../release-worker/argocd/application-schema.ts';
import { recordOf } from '../../../release-worker/argocd/record.ts';
import { notesOf } from '../../../release-worker/drift/notes.ts';
import { driftState } from '../../../release-worker/drift/summary.ts';
import { recording } from '../argocd/recordings.ts';
import { countDrift } from '../support/counting.ts';
import { detailOf, drifted, whole } from '../support/records.ts';

const none = () => undefined;
const state = (app: AppRecord) => driftState(countDrift([app], none), true);

function recorded(name: string): AppRecord {
  return recordOf(z.parse(applicationSchema, recording(name).response.body));
}

describe('recorded applications', () => {
  it.each([
    ['get-multi-source', ['multi-source'], undefined],
    ['get-comparison-error', ['comparison-error'], 'unknown'],
    ['get-path-missing', ['comparison-error'], 'unknown'],
  ] as const)('%s', (name, notes, light) => {
    const app = recorded(name);
    expect(notesOf(app, undefined)).toEqual(notes);
    if (light !== undefined) expect(state(app)).toBe(light);
  });

  it('one whose project is missing cannot be compared, and a list tells no more', () => {
    const { items } = z.parse(applicationListSchema, recording('list-project-missing').response.body);
    const app = (items ?? []).find(({ name }) => name === 'orphan');
    if (app === undefined || !isWholeItem(app)) throw new Error('the list has no orphan');
    expect(notesOf(app, undefined)).toEqual(['comparison-error']);
    expect(state(app)).toBe('unknown');
  });
});

describe('the other kinds', () => {
  it.each<[string, AppRecord, ReturnType<typeof notesOf>, string]>([
    ['automated', drifted('a', { automated: true }), ['automated'], 'drifted'],
    ['app of apps', whole({ detail: detailOf({ appOfApps: true }) }), ['app-of-apps'], 'clear'],
    ['deleting', drifted('a', { deleting: true }), ['deleting'], 'clear'],
    ['never compared', whole({ sync: 'Unknown', compared: false }), ['not-compared'], 'unknown'],
    [
      'project missing, once its condition is known',
      whole({
        sync: 'Unknown',
        detail: detailOf({
          condition: 'InvalidSpecError: Application referencing project shop which does not exist',
        }),
      }),
      ['project-missing'],
      'unknown',
    ],
    [
      'another fault of the specification',
      whole({ sync: 'Unknown', detail: detailOf({ condition: 'InvalidSpecError: no destination' }) }),
      ['invalid-spec'],
      'unknown',
    ],
    ['syncing', drifted('a', { phase: 'Running' }), ['syncing'], 'drifted'],
    ['nothing special', drifted('a'), [], 'drifted'],
  ])('%s', (_, app, notes, light) => {
    expect(notesOf(app, undefined)).toEqual(notes);
    expect(state(app)).toBe(light);
  });

  it('what keeps it from being released comes in the same words as elsewhere', () => {
    expect(notesOf(drifted('a'), 'not-permitted')).toEqual(['not-permitted']);
    expect(notesOf(drifted('a'), 'blocked-by-sync-window')).toEqual(['blocked-by-sync-window']);
  });
});
