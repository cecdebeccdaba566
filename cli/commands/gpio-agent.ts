// `release-button gpio-agent`: runs only the agent, on the machine that has the pins. --check runs the self-test. --lights-off
// switches the lights off after an agent that was killed and so could not do this itself.
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
      `test the wiring, then end: show the board, the driver and the lines, blink each LED, and wait this many seconds for each button (${defaultSeconds} without a number)`,
    ).argParser(secondsOf),
  );
  command.addOption(
    new Option(
      '--lights-off',
      'switch all LEDs off, then end; for LEDs that stayed on because the agent was killed. Do not use it while an agent runs',
    ).conflicts('check'),
  );
  const given = await addConfigFlags(command, sections);
  command.action(async () => {
    const lightsOff: unknown = command.getOptionValue('lightsOff');
    if (lightsOff === true) {
      // Only the section `agent`: a missing password of the broker, for example, must not keep the lights on.
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
    const check: unknown = command.getOptionValue('check');
    const seconds = check === true ? defaultSeconds : check;
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
    throw new InvalidArgumentError(`Give a whole number of seconds from 1 to ${secondsMax}.`);
  return seconds;
}
