// `release-button gpio-agent`: buttons and lights only, on the machine that has the pins. --check runs the self-test.
// --lights-off switches the lights off after an agent that could not do so itself.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { agentPart } from '../../gpio-agent/main.ts';
import { hardwareFault, interrupted } from '../exit.ts';
import { addConfigFlags } from '../flags.ts';
import { processSections } from '../processes.ts';
import { run } from '../run.ts';

/** Long enough to walk to the button. */
const defaultSeconds = 20;
const secondsMax = 3600;

export async function configure(command: Command): Promise<void> {
  const sections = processSections['gpio-agent'];
  command.addOption(
    new Option(
      '--check [seconds]',
      'test the wiring and end: show board, driver and lines, blink each LED, and wait so many seconds for each button',
    )
      .argParser(secondsOf)
      .preset(String(defaultSeconds)),
  );
  command.addOption(
    new Option(
      '--lights-off',
      'switch the LEDs off and end; for after an agent was killed, since its lights stay as they were. Not while an agent runs',
    ).conflicts('check'),
  );
  const given = await addConfigFlags(command, sections);
  command.action(async () => {
    const lightsOff: unknown = command.getOptionValue('lightsOff');
    if (lightsOff === true) {
      // Only the section `agent`: the pins need no password of a broker, for example.
      const { config } = await loadConfig({
        sections: ['agent'],
        ...given(),
      });
      const { switchLightsOff } = await import('../lights-off.ts');
      if (!(await switchLightsOff(config))) process.exitCode = hardwareFault;
      return;
    }
    const { config, ...about } = await loadConfig({
      sections,
      ...given(),
    });
    const seconds: unknown = command.getOptionValue('check');
    if (typeof seconds === 'number') {
      const { checkHardware } = await import('../hardware-check.ts');
      const outcome = await checkHardware(config, seconds, about.warnings);
      process.exitCode = outcome === 'well' ? 0 : outcome === 'interrupted' ? interrupted : hardwareFault;
      return;
    }
    await run({
      name: 'gpio-agent',
      config,
      ...about,
      parts: (context) => [agentPart({ config }, context)],
    });
  });
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > secondsMax)
    throw new InvalidArgumentError(`It takes a whole number of seconds from 1 to ${secondsMax}.`);
  return seconds;
}
