// Exchanges recorded from a real Argo CD: those that the simulator's tests have too, and those that only these need.
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

const folders = [
  join(import.meta.dirname, '..', '..', 'argocd-recordings'),
  join(import.meta.dirname, 'recordings'),
];

function read(): ReadonlyMap<string, Recording> {
  const all = new Map<string, Recording>();
  for (const folder of folders) {
    for (const file of readdirSync(folder)) {
      const json: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      const parsed = recordingSchema.safeParse(json);
      // Measurements have other members, and nothing here plays them.
      if (parsed.success && parsed.data.kind !== 'measurement') all.set(parsed.data.name, parsed.data);
    }
  }
  return all;
}

export const recordings = read();

/** Of all that were recorded, measurements included. */
export const recordedNames: readonly string[] = folders
  .flatMap((folder) => readdirSync(folder))
  .map((file) => file.replace(/\.json$/, ''))
  .sort();

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

/** Application objects of an answer or a stream; `whole` where nothing was selected. */
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
