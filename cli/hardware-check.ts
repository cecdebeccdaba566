// Runs the self-test of the GPIO agent on this terminal.
import { isatty } from 'node:tty';
import type { Config } from '../config/sections.ts';
import { runCheck } from '../gpio-agent/check/check.ts';
import { selectDriver } from '../gpio-agent/drivers/select.ts';
import { systemClock } from '../service/clock.ts';
import { silentLog } from '../service/log.ts';
import { ownVersion } from '../service/version.ts';
import { writeOut } from './output.ts';

/** Moves the cursor to the beginning of the line and clears the line (ECMA-48: CR, EL). */
const clearLine = '\r\u001B[2K';

/** The signals that interrupt the check. SIGHUP: the terminal or the connection to it was closed. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @throws HardwareError when no driver can be used */
export async function checkHardware(
  config: Pick<Config, 'agent'>,
  seconds: number,
  warnings: readonly string[],
): Promise<'well' | 'not well' | 'interrupted'> {
  const { agent } = config;
  const clock = systemClock();
  const isTerminal = isatty(1);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of signals) process.on(signal, onSignal);
  // If the output cannot be written (`| head`), the check stops in order, so that the LEDs go dark.
  const write = (text: string) => {
    if (!writeOut(text)) stop.abort();
  };
  try {
    const selected = await selectDriver({
      config: agent,
      clock,
      // The check prints what the driver would log.
      log: silentLog(),
      keyboard: { input: process.stdin, onInterrupt: onSignal },
    });
    for (const warning of warnings) write(`warning: ${warning}\n`);
    const well = await runCheck({
      ...selected,
      config: agent,
      version: ownVersion(),
      clock,
      seconds,
      signal: stop.signal,
      print: (line) => write(`${isTerminal ? clearLine : ''}${line}\n`),
      ...(isTerminal ? { progress: (line: string) => write(`${clearLine}${line}`) } : {}),
    });
    return stop.signal.aborted ? 'interrupted' : well ? 'well' : 'not well';
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}
