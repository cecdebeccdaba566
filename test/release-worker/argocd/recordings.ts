// Exchanges recorded from a real Argo CD: those that the simulator's tests use too, and those that only these tests need.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';

const line = z.object({ atMs: z.number(), text: z.string(), unterminated: z.optional(z.boolean()) });

const recordingSchema = z.object({
  name: z.string(),
  kind: z.enum(['exchange', 'stream', 'measurement']),
  given: z.array(z.string()),
  token: z.string(),
  request: z.object({
    method: z.string(),
    path: z.string(),
    account: z.nullable(z.string()),
    body: z.optional(z.unknown()),
  }),
  response: z.object({
    /** null: no answer at all */
    status: z.nullable(z.number()),
    headers: z._default(z.record(z.string(), z.string()), {}),
    body: z.optional(z.unknown()),
    lines: z.optional(z.array(line)),
    end: z.optional(z.nullable(z.object({ how: z.string() }))),
  }),
});

export type Recording = z.output<typeof recordingSchema>;

const newest = join(import.meta.dirname, '..', '..', 'argocd-recordings');
const versions = readdirSync(join(newest, 'versions'));
/** Each folder with the prefix of its recordings' names: those of older versions have `v2.14.21/` and so on. */
const folders = [
  { folder: newest, prefix: '' },
  { folder: join(import.meta.dirname, 'recordings'), prefix: '' },
  ...versions.map((version) => ({ folder: join(newest, 'versions', version), prefix: `${version}/` })),
];
const files = folders.flatMap(({ folder, prefix }) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ path: join(folder, file), name: `${prefix}${file.replace(/\.json$/, '')}` })),
);

function read(): ReadonlyMap<string, Recording> {
  const all = new Map<string, Recording>();
  for (const { path, name } of files) {
    const json: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const parsed = recordingSchema.safeParse(json);
    // Measurements have other members, and no test plays them.
    if (parsed.success && parsed.data.kind !== 'measurement') all.set(name, { ...parsed.data, name });
  }
  return all;
}

export const recordings = read();

/** Of all recordings, including measurements. */
export const recordedNames: readonly string[] = files.map(({ name }) => name).sort();

export function recording(name: string): Recording {
  const found = recordings.get(name);
  if (found === undefined) throw new Error(`there is no recording ${name}`);
  return found;
}

/** The text of a stream as it was sent. */
export function streamText({ response }: Recording): string {
  return (response.lines ?? [])
    .map(({ text, unterminated }) => (unterminated === true ? text : `${text}\n`))
    .join('');
}

const objectSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.optional(z.unknown()),
  status: z.optional(z.unknown()),
});
const listSchema = z.looseObject({ items: z.array(objectSchema) });
const eventSchema = z.looseObject({
  result: z.looseObject({ type: z.optional(z.string()), application: objectSchema }),
});

export type RecordedObject = z.output<typeof objectSchema>;

/** The application objects of an answer or a stream; `whole` if no members were selected. */
export function objectsIn({ request, response }: Recording): { object: RecordedObject; whole: boolean }[] {
  const whole = !request.path.includes('fields=');
  const list = listSchema.safeParse(response.body);
  if (list.success) return list.data.items.map((object) => ({ object, whole }));
  const one = objectSchema.safeParse(response.body);
  if (one.success && request.path.startsWith('/api/v1/applications/')) return [{ object: one.data, whole }];
  return eventsIn(response.lines ?? []).map(({ result }) => ({ object: result.application, whole }));
}

export function eventsIn(lines: readonly { readonly text: string }[]): z.output<typeof eventSchema>[] {
  return lines.flatMap(({ text }) => {
    const json = text.replace(/^data: /, '');
    if (!json.startsWith('{')) return [];
    const event = eventSchema.safeParse(JSON.parse(json));
    return event.success ? [event.data] : [];
  });
}
