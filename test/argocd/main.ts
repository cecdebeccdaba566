// Runs the Argo CD of the tests as a separate process: `node dist/test/argocd/main.js [options as JSON]`. It logs one
// JSON object per line, as the product's processes do, and ends on SIGTERM.
import { createTestArgoCd } from './argocd.ts';
import * as z from 'zod/mini';

const optionsSchema = z.strictObject({
  port: z.exactOptional(z.int()),
  version: z.exactOptional(z.string()),
});

const print = (message: string, fields: Record<string, unknown> = {}): void => {
  process.stdout.write(`${JSON.stringify({ ...fields, part: 'simulator', msg: message })}\n`);
};

const options = z.parse(optionsSchema, JSON.parse(process.argv[2] ?? '{}'));
const argocd = createTestArgoCd({ ...options, log: (_level, message, fields) => print(message, fields) });
const { url } = await argocd.start();
print('listening', { url });
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void argocd.stop());
