#!/usr/bin/env node
// `release-button <command>`. Loads only what the command needs.
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
    'A button that releases what Argo CD says is out of sync, and a light that says how it went.\n' +
      'Buttons, lights and the release worker talk over MQTT; presses also come from mosquitto_pub, Home Assistant and others.',
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
  release-button rollback              take back what was released (or the key h); then release-button unfreeze
  mosquitto_pub -t release-button/button/main/press -m press

With your Argo CD: copy config/release-button.example.yaml to config/release-button.yaml, say which applications
the button releases, set ARGOCD_SERVER and ARGOCD_AUTH_TOKEN, and start. \`release-button config\` shows every setting
in force and where it came from, \`release-button doctor\` whether everything works.

What the light says:
${lightLegend}

Exit codes:
${exitCodesInWords()}`,
  )
  .configureOutput({
    writeOut,
    writeErr: writeError,
    // Commander's errors look like our own.
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
