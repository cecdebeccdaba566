// `release-button health`: shows the health status of a process on this machine. For people, and for container health checks.
import type { Command } from 'commander';
import * as z from 'zod/mini';
import { reachedAt } from '../../config/host.ts';
import { loadConfig } from '../../config/load.ts';
import { fromTime, timeSchema, toLocalTime } from '../../messages/time.ts';
import { messageOf } from '../../service/log.ts';
import { print, usageError } from '../exit.ts';
import { addConfigFlags } from '../flags.ts';
import { printable } from '../printable.ts';
import { healthPorts, processNamed, processNames } from '../processes.ts';
import { unknownProcess } from '../suggest.ts';

const timeoutMs = 5_000;
const unhealthy = 1;
const reportSchema = z.object({
  status: z.string(),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), since: z.string(), message: z.string() })),
});

export async function configure(command: Command): Promise<void> {
  const sections = ['health'] as const;
  command.addHelpText('after', `\nProcesses: start (default), ${processNames.slice(1).join(', ')}`);
  command.addHelpText(
    'after',
    '\nExit codes: 0 the process can do its work · 1 it cannot, or does not answer · 2 wrong usage or configuration',
  );
  const given = await addConfigFlags(command, sections);
  command.action(async (wanted: unknown) => {
    const name = processNamed(typeof wanted === 'string' ? wanted : 'start');
    if (name === undefined)
      return command.error(unknownProcess('there is no process', String(wanted), processNames), {
        exitCode: usageError,
      });
    const { config } = await loadConfig({ sections, ...given() });
    const { host, port = healthPorts[name] } = config.health;
    const url = `http://${reachedAt(host)}:${port}/healthz`;
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
      const { status, checks } = reportSchema.parse(await response.json());
      print(`${printable(status)} (${url})`);
      for (const [check, { ok, since, message }] of Object.entries(checks))
        print(`  ${ok ? '✓' : '✗'} ${printable(check)} since ${localTime(since)}: ${printable(message)}`);
      process.exitCode = response.ok ? 0 : unhealthy;
    } catch (error) {
      print(
        `no answer from ${url} (${messageOf(error)}). Is \`release-button ${name}\` running, with health.enabled and this health.port?`,
      );
      process.exitCode = unhealthy;
    }
    return undefined;
  });
}

/** Returns text that is not a time unchanged: any program may answer on that port. */
function localTime(since: string): string {
  const parsed = timeSchema.safeParse(since);
  return parsed.success ? toLocalTime(fromTime(parsed.data)) : printable(since);
}
