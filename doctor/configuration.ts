// Turns the result of loading the configuration into rows.
import type { ConfigError } from '../config/problems/problem.ts';
import { counted, failed, ok, warning } from './row.ts';
import type { Row } from './row.ts';

const about = { check: 'configuration' } as const;

export function validRow(loaded: {
  readonly file?: string;
  readonly demo: boolean;
  readonly warnings: readonly string[];
}): Row {
  const { file, demo, warnings } = loaded;
  const where = demo
    ? 'valid; no file and no --argocd, so doctor checks the demo with its simulated Argo CD'
    : `valid, ${file === undefined ? 'without a file' : `from ${file}`}`;
  const details = { ...(file === undefined ? {} : { file }), demo, warnings };
  if (warnings.length === 0) return ok(about, where, details);
  return warning(
    about,
    `${where}; ${counted(warnings.length, 'warning')}`,
    warnings.map((text) => `${text}.`).join(' '),
    details,
  );
}

/** Settings that are valid, but that the person who runs Argo CD should know about. */
export function homeAssistantNotes(
  { enabled, install }: { readonly enabled: boolean; readonly install?: boolean | undefined },
  demo: boolean,
): readonly string[] {
  if (demo || !enabled || install !== true) return [];
  return [
    'homeAssistant.install is true: everybody who may use Home Assistant can release an application with a click on Install, and all of them with "Update all". Set it to false if you do not want that',
  ];
}

/** A row for each problem. */
export function invalidRows({ problems }: ConfigError): readonly Row[] {
  return problems.map(({ key, origin, value, message, remedy }) =>
    failed(about, `${key}${value === undefined ? '' : ` = ${value}`} (${origin}) ${message}`, remedy, {
      key,
      origin,
      message,
    }),
  );
}
