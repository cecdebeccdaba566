// `--worker`: chooses one of several workers on a topic prefix.
import { Option, type Command } from 'commander';
import { idPattern } from '../messages/ids.ts';
import { usageError } from './exit.ts';

export function addWorker(command: Command, about: string): void {
  command.addOption(new Option('--worker <id>', about));
}

/** The option's value. Ends the command if it is not an id. */
export function readWorker(command: Command): string | undefined {
  const worker: unknown = command.getOptionValue('worker');
  if (typeof worker !== 'string') return undefined;
  return idPattern.test(worker)
    ? worker
    : command.error(
        `--worker ${JSON.stringify(worker)}: an id has lower-case letters, digits, - and _ (worker.id)`,
        { exitCode: usageError },
      );
}
