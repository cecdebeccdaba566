// The field selections contain every member that a record is made of.
import { describe, expect, it } from 'vitest';
import { isWholeItem, type AppRecord, type ListedApp } from '../../../release-worker/argocd/application.ts';
import {
  applicationListSchema,
  applicationSchema,
  streamEventSchema,
  type Application,
} from '../../../release-worker/argocd/application-schema.ts';
import { recordOf } from '../../../release-worker/argocd/record.ts';
import { listFields, streamFields } from '../../../release-worker/argocd/field-selection.ts';
import { eventsIn, objectsIn, recording, recordings } from './recordings.ts';

const whole = [...recordings.values()].flatMap((each) => objectsIn(each).filter((one) => one.whole));

function record(object: unknown): AppRecord {
  return recordOf(applicationSchema.parse(object));
}

function listed(item: unknown): ListedApp {
  const [app] = applicationListSchema.parse({ items: [item] }).items ?? [];
  if (app === undefined) throw new Error('the list is empty');
  return app;
}

describe('every recorded application', () => {
  it('exists, also with several sources', () => {
    expect(whole.length).toBeGreaterThan(100);
    expect(whole.some(({ object }) => record(object).sources > 1)).toBe(true);
  });

  it('has the same record from the selection that we ask the stream for', () => {
    for (const { object } of whole) {
      const event = { result: { type: 'MODIFIED', application: object } };
      const selected = streamEventSchema.parse(streamSelection(event, streamFields.split(',')));
      expect(selected.result?.type).toBe('MODIFIED');
      expect(recordOf(present(selected.result?.application))).toEqual(withoutResources(record(object)));
    }
  });

  it.each([
    ['tells the revision of a single source, from 3.5.0 on', true],
    ['does not, before', false],
  ])('has the same record from the selection that we ask the list for, which %s', (_, knowsRevision) => {
    for (const { object } of whole) {
      const item = listed(listSelection(object, knowsRevision));
      const { detail: _detail, ...expected } = record(object);
      const told = knowsRevision && expected.repository !== '' ? expected.target : undefined;
      expect(isWholeItem(item)).toBe(true);
      expect(item).toEqual({ ...expected, target: told });
    }
  });
});

/** The stream leaves resources out, because there are too many of them. */
function withoutResources({ detail, ...rest }: AppRecord): AppRecord {
  if (detail === undefined) return rest;
  const { appOfApps: _, ...known } = detail;
  return { ...rest, detail: known };
}

function present(application: Application | undefined): Application {
  if (application === undefined) throw new Error('the application was not selected');
  return application;
}

/** Selects from an event as Argo CD does: a member passes if its path contains a name, or is the beginning of one. */
function streamSelection(value: unknown, fields: readonly string[], path = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => streamSelection(each, fields, path));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const at = path === '' ? key : `${path}.${key}`;
      if (fields.includes(at)) return [[key, member]];
      return fields.some((field) => field.startsWith(at)) ? [[key, streamSelection(member, fields, at)]] : [];
    }),
  );
}

/** Selects from a list item as Argo CD does: exactly these members, if they exist. */
function listSelection(object: unknown, knowsRevision: boolean): unknown {
  const selected: Record<string, unknown> = {};
  for (const field of listFields.split(',')) {
    if (!field.startsWith('items.') || (!knowsRevision && field === 'items.status.sync.revision')) continue;
    const path = field.split('.').slice(1);
    const value = path.reduce<unknown>(
      (at, key) =>
        typeof at === 'object' && at !== null
          ? Object.entries(at).find(([each]) => each === key)?.[1]
          : undefined,
      object,
    );
    if (value !== undefined) put(selected, path, value);
  }
  return selected;
}

function put(target: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const within: Record<string, unknown> = {};
  Object.assign(within, target[key]);
  target[key] = within;
  put(within, rest, value);
}

describe('the selections here', () => {
  it('select from a whole event what Argo CD selected', () => {
    const [object] = objectsIn(recording('get-one'));
    const [event] = eventsIn(recording('stream-fields-prefix').response.lines ?? []);
    const fields = new URL(recording('stream-fields-prefix').request.path, 'http://playback').searchParams;
    expect(
      streamSelection({ result: { application: object?.object } }, fields.get('fields')?.split(',') ?? []),
    ).toEqual(event);
  });

  it('request only members that the list knows', () => {
    const unknown = new URL(recording('list-fields-not-honoured').request.path, 'http://playback')
      .searchParams;
    const [item] = objectsIn(recording('list-fields-not-honoured'));
    const asked = listFields.split(',').filter((each) => unknown.get('fields')?.split(',').includes(each));
    expect(asked.length).toBeGreaterThan(0);
    for (const field of asked) expect(leaf(item?.object, field.split('.').slice(1))).toBeDefined();
  });
});

function leaf(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  return leaf(Object.entries(value).find(([each]) => each === key)?.[1], rest);
}
