#!/usr/bin/env node
// `release-button <command>`: reads the command line and runs the command. Loads only what this command needs.
import { Command, CommanderError } from 'commander';
import { ownVersion } from '../service/version.ts';
import { exitCodeOf, exitCodesInWords, exitCodesOfProcess, say, usageError } from './exit.ts';
import { outliveTerminal } from './closed-terminal.ts';
import { lightLegend } from './light-legend.ts';
import { writeError, writeOut } from './output.ts';
import { unknownCommand } from './suggest.ts';
import { checks, commands, processes } from './commands.ts';

const program = new Command('release-button')
  .description(
    'A button that releases the applications that Argo CD reports as out of sync, and a light that shows how that ended.\n' +
      'Buttons, lights and the release worker communicate over MQTT. So presses can also come from mosquitto_pub, Home Assistant and others.',
  )
  .version(`release-button ${ownVersion()}`, '--version', 'print the version')
  .addHelpCommand(
    new Command('help')
      .argument('[command]')
      .description('show how a command is used')
      .helpOption(false)
      .helpGroup(checks),
  )
  .showSuggestionAfterError(true)
  .addHelpText(
    'after',
    `
First steps (two terminals):
  release-button start                 the demo: broker, simulated button and light, a simulated Argo CD
  release-button watch                 see presses, results, releases and lights as they happen
  release-button press                 press the button (or the space bar in the first terminal)
  release-button rollback              undo the release (or the key h in the first terminal), and freeze the button
  release-button unfreeze              allow presses again
  mosquitto_pub -t release-button/button/main/press -m press    press with Mosquitto's own client

To use your own Argo CD, copy config/release-button.example.yaml to config/release-button.yaml. Write into it which
applications the button releases. Set ARGOCD_SERVER and ARGOCD_AUTH_TOKEN. Then run \`release-button doctor\`, which
checks whether everything works, and \`release-button start\`. \`release-button config\` shows every setting and where
its value came from.

What the light means:
${lightLegend}

Exit codes:
${exitCodesInWords()}`,
  )
  .configureOutput({
    writeOut,
    writeErr: writeError,
    // Makes commander's errors look like our own.
    outputError: (text, write) => write(`release-button: ${text.replace(/^error: /, '')}`),
  })
  .exitOverride();

outliveTerminal();
try {
  const given = process.argv.slice(2);
  const [chosen, topic] = given.filter((argument) => !argument.startsWith('-'));
  const wanted = chosen === 'help' ? topic : chosen;
  for (const { name, summary, usage, group, load } of commands) {
    const command = program
      .command(`${name}${usage ?? ''}`)
      .summary(summary)
      .description(summary)
      .helpGroup(group);
    // Only the chosen command is loaded; the others are only listed.
    if (wanted !== name) continue;
    await (await load()).configure(command);
    if (group === processes) command.addHelpText('after', exitCodesOfProcess);
  }
  const names = commands.map(({ name }) => name);
  if (wanted !== undefined && wanted !== 'help' && !names.includes(wanted))
    program.error(unknownCommand(wanted, names), { exitCode: usageError });
  if (given.length === 0) {
    program.outputHelp();
    process.exitCode = usageError;
  } else await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : usageError;
  else {
    say(error);
    process.exitCode = exitCodeOf(error);
  }
}
