// What may be a level of a topic: ids that people choose, and names of Kubernetes.
import * as z from 'zod/mini';

/** Ids of buttons, LEDs, agents and workers: 1 to 63 characters without dots, because NATS splits at dots. */
export const idPattern = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** Kubernetes names (DNS-1123 subdomain): at most 253 characters, dots allowed. */
const kubernetesNamePattern = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Ids of presses and requests: 1 to 64 printable characters. */
const requestIdPattern = /^\P{C}{1,64}$/u;

/** A request id that can be a topic level: without `/`, `+`, `#` and control characters. */
const topicLevelPattern = /^[^\p{C}/+#]{1,64}$/u;

/** Ids in topics of Home Assistant's discovery. Source: its documentation, "Discovery topic". */
const objectIdPattern = /^[a-zA-Z0-9_-]{1,255}$/;

export const idSchema = z.string().check(z.regex(idPattern, 'must match [a-z0-9][a-z0-9_-]{0,62}'));
export const requestIdSchema = z
  .string()
  .check(z.regex(requestIdPattern, 'must be 1 to 64 printable characters'));

/** `<namespace>/<name>` of an Argo CD application. */
export const applicationKeySchema = z
  .string()
  .check(
    z.maxLength(507),
    z.regex(
      /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
      'must be <namespace>/<name>',
    ),
  );

/** The placeholders of templates, each with the values that fit into its topic level. */
const placeholders = {
  button: idPattern,
  led: idPattern,
  agent: idPattern,
  worker: idPattern,
  namespace: kubernetesNamePattern,
  name: kubernetesNamePattern,
  request: topicLevelPattern,
  object: objectIdPattern,
} as const;

export type Placeholder = keyof typeof placeholders;

const patterns: ReadonlyMap<string, RegExp> = new Map(Object.entries(placeholders));

export function fitsPlaceholder(placeholder: string, value: string): boolean {
  return patterns.get(placeholder)?.test(value) ?? false;
}
