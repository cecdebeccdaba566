import { mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Decision } from '../../../release-worker/presses/decision.ts';
import type { JournalLine } from '../../../release-worker/releases/journal-lines.ts';
import { createJournal, type Journal } from '../../../release-worker/releases/journal.ts';
import { createRecovery } from '../../../release-worker/releases/recovery.ts';
import { silentLog } from '../../../service/log.ts';
import { until } from '../../support/wait.ts';
import { button } from '../support/buttons.ts';
import { accepting, memoryJournal, takingIn } from '../support/intake.ts';
import { passTime, settle } from '../support/settle.ts';

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'release-button-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

async function journalIn(stateDir: string): Promise<Journal> {
  const journal = createJournal({ stateDir, log: silentLog() });
  await journal.open(() => {});
  onTestFinished(() => journal.close());
  return journal;
}

function linesIn(stateDir: string): readonly { type: string }[] {
  return readFileSync(join(stateDir, 'journal.jsonl'), 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map((text): { type: string } => JSON.parse(text));
}

describe('an accepted press', () => {
  it('is on disk before its result is published, and its result before the release', async () => {
    const stateDir = directory();
    const seen: { at: string; lines: number; results: number }[] = [];
    const taken = takingIn({
      journal: await journalIn(stateDir),
      onRelease: () => {
        seen.push({ at: 'release', lines: linesIn(stateDir).length, results: taken.results().length });
      },
    });
    const publish = taken.fake.link.publishAcknowledged;
    Object.assign(taken.fake.link, {
      publishAcknowledged: (...parameters: Parameters<typeof publish>) => {
        seen.push({ at: 'result', lines: linesIn(stateDir).length, results: taken.results().length });
        return publish(...parameters);
      },
    });
    taken.press({ id: 'p1', source: 'desk' });
    await until('the release', () => seen.some(({ at }) => at === 'release'));

    expect(seen).toEqual([
      { at: 'result', lines: 1, results: 0 },
      { at: 'release', lines: 1, results: 1 },
    ]);
    await until('the note of the answer', () => linesIn(stateDir).length === 2);
    expect(linesIn(stateDir)).toMatchObject([
      { type: 'press', pressId: 'p1', outcome: 'accepted', source: 'desk', release: taken.released[0] },
      { type: 'answered', pressId: 'p1' },
    ]);
    expect(taken.results()).toMatchObject([
      { pressId: 'p1', outcome: 'accepted', releaseId: taken.released[0]?.id, applications: 1 },
    ]);
  });

  it('is released even if nobody acknowledges its result', async () => {
    const journal = memoryJournal();
    const { fake, press, released } = takingIn({ journal });
    fake.acknowledges = false;
    press();
    await settle();
    expect(released.length).toBe(1);
    expect(journal.lines.map(({ type }) => type)).toEqual(['press']);
  });

  it('uses the settings of its button', async () => {
    const { press, released } = takingIn();
    press();
    await settle();
    expect(released[0]).toMatchObject({
      button: 'main',
      source: 'mqtt',
      settings: { refresh: 'normal', pinRevision: true, prune: false },
    });
  });
});

describe('if the journal cannot be written', () => {
  it('nothing is released and the result says so, until there is space again', async () => {
    const stateDir = directory();
    const path = join(stateDir, 'journal.jsonl');
    symlinkSync('/dev/full', path);
    const journal = await journalIn(stateDir);
    const { clock, press, released, results } = takingIn({ journal });
    press({ id: 'p1' });
    await until('the result', () => results().length === 1);

    expect(results()).toMatchObject([{ pressId: 'p1', outcome: 'rejected', reason: 'journal-unwritable' }]);
    expect(JSON.stringify(results())).toContain('worker.stateDir');
    expect(JSON.stringify(results())).toContain('ENOSPC');
    expect(released).toEqual([]);

    await journal.close();
    unlinkSync(path);
    await journal.open(() => {});
    clock.advance(1);
    press({ id: 'p2' });
    await until('the release', () => released.length === 1);
  });

  it('no release is left for the next start, even if its line is in the file', async () => {
    const written: JournalLine[] = [];
    const { press, released } = takingIn({
      journal: {
        ...memoryJournal(),
        append: (line, { flush }) => {
          written.push(line);
          return flush ? Promise.reject(new Error('EIO: i/o error, fdatasync')) : Promise.resolve();
        },
      },
    });
    press({ id: 'p1' });
    await settle();
    const recovery = createRecovery(10);
    for (const line of written) recovery.add(line);

    expect(released).toEqual([]);
    expect(written[0]).toMatchObject({ type: 'press', outcome: 'accepted' });
    expect(recovery.result()).toMatchObject({ unfinished: [], unanswered: [] });
  });

  it('a press that is not accepted keeps its own reason', async () => {
    const stateDir = directory();
    symlinkSync('/dev/full', join(stateDir, 'journal.jsonl'));
    const { press, results } = takingIn({
      journal: await journalIn(stateDir),
      decide: () => Promise.resolve({ outcome: 'nothing-to-release', message: 'all in sync' }),
    });
    press();
    await until('the result', () => results().length === 1);
    expect(results()).toMatchObject([{ outcome: 'nothing-to-release' }]);
  });
});

it('counts the cool-down to the arrival of a press, even if the answer before it takes long', async () => {
  const { clock, fake, press, results, released } = takingIn();
  const publish = fake.link.publishAcknowledged;
  Object.assign(fake.link, {
    publishAcknowledged: async (...parameters: Parameters<typeof publish>) => {
      const acknowledged = await publish(...parameters);
      await new Promise<void>((resolve) => void clock.setTimeout(resolve, 2_000));
      return acknowledged;
    },
  });
  press();
  await settle();
  clock.advance(300);
  press();
  for (let round = 0; round < 3; round += 1) {
    clock.advance(2_000);
    await settle();
  }
  expect(results()).toMatchObject([{ outcome: 'accepted' }, { reason: 'cool-down' }]);
  expect(released.length).toBe(1);
});

describe('after a step of the clock', () => {
  const at = (ms: number) => ({ at: new Date(ms).toISOString() });

  it('while a press waits for its turn, its age is counted from its arrival', async () => {
    const { clock, press, results } = takingIn({
      decide: () => new Promise((resolve) => void clock.setTimeout(() => resolve({ ...accepting }), 3_000)),
      buttons: [button({ coolDownMs: 0 })],
    });
    press();
    press(at(clock.now() - 6_000));
    press(at(clock.now() - 8_000));
    await settle();
    clock.jump(3_600_000);
    await passTime(clock, 9_000);
    expect(results()).toMatchObject([{ outcome: 'accepted' }, { outcome: 'accepted' }, { reason: 'stale' }]);
  });

  it('a press that is recent by the clock before the step counts, and one that was old then does not', async () => {
    const formerMs = -3_600_000;
    const taken = takingIn({
      formerNow: () => taken.clock.now() + formerMs,
      buttons: [button({ coolDownMs: 0 })],
    });
    taken.press(at(taken.clock.now() + formerMs));
    taken.press(at(taken.clock.now() + formerMs - 11_000));
    taken.press(at(taken.clock.now()));
    await settle();
    expect(taken.results()).toMatchObject([
      { outcome: 'accepted' },
      { reason: 'stale' },
      { outcome: 'accepted' },
    ]);
  });
});

describe('a retained press', () => {
  it('is cleared, gets one result, and releases nothing', async () => {
    const { press, fake, results, released } = takingIn();
    press('press', { retained: true });
    await settle();
    expect(fake.on('button/main/press')).toEqual([undefined]);
    expect(results()).toMatchObject([{ outcome: 'rejected', reason: 'retained' }]);
    expect(released).toEqual([]);
  });

  it('that somebody clears is no press', async () => {
    const { press, results } = takingIn();
    press('');
    press('', { retained: true });
    await settle();
    expect(results()).toEqual([]);
  });
});

describe('a malformed press with `only`', () => {
  it.each([
    ['{"app":"argocd/guestbook"}', 'did you mean "only"?'],
    ['{"apps":["argocd/guestbook"]}', 'did you mean "only"?'],
    ['{"dryRun":true}', 'unknown member "dryRun"'],
    ["'{only:[argocd/guestbook]}'", 'begins with a quote'],
    ['"{\\"only\\":[\\"argocd/guestbook\\"]}"', 'begins with a quote'],
    ['argocd/guestbook', 'is not one word'],
    ['{"only":[]}', 'only'],
    ['{"only":["guestbook"]}', 'must be <namespace>/<name>'],
    ['off', '"off" says that nothing was pressed'],
  ])('never releases everything: %s', async (payload, words) => {
    const { press, results, released } = takingIn();
    press(payload);
    await settle();
    expect(results()).toMatchObject([
      { outcome: 'rejected', reason: 'malformed', message: expect.stringContaining(words) },
    ]);
    expect(released).toEqual([]);
  });

  it('gets a result with its id, and counts once it is corrected', async () => {
    const { press, results, released, clock } = takingIn();
    press('{"id":"p1","app":"argocd/shop"}');
    await settle();
    clock.advance(10_000);
    press('{"id":"p1","only":["argocd/shop"]}');
    await passTime(clock, 1_000);
    expect(results()).toMatchObject([
      { pressId: 'p1', reason: 'malformed' },
      { pressId: 'p1', outcome: 'accepted' },
    ]);
    expect(released.length).toBe(1);
  });
});

describe('a payload that is almost empty', () => {
  it.each(['""', ' ', '\n', '\0', '\0\0', '""\n'])('is no press and gets no result: %j', async (payload) => {
    const { press, results, released, journal } = takingIn();
    press(payload);
    press(payload, { retained: true });
    await settle();
    expect([results(), released, 'lines' in journal ? journal.lines : undefined]).toEqual([[], [], []]);
  });
});

describe('a press that cannot be decided', () => {
  it('is answered as an error of the worker, not of Argo CD', async () => {
    const { press, results, released } = takingIn({
      decide: () => Promise.reject(new Error('no such thing')),
    });
    press();
    await settle();
    expect(results()).toMatchObject([
      { outcome: 'rejected', reason: 'internal-error', message: expect.stringContaining('no such thing') },
    ]);
    expect(released).toEqual([]);
  });
});

describe('a press for another worker', () => {
  it('is left to that worker', async () => {
    const { press, fake } = takingIn({ answers: (id) => id !== 'theirs' });
    press('press', { button: 'theirs', retained: true });
    press('press', { button: 'nobodys' });
    await settle();
    expect(fake.on('button/theirs/result')).toEqual([]);
    expect(fake.on('button/theirs/press')).toEqual([]);
    expect(fake.on('button/nobodys/result')).toMatchObject([{ reason: 'unknown-button' }]);
  });
});

describe('a button that another worker has as well', () => {
  it('releases nothing, and the result says why', async () => {
    const { press, results, released } = takingIn({ claimedTwice: () => 'two workers have it' });
    press();
    await settle();
    expect(results()).toMatchObject([
      { outcome: 'rejected', reason: 'claimed-twice', message: 'two workers have it' },
    ]);
    expect(released).toEqual([]);
  });

  it('releases nothing if that becomes known while the press is decided', async () => {
    let isTwice = false;
    const { press, results, released } = takingIn({
      claimedTwice: () => (isTwice ? 'two workers have it' : undefined),
      decide: () => {
        isTwice = true;
        return Promise.resolve(accepting);
      },
    });
    press();
    await settle();
    expect(results()).toMatchObject([{ outcome: 'rejected', reason: 'claimed-twice' }]);
    expect(released).toEqual([]);
  });

  it.each([
    ['leaves an early press to the other worker', false],
    ['answers an early press', true],
  ])('%s once it is known whose press it is', async (_, isOurs) => {
    let known = (_isOurs: boolean) => {};
    const { press, results, released } = takingIn({
      answers: () =>
        new Promise((resolve) => {
          known = resolve;
        }),
    });
    press();
    await settle();
    expect([results(), released]).toEqual([[], []]);
    known(isOurs);
    await settle();
    expect([results(), released].map(({ length }) => length)).toEqual(isOurs ? [1, 1] : [0, 0]);
  });

  it.each([
    ['leaves early presses that are too many', false],
    ['answers once for early presses that are too many', true],
  ])('%s once it is known whose presses they are', async (_, isOurs) => {
    const known: ((isOurs: boolean) => void)[] = [];
    const { press, results, counted } = takingIn({
      answers: () => new Promise((resolve) => known.push(resolve)),
      maxPressesPerMinute: 1_000,
    });
    for (let count = 0; count < 200; count += 1) press();
    await settle();
    expect([results(), counted]).toEqual([[], []]);
    for (const resolve of known) resolve(isOurs);
    await settle();
    expect(JSON.stringify(results()).match(/"too-many"/g) ?? []).toHaveLength(isOurs ? 1 : 0);
    expect(counted.length).toBe(isOurs ? 200 : 0);
  });
});

describe('a worker that has been replaced', () => {
  it('accepts nothing, even if it was replaced while deciding', async () => {
    let may = true;
    const { press, results, released } = takingIn({
      mayAct: () => may,
      decide: () => {
        may = false;
        return Promise.resolve(accepting);
      },
    });
    press();
    await settle();
    expect(results()).toMatchObject([{ outcome: 'rejected', reason: 'standing-by' }]);
    expect(released).toEqual([]);
  });
});

describe('stopping', () => {
  it('answers the press under way and accepts nothing more', async () => {
    let decided: (decision: Decision) => void = () => {};
    const { press, results, released, intake } = takingIn({
      decide: () =>
        new Promise((resolve) => {
          decided = resolve;
        }),
    });
    press({ id: 'under-way' });
    await settle();
    const stopped = intake.stop();
    press({ id: 'too-late' });
    await settle();
    decided(accepting);
    await stopped;

    expect(results()).toMatchObject([
      { pressId: 'under-way', outcome: 'rejected' },
      { pressId: 'too-late', outcome: 'rejected' },
    ]);
    expect(JSON.stringify(results())).toContain('stopping');
    expect(released).toEqual([]);
  });

  it('receives nothing afterwards, and can be done twice', async () => {
    const { press, results, intake } = takingIn();
    await intake.stop();
    press();
    await intake.stop();
    await settle();
    expect(results()).toEqual([]);
  });
});

it('answers even if the decision throws, and continues with the next press', async () => {
  let breaks = true;
  const { press, results, clock } = takingIn({
    decide: () => (breaks ? Promise.reject(new Error('a bug')) : Promise.resolve(accepting)),
  });
  press({ id: 'p1' });
  press({ id: 'p2' });
  await settle();
  breaks = false;
  clock.advance(5_000);
  press({ id: 'p3' });
  await settle();
  expect(results()).toMatchObject([
    { pressId: 'p1', outcome: 'rejected' },
    { pressId: 'p2', outcome: 'rejected' },
    { pressId: 'p3', outcome: 'accepted' },
  ]);
});
