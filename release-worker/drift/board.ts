// Says what the buttons and the summary have to say: gathers, chooses, publishes when it has changed.
import { buttonSignal } from '../../messages/button.ts';
import type { ButtonSignal } from '../../messages/button.ts';
import { drift as driftChannel } from '../../messages/drift.ts';
import type { ReleaseOutcome } from '../../messages/release.ts';
import { toTime } from '../../messages/time.ts';
import type { Clock, Timer } from '../../service/clock.ts';
import type { Link } from '../../service/link/link.ts';
import type { Log } from '../../service/log.ts';
import type { AppRecord } from '../argocd/application.ts';
import { selects } from '../selection.ts';
import type { ButtonConfig } from '../selection.ts';
import type { ButtonShown } from '../metrics.ts';
import type { Freeze } from '../freeze/freeze.ts';
import type { Access } from './access.ts';
import { createDriftAges } from './ages.ts';
import type { Registry } from './registry.ts';
import { signalOf } from './signal.ts';
import type { SignalInput } from './signal.ts';
import { countDrift, driftState, summaryOf } from './summary.ts';
import type { Watch } from './watch.ts';

export interface Board {
  start(): void;
  stop(): void;
  /** Something has changed: looked at soon, together with what else changes. */
  changed(): void;
  /** A press was accepted: how the last release ended is no longer news. */
  accepted(button: string): void;
  finished(button: string, outcome: ReleaseOutcome): void;
}

export interface BoardOptions {
  readonly link: Link;
  readonly registry: Registry;
  readonly watch: Watch;
  readonly access: Access;
  readonly clock: Clock;
  readonly log: Log;
  readonly worker: string;
  readonly server: string;
  readonly buttons: readonly ButtonConfig[];
  readonly releasing: (button: string) => number;
  readonly freeze: Pick<Freeze, 'of' | 'ofAll'>;
  /** after each look, of each button */
  readonly onShown?: (shown: ButtonShown) => void;
}

/** Changes that come together are published together. In milliseconds. */
const gatherMs = 50;

export function createBoard(options: BoardOptions): Board {
  const { link, registry, watch, access, clock, log, buttons } = options;
  const said = new Map<string, string>();
  const ages = createDriftAges();
  const last = new Map<string, NonNullable<SignalInput['last']>>();
  let summarySaid = '';
  let state: string | undefined;
  let since = 0;
  let timer: Timer | undefined;
  let timerAt = Infinity;
  let running = false;

  const arm = (at: number) => {
    if (!running || at >= timerAt) return;
    timer?.cancel();
    timerAt = at;
    timer = clock.setTimeout(look, at - clock.monotonic());
  };

  const look = () => {
    timerAt = Infinity;
    const now = clock.monotonic();
    const freshUntil = watch.freshUntil();
    if (now >= freshUntil) watch.notFresh();
    const problem = watch.problem();
    let nextAt = Infinity;
    const apps = [...registry.all()];
    ages.look(apps, now);

    for (const button of buttons) {
      const selected = apps.filter((app) => selects(button.select, app));
      const drift = countDrift(selected, access.obstacleOf);
      const ended = last.get(button.id);
      const frozen = options.freeze.of(button.id);
      const choice = signalOf(
        {
          drift,
          freshUntil,
          releasing: options.releasing(button.id),
          ...(problem === undefined ? {} : { problem }),
          ...(ended === undefined ? {} : { last: ended }),
          ...(frozen === undefined ? {} : { frozen }),
        },
        now,
      );
      options.onShown?.({
        button: button.id,
        signal: choice.signal,
        drift,
        driftSince: ages.oldest(selected),
      });
      // A failure is shown until there is nothing left to release; then it is over for good.
      if (choice.signal === 'clear') last.delete(button.id);
      nextAt = Math.min(nextAt, choice.nextAt ?? Infinity);
      const message: Omit<ButtonSignal, 'at'> = {
        signal: choice.signal,
        worker: options.worker,
        outOfSync: drift.outOfSync,
        blocked: drift.blocked,
        ...(choice.reason === undefined ? {} : { reason: choice.reason }),
        ...(choice.until === undefined ? {} : { until: choice.until }),
      };
      const text = JSON.stringify(message);
      const before = said.get(button.id);
      if (before === text) continue;
      said.set(button.id, text);
      log.info(
        { button: button.id, signal: choice.signal, outOfSync: drift.outOfSync },
        `button ${button.id}: ${choice.signal}${choice.reason === undefined ? '' : ` (${choice.reason})`}`,
      );
      link.publish(buttonSignal.at({ button: button.id }), { ...message, at: toTime(clock.now()) });
    }
    publishSummary(apps, now < freshUntil);
    arm(nextAt);
  };

  const publishSummary = (apps: readonly AppRecord[], fresh: boolean) => {
    const counts = countDrift(apps, access.obstacleOf);
    const next = driftState(counts, fresh);
    if (next !== state) {
      state = next;
      since = clock.now();
    }
    const summary = summaryOf({
      apps,
      counts,
      fresh,
      since,
      now: clock.now(),
      server: options.server,
      simulated: watch.server()?.simulated ?? false,
      frozen: options.freeze.ofAll(),
    });
    const text = JSON.stringify({ ...summary, at: '' });
    if (text === summarySaid) return;
    summarySaid = text;
    link.publish(driftChannel.at({}), summary);
  };

  return {
    start: () => {
      running = true;
      // What we said of a button that is no longer ours would stay on the broker, and we would vouch for it.
      link.subscribe(buttonSignal.filter(), (message, { params }) => {
        if (message?.worker !== options.worker || buttons.some(({ id }) => id === params.button)) return;
        log.info(
          { button: params.button },
          `button ${params.button} is not configured any more: its signal is cleared`,
        );
        link.clear(buttonSignal.at({ button: params.button }));
      });
      look();
    },
    stop: () => {
      running = false;
      timer?.cancel();
      timerAt = Infinity;
    },
    changed: () => arm(clock.monotonic() + gatherMs),
    accepted: (button) => {
      last.delete(button);
      arm(clock.monotonic());
    },
    finished: (button, outcome) => {
      last.set(button, { outcome, at: clock.monotonic() });
      arm(clock.monotonic());
    },
  };
}
