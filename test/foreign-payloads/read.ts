// What devices of others publish, by their documentation and by public captures, and what each message means.
import { readdirSync, readFileSync } from 'node:fs';
import * as z from 'zod/mini';

const fileSchema = z.object({
  about: z.string(),
  source: z.array(z.string()),
  /** an entry of worker.presses */
  configuration: z.record(z.string(), z.unknown()),
  /** the topic of messages that do not name one */
  topic: z.string(),
  messages: z.array(
    z.object({
      /** how long after the previous message, in milliseconds */
      afterMs: z.number(),
      topic: z.optional(z.string()),
      text: z.string(),
      retained: z.optional(z.boolean()),
      press: z.boolean(),
      because: z.string(),
    }),
  ),
});

export const foreignPayloads = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({
    name: name.replace('.json', ''),
    ...fileSchema.parse(JSON.parse(readFileSync(`${import.meta.dirname}/${name}`, 'utf8'))),
  }));
