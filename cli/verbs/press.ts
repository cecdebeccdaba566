// `release-button press [button]`: one press, and what came of it.
import { randomUUID } from 'node:crypto';
import { Option } from 'commander';
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { gestures, gestureSchema } from '../../messages/gesture.ts';
import { applicationKeySchema, idPattern } from '../../messages/ids.ts';
import { buttonPress, buttonResult } from '../../messages/press.ts';
import type { Press, PressResult } from '../../messages/press.ts';
import { silentLog } from '../../service/log.ts';
import { systemClock } from '../../service/clock.ts';
import { linkFromConfig, localBrokerUrl } from '../../service/link/from-config.ts';
import type { Link } from '../../service/link/link.ts';
import { print, usageError } from '../exit.ts';
import { addConfigFlags } from '../flags.ts';

/** How long an answer may take, in milliseconds. The agent waits as long. */
const answerMs = 5_000;
const exitCodes = { accepted: 0, armed: 0, rejected: 4, 'nothing-to-release': 5 } as const;
const noAnswer = 6;

export async function configure(command: Command): Promise<void> {
  command
    .addOption(new Option('--gesture <gesture>', 'what the finger does').choices(gestures).default('press'))
    .addOption(
      new Option('--only <ns/name...>', 'release only these applications of the button (may be repeated)'),
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 accepted · 4 rejected · 5 nothing to release · 6 no answer within 5 s',
    );
  const sections = ['mqtt'] as const;
  const given = await addConfigFlags(command, sections);

  command.action(async (button: unknown) => {
    const id = typeof button === 'string' ? button : 'main';
    const only: unknown = command.getOptionValue('only');
    const names = Array.isArray(only) ? only.map(String) : undefined;
    const wrong = names?.find((name) => !applicationKeySchema.safeParse(name).success);
    if (!idPattern.test(id))
      return command.error(`${JSON.stringify(id)} is no id of a button`, { exitCode: usageError });
    if (wrong !== undefined)
      return command.error(`--only ${wrong}: must be <namespace>/<name>`, { exitCode: usageError });

    const { config } = await loadConfig({ sections, cwd: process.cwd(), env: process.env, ...given() });
    const gesture = gestureSchema.parse(command.getOptionValue('gesture'));
    const clock = systemClock();
    const pressId = randomUUID();
    const link = linkFromConfig(
      { mqtt: config.mqtt, role: 'press', id: pressId.slice(0, 8) },
      { clock, log: silentLog(), random: Math.random },
    );
    const press: Press = {
      id: pressId,
      source: 'cli',
      gesture,
      ...(names === undefined ? {} : { only: names }),
    };
    try {
      const result = await pressOnce(link, id, press, config.mqtt.url ?? localBrokerUrl);
      print(typeof result === 'string' ? result : `${result.outcome}: ${result.message}`);
      process.exitCode = typeof result === 'string' ? noAnswer : exitCodes[result.outcome];
    } finally {
      await link.stop();
    }
    return undefined;
  });
}

/** The result, or a sentence on why there is none. */
function pressOnce(link: Link, button: string, press: Press, url: string): Promise<PressResult | string> {
  return new Promise((resolve) => {
    const finish = (outcome: PressResult | string) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const timer = setTimeout(
      () =>
        finish(
          link.state.state === 'connected'
            ? `no answer within ${answerMs / 1_000} s: is the release worker running, with this broker (${url})? A worker that is only slow may still carry the press on button ${button} out`
            : `no answer: ${link.state.message}`,
        ),
      answerMs,
    );
    link.subscribe(buttonResult.filter({ button }), (result) => {
      if (result === undefined || result.pressId !== press.id) return;
      finish(result);
    });
    const forget = link.onState((state) => {
      if (state.state !== 'connected') return;
      // Once: after a reconnect the same press would be answered as a duplicate of itself.
      forget();
      void link
        .subscribed()
        .then(() => link.publishNow(buttonPress.at({ button }), press))
        .then((outcome) => {
          if (outcome !== 'acknowledged') finish(`the broker at ${url} did not take the press: ${outcome}`);
        });
    });
    link.start();
  });
}
