// Foreign buttons: subscribes to their topics, and passes their presses to the intake, where the same rules apply.
import { text } from '../../messages/codec.ts';
import type { ForeignPress } from '../../messages/foreign-presses.ts';
import { triggerInWords, triggerOf } from '../../messages/foreign-presses.ts';
import { foreignFilter } from '../../messages/foreign.ts';
import type { Gesture } from '../../messages/gesture.ts';
import type { Press } from '../../messages/press.ts';
import type { Clock } from '../../service/clock.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import { forgetBaseline, hear } from './foreign-hearing.ts';
import type { Heard, TriggerState } from './foreign-hearing.ts';

type Entry = ForeignPress & { readonly button: string; readonly gesture: Gesture };

/** A retained message is no new press. Brokers that send it anyway (MQTT 3.1.1) mark it as retained. */
const liveOnly = { withoutRetained: true };
/** Shortest time between two log lines at level info about messages that are no press, in milliseconds. */
const infoEveryMs = 10_000;
/** Longest `source` of a press, in characters. Source: the contract, "Press". */
const sourceLength = 64;

/** Subscribes. Returns a function that stops. */
export function takeForeignPresses(options: {
  readonly presses: readonly Entry[];
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Log;
  readonly take: (button: string, press: Press) => void;
}): () => void {
  const { link, clock, log } = options;
  const forgetting: (() => void)[] = [];
  let running = true;

  const listen = (entry: Entry) => {
    const { button, gesture } = entry;
    const trigger = triggerOf(entry);
    const source = sourceOf(entry, trigger.topic);
    const about = { button, topic: trigger.topic };
    let state: TriggerState = {};
    let infoAt = -Infinity;
    const logNone = (why: Heard['why']) => {
      const now = clock.monotonic();
      // Somebody may have pressed and be waiting for something to happen.
      const isInfo = why === 'baseline' && now - infoAt >= infoEveryMs;
      if (isInfo) infoAt = now;
      log[isInfo ? 'info' : 'debug'](about, `no press on ${trigger.topic}: ${inWords(why)}`);
    };
    forgetting.push(() => {
      state = forgetBaseline(state);
    });
    log.info(about, `presses on ${triggerInWords(trigger)} press button ${button} (gesture ${gesture})`);

    link.subscribeRaw(
      foreignFilter(trigger.topic, text()),
      (decoded, { retained }) => {
        if (!running || decoded === undefined) return;
        if (retained || !decoded.ok) {
          log.debug(
            about,
            `no press on ${trigger.topic}: ${decoded.ok ? 'a retained message' : decoded.error}`,
          );
          return;
        }
        const reading = hear(trigger, state, decoded.value, clock.monotonic());
        state = reading.state;
        if (reading.press) options.take(button, { gesture, source });
        else logNone(reading.why);
      },
      liveOnly,
    );
    const { away } = trigger;
    if (away === undefined) return;
    link.subscribe(
      foreignFilter(away.topic, text()),
      (message, { retained }) => {
        if (!retained && message?.trim() === away.text) state = forgetBaseline(state);
      },
      liveOnly,
    );
  };

  for (const entry of options.presses) listen(entry);
  // The first message after a lost connection may describe a press from before.
  const stopListening = link.onState(() => {
    for (const forget of forgetting) forget();
  });
  return () => {
    running = false;
    stopListening();
  };
}

function sourceOf({ preset, device, base }: Entry, topic: string): string {
  const name = preset === undefined ? topic : `${base ?? preset}/${device ?? ''}`;
  return name.slice(0, sourceLength);
}

function inWords(why: Heard['why']): string {
  switch (why) {
    case 'baseline':
      return 'the first message since the connection or the device was lost only shows the current state; press again';
    case 'repeated':
      return 'it repeats the previous state';
    case 'twice':
      return 'the same message came within the last second';
    case 'other':
    case undefined:
      return 'the message means something else';
  }
}
