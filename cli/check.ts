// The self-test of the GPIO agent on this terminal.
import type { Config } from '../config/sections.ts';
import { runCheck } from '../gpio-agent/check/check.ts';
import { selectDriver } from '../gpio-agent/drivers/select.ts';
import { systemClock } from '../service/clock.ts';
import { silentLog } from '../service/log.ts';
import { ownVersion } from '../service/version.ts';

/** Takes the cursor to the beginning of the line and clears it (ECMA-48: CR, EL). */
const clearLine = '\r\u001B[2K';

/** The last one: the terminal, or the connection to it, is gone. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @throws HardwareError when no driver can be used */
export async function checkHardware(
  config: Pick<Config, 'agent'>,
  seconds: number,
): Promise<'well' | 'not well' | 'interrupted'> {
  const { agent } = config;
  const clock = systemClock();
  const isTerminal = process.stdout.isTTY;
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of signals) process.on(signal, onSignal);
  // Where the reader has gone (`| head`) the process must not end before the LEDs are dark.
  process.stdout.removeAllListeners('error').on('error', onSignal);
  try {
    const selected = await selectDriver({
      config: agent,
      clock,
      // What it would log is printed.
      log: silentLog(),
      keyboard: { input: process.stdin, onInterrupt: onSignal },
    });
    const well = await runCheck({
      ...selected,
      config: agent,
      version: ownVersion(),
      clock,
      seconds,
      signal: stop.signal,
      print: (line) => process.stdout.write(`${isTerminal ? clearLine : ''}${line}\n`),
      ...(isTerminal ? { progress: (line: string) => process.stdout.write(`${clearLine}${line}`) } : {}),
    });
    return stop.signal.aborted ? 'interrupted' : well ? 'well' : 'not well';
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}
