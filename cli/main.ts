#!/usr/bin/env node
// The one command, `release-button <verb>`. Loads only what the verb needs.
import { Command, CommanderError } from 'commander';
import { ownVersion } from '../service/version.ts';
import { exitCodeOf, say, usageError } from './exit.ts';
import { outliveTerminal } from './gone-terminal.ts';
import { writeError, writeOut } from './output.ts';
import { verbs } from './verbs.ts';

const program = new Command('release-button')
  .description(
    'A button that releases what Argo CD says is out of sync, and a light that says how it went.\n' +
      'Buttons, lights and the release worker talk over MQTT; presses also come from mosquitto_pub, Home Assistant and others.',
  )
  .version(`release-button ${ownVersion()}`, '--version', 'print the version')
  .helpCommand('help [verb]', 'show how a verb is used')
  .showSuggestionAfterError(true)
  .addHelpText(
    'after',
    `
First steps (two terminals):
  release-button start                 the demo: broker, simulated button and light, a simulated Argo CD
  release-button watch                 see presses, results, releases and lights as they happen
  release-button press                 press the button (or the space bar in the first terminal)
  mosquitto_pub -t release-button/button/main/press -m press

With your Argo CD: copy config/release-button.example.yaml to config/release-button.yaml, say which applications
the button releases, set ARGOCD_SERVER and ARGOCD_AUTH_TOKEN, and start. \`release-button config\` shows what is
in force and where each value came from, \`release-button doctor\` whether everything works.

What the light says: off, nothing to release · on, something to release · slow pulse, releasing ·
two flashes, released · SOS, the release failed · short blip, drift that may not be released now ·
heartbeat, Argo CD is not known · double blink, no broker or no worker · triple blink, hardware fault

Exit codes: 0 fine · 1 unexpected, or doctor or health found a fault · 2 configuration or usage · 3 a port, the
hardware or the state directory cannot be opened, or --check found a fault · press, rollback: 4 rejected, 5 nothing to
release or undo, 6 no answer · freeze, unfreeze, terminate: 4 refused, 6 no answer`,
  )
  .configureOutput({ writeOut, writeErr: writeError })
  .exitOverride();

outliveTerminal();
try {
  const chosen = process.argv.slice(2).find((argument) => !argument.startsWith('-'));
  for (const { name, summary, usage, load } of verbs) {
    const command = program
      .command(`${name}${usage ?? ''}`)
      .summary(summary)
      .description(summary);
    // Only the chosen verb is loaded; the others just stand in the list.
    const wanted = chosen === 'help' ? process.argv.includes(name) : chosen === name;
    if (wanted) await (await load()).configure(command);
  }
  if (process.argv.length <= 2) {
    program.outputHelp();
    process.exitCode = 2;
  } else await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : usageError;
  else {
    say(error);
    process.exitCode = exitCodeOf(error);
  }
}
