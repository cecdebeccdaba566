// An intake on a fake link and a hand-moved clock, with a decision that the test supplies.
import { keyOf } from '../../../release-worker/argocd/application.ts';
import type { Claims } from '../../../release-worker/claims.ts';
import { createIntake, type IntakeOptions } from '../../../release-worker/presses/intake.ts';
import type { Decision } from '../../../release-worker/presses/decision.ts';
import { createPressHistory } from '../../../release-worker/presses/press-history.ts';
import type { JournalLine } from '../../../release-worker/releases/journal-lines.ts';
import type { Journal } from '../../../release-worker/releases/journal.ts';
import type { PlannedApp, PlannedRelease } from '../../../release-worker/releases/release.ts';
import type { ButtonConfig } from '../../../release-worker/buttons.ts';
import type { Clock } from '../../../service/clock.ts';
import type { Link } from '../../../service/link/link.ts';
import { silentLog } from '../../../service/log.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { button } from './buttons.ts';
import { createFakeLink } from './fake-link.ts';
import { newCommit, oldCommit } from './records.ts';

const planned: PlannedApp = {
  namespace: 'argocd',
  name: 'shop',
  project: 'default',
  from: oldCommit,
  to: newCommit,
  sources: 1,
  automated: false,
};

export const accepting: Decision = {
  outcome: 'accepted',
  message: 'releasing argocd/shop',
  apps: [planned],
};

/** Releases what a press names unless an earlier press has taken it; a plain press releases the given applications. */
export function acceptingOf(all: readonly string[] = ['argocd/shop']): IntakeOptions['decide'] {
  return (_, __, only = all, taken) => {
    const keys = only.filter((key) => !taken.has(key));
    if (keys.length === 0)
      return Promise.resolve({ outcome: 'rejected', reason: 'in-progress', message: 'being released' });
    return Promise.resolve({
      outcome: 'accepted',
      message: `releasing ${keys.join(', ')}`,
      apps: keys.map((key) => {
        const [namespace = '', name = ''] = key.split('/');
        return { ...planned, namespace, name };
      }),
    });
  };
}

export interface MemoryJournal extends Journal {
  readonly lines: JournalLine[];
}

/** Writes nothing to a disk; other tests use the real journal. */
export function memoryJournal(): MemoryJournal {
  const lines: JournalLine[] = [];
  return {
    lines,
    open: () => Promise.resolve(),
    append: (line) => {
      lines.push(line);
      return Promise.resolve();
    },
    tryOut: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

export function takingIn(
  options: {
    readonly buttons?: readonly ButtonConfig[];
    readonly journal?: Journal;
    readonly decide?: IntakeOptions['decide'];
    readonly mayAct?: () => boolean;
    readonly answers?: IntakeOptions['claims']['answers'];
    readonly claimedTwice?: (button: string) => string | undefined;
    /** The real ones, in place of the two above */
    readonly claimsOf?: (link: Link, clock: Clock) => Claims;
    readonly maxPressesPerMinute?: number;
    readonly maxPressAgeMs?: number;
    readonly formerNow?: () => number | undefined;
    readonly frozen?: IntakeOptions['frozen'];
    readonly onRelease?: (release: PlannedRelease) => void;
  } = {},
) {
  const clock = createFakeClock();
  const fake = createFakeLink();
  const released: PlannedRelease[] = [];
  const counted: string[] = [];
  const refreshed: string[] = [];
  const journal = options.journal ?? memoryJournal();
  const claims = options.claimsOf?.(fake.link, clock);
  claims?.start();
  const intake = createIntake({
    link: fake.link,
    journal,
    history: createPressHistory(clock),
    clock,
    log: silentLog(),
    worker: {
      maxPressAgeMs: options.maxPressAgeMs ?? 10_000,
      maxPressesPerMinute: options.maxPressesPerMinute ?? 60,
    },
    buttons: new Map((options.buttons ?? [button()]).map((one) => [one.id, one])),
    claims: claims ?? {
      answers: options.answers ?? (() => true),
      claimedTwice: options.claimedTwice ?? (() => undefined),
    },
    mayAct: options.mayAct ?? (() => true),
    heldMs: () => 0,
    formerNow: options.formerNow ?? (() => undefined),
    decide: options.decide ?? (() => Promise.resolve(accepting)),
    release: (release) => {
      released.push(release);
      options.onRelease?.(release);
    },
    frozen: options.frozen ?? (() => undefined),
    refresh: (apps) => void refreshed.push(...apps.map(keyOf)),
    count: (id, outcome, reason) => void counted.push(`${id} ${reason ?? outcome}`),
  });
  intake.start();
  return {
    clock,
    fake,
    intake,
    journal,
    released,
    counted,
    refreshed,
    press: (
      payload: unknown = 'press',
      about: { readonly retained?: boolean; readonly button?: string } = {},
    ) => fake.deliver(`button/${about.button ?? 'main'}/press`, payload, about),
    results: (id = 'main') => fake.on(`button/${id}/result`),
  };
}
