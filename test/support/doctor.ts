// Runs `release-button doctor` as a process, parses its report, and starts servers for it to examine.
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer } from 'node:net';
import { expect } from 'vitest';
import * as z from 'zod/mini';
import { listenForTest } from './listening.ts';
import type { Workplace } from './processes.ts';
import { controlOf, worldOf } from './argocd-control.ts';

/** The report that docs/doctor-json.md describes. */
const reportSchema = z.strictObject({
  version: z.string(),
  at: z.iso.datetime(),
  process: z.enum(['start', 'release-worker', 'gpio-agent']),
  ok: z.boolean(),
  checks: z.array(
    z.strictObject({
      check: z.enum([
        'configuration',
        'broker',
        'process',
        'freeze',
        'argocd',
        'account',
        'applications',
        'control-plane',
        'button',
        'release',
        'clock',
        'state',
      ]),
      subject: z.exactOptional(z.string()),
      status: z.enum(['ok', 'warning', 'failed', 'skipped']),
      found: z.string(),
      remedy: z.exactOptional(z.string()),
      details: z.exactOptional(z.record(z.string(), z.unknown())),
    }),
  ),
});

export const token = `e30.${Buffer.from('{"sub":"button"}').toString('base64url')}.c2VjcmV0LXNpZ25hdHVyZS1vZi1h`;
export const password = 'correct-horse-battery-staple';

export type Env = Readonly<Record<string, string>>;

export async function doctor(workplace: Workplace, env: Env, args: readonly string[] = ['release-worker']) {
  const running = workplace.start(['doctor', ...args, '--json'], env);
  const { code } = await running.exited;
  const output = running.output();
  const report = reportSchema.parse(JSON.parse(output));
  // These statements hold for every report.
  expect(code).toBe(report.ok ? 0 : 1);
  expect(report.ok).toBe(report.checks.every(({ status }) => status !== 'failed'));
  for (const { status, remedy } of report.checks)
    expect(remedy !== undefined).toBe(status === 'failed' || status === 'warning');
  expect(output).not.toContain(token);
  expect(output).not.toContain(password);
  return {
    output,
    row: (check: string, subject?: string) => {
      const row = report.checks.find((each) => each.check === check && each.subject === subject);
      if (row === undefined) throw new Error(`no row ${check} ${subject ?? ''} in ${output}`);
      return row;
    },
    failures: report.checks
      .filter(({ status }) => status === 'failed')
      .map(({ check, subject }) => (subject === undefined ? check : `${check} ${subject}`)),
    report,
  };
}

export async function startBroker(workplace: Workplace): Promise<string> {
  return workplace.start(['broker']).untilListening((line) => line['part'] === 'broker');
}

export async function startArgoCd(workplace: Workplace, world: object = worldWithToken()) {
  const control = await controlOf(workplace.startArgoCd());
  await control.post('world', world);
  return control;
}

export function worldWithToken(overrides: object = {}): object {
  const world = worldOf([{ name: 'shop' }, { name: 'blog' }]);
  return { ...z.looseObject({}).parse(world), tokens: [{ token, account: 'button' }], ...overrides };
}

export function environment(mqttUrl: string, server: string, extraEnv: Env = {}): Env {
  return {
    RELEASE_BUTTON_MQTT_URL: mqttUrl,
    ARGOCD_SERVER: server,
    ARGOCD_AUTH_TOKEN: token,
    RELEASE_BUTTON_WORKER_BUTTONS: '[{"id":"main","select":{"all":true}}]',
    ...extraEnv,
  };
}

export const serve = (answer: RequestListener) => listenForTest(createHttpServer(answer));
/** Accepts connections and never answers. */
export const listenSilently = () => listenForTest(createServer());
