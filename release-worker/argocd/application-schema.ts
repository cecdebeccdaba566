// The members of Argo CD's Application object that the worker reads, whether the object is whole or a field selection.
// All other members are ignored.
import * as z from 'zod/mini';
import { listedOf } from './record.ts';

const text = z.nullish(z.string());
const source = z.nullish(z.object({ repoURL: text, path: text, chart: text, targetRevision: text }));
const revisions = z.nullish(z.array(z.string()));
const info = z.nullish(z.array(z.object({ name: text, value: text })));
const operation = z.nullish(
  z.object({
    info,
    initiatedBy: z.nullish(z.object({ automated: z.nullish(z.boolean()) })),
    sync: z.nullish(
      z.object({
        revision: text,
        revisions,
        dryRun: z.nullish(z.boolean()),
        resources: z.nullish(z.array(z.unknown())),
      }),
    ),
  }),
);

const spec = z.object({
  project: text,
  destination: z.nullish(z.object({ namespace: text, name: text, server: text })),
  source,
  sources: z.nullish(z.array(z.object({ targetRevision: text }))),
  syncPolicy: z.nullish(z.object({ automated: z.nullish(z.object({ enabled: z.nullish(z.boolean()) })) })),
});

export const applicationSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: text,
    labels: z.nullish(z.record(z.string(), z.string())),
    deletionTimestamp: text,
  }),
  spec: z.nullish(spec),
  status: z.nullish(
    z.object({
      sync: z.nullish(z.object({ status: text, revision: text, revisions })),
      health: z.nullish(z.object({ status: text })),
      history: z.nullish(z.array(z.object({ id: z.nullish(z.number()), revision: text, revisions, source }))),
      conditions: z.nullish(z.array(z.object({ type: text, message: text }))),
      resources: z.nullish(z.array(z.object({ group: text, kind: text }))),
      operationState: z.nullish(
        z.object({ phase: text, message: text, startedAt: text, finishedAt: text, operation }),
      ),
    }),
  ),
  operation,
});
export type Application = z.infer<typeof applicationSchema>;

/** Makes the small records while it parses: a second copy of 10,000 applications would take tens of megabytes. */
export const listedAppSchema = z.pipe(applicationSchema, z.transform(listedOf));
export const applicationListSchema = z.object({ items: z.nullish(z.array(listedAppSchema)) });

export const streamEventSchema = z.object({
  result: z.exactOptional(
    z.object({ type: z.exactOptional(z.string()), application: z.exactOptional(applicationSchema) }),
  ),
});
