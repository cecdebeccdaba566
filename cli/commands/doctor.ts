// `release-button doctor`: checks everything that a release needs, and says how to repair each fault.
import { randomUUID } from 'node:crypto';
import { Option, type Command } from 'commander';
import { examine } from '../../doctor/doctor.ts';
import { reportOf } from '../../doctor/report.ts';
import { isWell, renderTable } from '../../doctor/table.ts';
import { systemClock } from '../../service/clock.ts';
import { ownVersion } from '../../service/version.ts';
import { print, usageError } from '../exit.ts';
import { addConfigFlags } from '../flags.ts';
import { loadExaminedProcess, examinableProcesses } from '../examined-process.ts';
import { processSections } from '../processes.ts';
import { unknownProcess } from '../suggest.ts';

const notWell = 1;
const usualWidth = 100;
/** Time to finish writing the output, in milliseconds. */
const graceMs = 500;

export async function configure(command: Command): Promise<void> {
  command
    .addOption(
      new Option('--json', 'print the result as one JSON object, for programs (docs/doctor-json.md)'),
    )
    .addOption(
      new Option(
        '--argocd',
        'as with `start`: without a configuration file, check the real Argo CD, not the demo',
      ),
    )
    .addHelpText('after', `\nProcesses: start (default), ${examinableProcesses.slice(1).join(', ')}`)
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing must be fixed · 1 something must be fixed (✗) · 2 wrong usage',
    );
  const given = await addConfigFlags(command, processSections.start);
  command.action(async (wanted: unknown) => {
    const name = examinableProcesses.find((known) => known === (wanted ?? 'start'));
    if (name === undefined)
      return command.error(
        unknownProcess('doctor cannot check the process', String(wanted), examinableProcesses),
        {
          exitCode: usageError,
        },
      );
    const clock = systemClock();
    const version = ownVersion();
    const real: unknown = command.getOptionValue('argocd');
    const options = given();
    const examined = await loadExaminedProcess(name, options, real === true);
    const rows = await examine(examined, {
      cwd: options.cwd,
      clock,
      random: Math.random,
      version,
      id: randomUUID().slice(0, 8),
    });
    const asJson: unknown = command.getOptionValue('json');
    const { isTTY, columns } = process.stdout;
    print(
      asJson === true
        ? JSON.stringify(reportOf(rows, { version, now: clock.now(), process: name }), null, 2)
        : renderTable(rows, {
            width: isTTY ? columns : usualWidth,
            colours: isTTY && process.env['NO_COLOR'] === undefined,
          }),
    );
    process.exitCode = isWell(rows) ? 0 : notWell;
    // A DNS lookup without an answer would keep the process alive long after the report.
    setTimeout(() => process.exit(), graceMs).unref();
    return undefined;
  });
}
