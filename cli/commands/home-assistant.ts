// `release-button home-assistant`: announces agents, workers and applications to Home Assistant. `clean` removes the
// announcements.
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { clean } from '../../home-assistant/clean.ts';
import { homeAssistantPart } from '../../home-assistant/main.ts';
import { createAnnouncedFile } from '../../home-assistant/announced-file.ts';
import { systemClock } from '../../service/clock.ts';
import { silentLog } from '../../service/log.ts';
import { answerMs, whenConnected, whyNobody, withBroker } from '../ask.ts';
import { noAnswer, print, refused, usageError } from '../exit.ts';
import { addConfigFlags } from '../flags.ts';
import { processSections } from '../processes.ts';
import { run } from '../run.ts';

export async function configure(command: Command): Promise<void> {
  command.addHelpText(
    'after',
    `
\`home-assistant clean\` removes every device that was announced for this mqtt.topicPrefix. It removes the device from the
broker, and so from Home Assistant. First stop the process that announces the devices: \`home-assistant\`, or \`start\` with
homeAssistant.enabled.

Exit codes of clean: 0 done · ${usageError} wrong usage or configuration · ${refused} the broker kept a device · ${noAnswer} no broker within ${answerMs / 1_000} s`,
  );
  const sections = processSections['home-assistant'];
  const given = await addConfigFlags(command, sections);
  command.action(async (action: string | undefined) => {
    if (action !== undefined && action !== 'clean')
      return command.error(
        `unknown action ${JSON.stringify(action)}: use \`home-assistant\` to announce, or \`home-assistant clean\` to remove what was announced`,
        { exitCode: usageError },
      );
    const { config, ...about } = await loadConfig({
      sections,
      ...given(),
    });
    if (action === 'clean') {
      process.exitCode = await takeAway(config);
      return undefined;
    }
    await run({
      name: 'home-assistant',
      config,
      ...about,
      parts: (context) => [homeAssistantPart({ config }, context)],
    });
    return undefined;
  });
}

type Loaded = Awaited<ReturnType<typeof loadConfig<(typeof processSections)['home-assistant'][number]>>>;

/** @returns the exit code */
function takeAway({ mqtt, homeAssistant }: Loaded['config']): Promise<number> {
  return withBroker(mqtt, 'home-assistant-clean', async (broker) => {
    const connected = new Promise<boolean>((resolve) => {
      const overdue = setTimeout(() => resolve(false), answerMs);
      whenConnected(broker.link, () => {
        clearTimeout(overdue);
        resolve(true);
      });
    });
    broker.link.start();
    if (!(await connected)) {
      print(whyNobody(broker, ''));
      return noAnswer;
    }
    const file = createAnnouncedFile(homeAssistant.stateDir, mqtt.topicPrefix, silentLog());
    const announced = await file.read();
    const { cleared, left } = await clean({
      link: broker.link,
      prefix: mqtt.topicPrefix,
      discoveryPrefix: homeAssistant.discoveryPrefix,
      announcedBefore: announced.devices.keys(),
      clock: systemClock(),
    });
    for (const id of cleared) announced.devices.delete(id);
    if (cleared.length > 0) file.write(announced);
    await file.settled();
    for (const id of cleared) print(`removed: ${id}`);
    if (left.length > 0) {
      print(
        `the broker at ${broker.url} has kept ${left.join(', ')}. Check that this MQTT user may publish below ${homeAssistant.discoveryPrefix}/device/`,
      );
      return refused;
    }
    if (cleared.length === 0)
      print(`nothing was announced for ${mqtt.topicPrefix} below ${homeAssistant.discoveryPrefix}/device/`);
    return 0;
  });
}
