// The retained topics of the agent: `info`, its buttons and its LEDs.
import { agentInfo } from '../messages/agent.ts';
import { buttonState } from '../messages/button.ts';
import { ledState } from '../messages/led.ts';
import type { ClockState } from '../messages/presence.ts';
import { toTime } from '../messages/time.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Log } from '../service/log.ts';
import type { Button } from './button.ts';
import type { GpioDriver } from './drivers/driver.ts';
import { infoOf } from './info.ts';
import { patternInWords, type Shown } from './light.ts';
import type { AgentMetrics } from './metrics.ts';
import type { AgentConfig, AgentLink } from './options.ts';
import type { Presses } from './presses.ts';
import type { Unseen } from './unseen.ts';

export interface StateTopics {
  /** Publishes `info` now and every minute. */
  start(): void;
  button(button: Pick<Button, 'id' | 'condition'>): void;
  /** Publishes what the LED shows, where that has changed. */
  led(id: string, shown: Shown): void;
  stop(): void;
}

/** From the contract: `info` every minute. */
const infoEveryMs = 60_000;

export function createStateTopics(options: {
  readonly config: AgentConfig;
  readonly link: AgentLink;
  readonly driver: Pick<GpioDriver, 'name' | 'simulated'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<AgentMetrics, 'gap' | 'lightOffline'>;
  readonly presses: Pick<Presses, 'of'>;
  readonly unseen: Pick<Unseen, 'slept' | 'lastHour'>;
  readonly version: string;
  readonly host: string;
  readonly instance: string;
  readonly clockSynchronised: () => ClockState;
}): StateTopics {
  const { link, clock, log, metrics, presses, unseen } = options;
  const agent = options.config.id;
  const published = new Map<string, Shown>();
  let infoTimer: Timer | undefined;

  const publishInfo = () => {
    const sleptMs = unseen.slept();
    if (sleptMs > 0) metrics.gap(sleptMs);
    link.publish(agentInfo.at({ agent }), infoOf({ ...options, unseen: unseen.lastHour() }));
    infoTimer = clock.setTimeout(publishInfo, infoEveryMs);
  };

  return {
    start: publishInfo,
    button: ({ id, condition }) => {
      const { presses: count, droppedPresses, lastPressAt } = presses.of(id);
      link.publish(buttonState.at({ button: id }), {
        agent,
        ...condition,
        presses: count,
        droppedPresses,
        ...(lastPressAt === undefined ? {} : { lastPressAt }),
      });
    },
    led: (id, { pattern, because, signal }) => {
      const before = published.get(id);
      if (before?.pattern === pattern && before.because === because && before.signal === signal) return;
      published.set(id, { pattern, because, ...(signal === undefined ? {} : { signal }) });
      // The flash that acknowledges a press says nothing about the state of the button, so it is not logged. On a terminal,
      // these log lines are the light of the simulated driver.
      if (because !== 'acknowledge') {
        metrics.lightOffline(id, because === 'offline');
        log.info(
          { led: id, because },
          `LED ${id}: ${patternInWords({ pattern, because })} (${signal ?? because})`,
        );
      }
      link.publish(ledState.at({ led: id }), {
        agent,
        pattern,
        because,
        ...(signal === undefined ? {} : { signal }),
        at: toTime(clock.now()),
      });
    },
    stop: () => infoTimer?.cancel(),
  };
}
