// Reads the recordings of a real Argo CD.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';

export const recordingSchema = z.looseObject({
  name: z.string(),
  kind: z.enum(['exchange', 'stream', 'measurement']),
  note: z.string(),
  given: z.array(z.string()),
  token: z.string(),
  request: z.looseObject({
    method: z.string(),
    path: z.string(),
    headers: z.record(z.string(), z.string()),
    account: z.nullable(z.string()),
    body: z.optional(z.unknown()),
  }),
  response: z.looseObject({
    status: z.nullable(z.number()),
    headers: z._default(z.record(z.string(), z.string()), {}),
    headersAtMs: z.optional(z.nullable(z.number())),
    body: z.optional(z.unknown()),
    lines: z.optional(z.array(z.looseObject({ text: z.string() }))),
  }),
});

export type Recording = z.output<typeof recordingSchema>;

const folder = join(import.meta.dirname, '..', '..', 'argocd-recordings');

export function allRecordings(): Map<string, Recording> {
  const names = readdirSync(folder).filter((each) => each.endsWith('.json'));
  return new Map(
    names.sort().map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      return [file.replace(/\.json$/, ''), z.parse(recordingSchema, JSON.parse(text))];
    }),
  );
}
