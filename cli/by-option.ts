// `--by`: who presses, freezes or rolls back. The default is user@host.
import { hostname, userInfo } from 'node:os';
import { Option, type Command } from 'commander';

/** The longest `by` that the contract allows, in characters. */
const byMax = 64;

export function addBy(command: Command): void {
  command.addOption(
    new Option('--by <name>', 'the name of the person who does this; nobody checks it').default(whoWeAre()),
  );
}

function whoWeAre(): string {
  let user = 'somebody';
  try {
    user = userInfo().username;
  } catch {
    // In a container the user may have no name.
  }
  return `${user}@${hostname()}`.slice(0, byMax);
}
