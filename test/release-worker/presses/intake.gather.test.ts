// Presses that name applications: which ones are repetitions, and which ones become one release.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { describe, expect, it, onTestFinished } from 'vitest';
import { keyOf } from '../../../release-worker/argocd/application.ts';
import type { JournalLine } from '../../../release-worker/releases/journal-lines.ts';
import { createJournal } from '../../../release-worker/releases/journal.ts';
import { createRecovery } from '../../../release-worker/releases/recovery.ts';
import { silentLog } from '../../../service/log.ts';
import { until } from '../../support/wait.ts';
import { button } from '../support/buttons.ts';
import { acceptingOf, memoryJournal, takingIn } from '../support/intake.ts';
import { passTime, settle } from '../support/settle.ts';

const all = ['argocd/a', 'argocd/b', 'argocd/c'];
const only = (...names: string[]) => ({ only: names.map((name) => `argocd/${name}`) });
const taking = (options: Parameters<typeof takingIn>[0] = {}) =>
  takingIn({ decide: acceptingOf(all), ...options });
const resultSchema = z.object({
  pressId: z.string(),
  outcome: z.string(),
  reason: z.optional(z.string()),
  message: z.string(),
  releaseId: z.optional(z.string()),
  applications: z.optional(z.number()),
});
const read = (results: readonly unknown[]) => results.map((result) => resultSchema.parse(result));

describe('presses that name applications, within a second', () => {
  it('become one release, and each has its own result that names the release', async () => {
    const journal = memoryJournal();
    const { clock, press, results, released } = taking({ journal });
    press({ id: 'p1', source: 'home-assistant', ...only('a') });
    press({ id: 'p2', source: 'home-assistant', ...only('b') });
    await passTime(clock, 900, 300);
    press({ id: 'p3', source: 'home-assistant', ...only('c') });
    expect([results(), released]).toEqual([[], []]);
    await passTime(clock, 100, 100);

    expect(released.map(({ apps, pressId }) => ({ apps: apps.map(keyOf), pressId }))).toEqual([
      { apps: all, pressId: 'p1' },
    ]);
    const releaseId = released[0]?.id;
    expect(results()).toMatchObject([
      { pressId: 'p1', outcome: 'accepted', releaseId, applications: 1 },
      { pressId: 'p2', outcome: 'accepted', releaseId, applications: 1 },
      { pressId: 'p3', outcome: 'accepted', releaseId, applications: 1 },
    ]);
    expect(read(results())[1]?.message).toBe('releasing argocd/b, in one release with 2 other presses');
    expect(journal.lines.filter(({ type }) => type === 'press')).toMatchObject([
      { pressId: 'p1', release: { id: releaseId }, share: ['argocd/a'] },
      { pressId: 'p2', releaseId, share: ['argocd/b'] },
      { pressId: 'p3', releaseId, share: ['argocd/c'] },
    ]);
  });

  it('that come later become a release of their own', async () => {
    const { clock, press, released } = taking();
    press(only('a'));
    await passTime(clock, 1_000);
    press(only('b'));
    await passTime(clock, 1_000);
    expect(released.map(({ apps }) => apps.map(keyOf))).toEqual([['argocd/a'], ['argocd/b']]);
  });

  it('get separate results if one of them finds nothing', async () => {
    const decide = acceptingOf(all);
    const { clock, press, results, released } = taking({
      decide: (config, action, names, taken) =>
        names?.includes('argocd/b') === true
          ? Promise.resolve({ outcome: 'nothing-to-release', message: 'in sync' })
          : decide(config, action, names, taken),
    });
    press(only('b'));
    press(only('a'));
    await passTime(clock, 1_000);
    expect(read(results()).map(({ outcome, message }) => [outcome, message])).toEqual([
      ['nothing-to-release', 'in sync'],
      ['accepted', 'releasing argocd/a'],
    ]);
    expect(released).toMatchObject([{ apps: [{ name: 'a' }] }]);
  });

  it('are all refused if a freeze begins while one of them is decided', async () => {
    let frozen = false;
    const decide = acceptingOf(all);
    const { clock, press, results, released } = taking({
      frozen: () => (frozen ? { why: 'frozen: holiday', alone: false } : undefined),
      decide: async (config, action, names, taken) => {
        if (names?.includes('argocd/b') === true) {
          await new Promise<void>((resolve) => void clock.setTimeout(resolve, 500));
          frozen = true;
        }
        return decide(config, action, names, taken);
      },
    });
    press(only('a'));
    press(only('b'));
    await passTime(clock, 2_000);
    expect(results()).toMatchObject([{ reason: 'frozen' }, { reason: 'frozen' }]);
    expect(released).toEqual([]);
  });

  it.each([
    ['a press for all of the button', 'press'],
    ['one that cannot be read', '{"only":7}'],
  ])('wait no longer once %s comes, which does not wait at all', async (_, next) => {
    const { press, results } = taking();
    press(only('a'));
    await settle();
    expect(results()).toEqual([]);
    press(next);
    await settle();
    expect(results().length).toBe(2);
  });

  it('are answered at once if the worker stops', async () => {
    const { press, results, intake } = taking();
    press(only('a'));
    await settle();
    await intake.stop();
    expect(results()).toMatchObject([{ outcome: 'rejected', message: expect.stringContaining('stopping') }]);
  });

  it('do not become stale by that wait, even if presses may be only a second old', async () => {
    const { clock, press, results } = taking({ maxPressAgeMs: 1_000 });
    press({ ...only('a'), at: new Date(clock.now() - 900).toISOString() });
    await passTime(clock, 1_000);
    expect(results()).toMatchObject([{ outcome: 'accepted' }]);
  });

  it('are stale if the process was paused during that wait: they are not released late', async () => {
    const { clock, press, results, released } = taking();
    press(only('a'));
    await settle();
    clock.pause(60_000);
    await passTime(clock, 1_000);
    expect(results()).toMatchObject([
      { outcome: 'rejected', reason: 'stale', message: expect.stringMatching(/59(\.\d)? s/) },
    ]);
    expect(released).toEqual([]);
  });

  it('that roll back do not wait', async () => {
    const { press, results } = taking({ buttons: [button({ on: { press: 'release', hold: 'rollback' } })] });
    press({ gesture: 'hold', ...only('a') });
    await settle();
    expect(results()).toMatchObject([{ outcome: 'accepted' }]);
  });

  it('may be 100 at once', async () => {
    const { clock, press, results, released } = taking();
    const names = Array.from({ length: 100 }, (_, index) => `app-${index}`);
    for (const name of names) press(only(name));
    await passTime(clock, 1_000);
    await until('the results', () => results().length === 100);
    expect(released.map(({ apps }) => apps.map(({ name }) => name))).toEqual([names]);
  });
});

describe('a press that repeats earlier ones', () => {
  const outcomes = async (...presses: unknown[]) => {
    const { press, results, released, clock } = taking();
    for (const payload of presses) {
      press(payload);
      await settle();
    }
    await passTime(clock, 1_000);
    return {
      said: read(results()).map(({ reason, message }) => reason ?? message),
      released: released.map(({ apps }) => apps.map(({ name }) => name).join()),
    };
  };

  it('is refused, even if it repeats one of several that came together', async () => {
    expect(await outcomes(only('a'), only('b'), only('a'))).toEqual({
      said: [
        'releasing argocd/a, in one release with 1 other press',
        'releasing argocd/b, in one release with 1 other press',
        'cool-down',
      ],
      released: ['a,b'],
    });
  });

  it('is refused after a press of all applications', async () => {
    expect(await outcomes('press', only('a'))).toMatchObject({
      said: ['releasing argocd/a, argocd/b, argocd/c', 'cool-down'],
    });
  });

  it('releases only what was not pressed just now', async () => {
    expect(await outcomes(only('a', 'b'), only('b', 'c'))).toEqual({
      said: ['releasing argocd/a, argocd/b', 'releasing argocd/c'],
      released: ['a,b', 'c'],
    });
    expect(await outcomes(only('a'), 'press')).toEqual({
      said: ['releasing argocd/a', 'releasing argocd/b, argocd/c'],
      released: ['a', 'b,c'],
    });
  });
});

describe('in the journal', () => {
  function directory(): string {
    const made = mkdtempSync(join(tmpdir(), 'release-button-'));
    onTestFinished(() => rmSync(made, { recursive: true }));
    return made;
  }

  it('all presses of a release are on disk before the first result', async () => {
    const stateDir = directory();
    const journal = createJournal({ stateDir, log: silentLog() });
    await journal.open(() => {});
    onTestFinished(() => journal.close());
    const taken = taking({ journal });
    const onDisk: number[] = [];
    const publish = taken.fake.link.publishAcknowledged;
    Object.assign(taken.fake.link, {
      publishAcknowledged: (...parameters: Parameters<typeof publish>) => {
        onDisk.push(readFileSync(join(stateDir, 'journal.jsonl'), 'utf8').split('"type":"press"').length - 1);
        return publish(...parameters);
      },
    });
    for (const name of ['a', 'b', 'c']) taken.press({ ...only(name), by: 'Ann' });
    await passTime(taken.clock, 1_000);
    await until('the release', () => taken.released.length === 1);
    expect(onDisk).toEqual([3, 3, 3]);
  });

  it('they stay distinct after a restart, and each result names the release that they share', async () => {
    const journal = memoryJournal();
    const { clock, fake, press, released } = taking({ journal });
    fake.acknowledges = false;
    press({ id: 'p1', ...only('a'), by: 'Ann' });
    press({ id: 'p2', ...only('b', 'c') });
    await passTime(clock, 1_000);
    const recovery = createRecovery(10);
    for (const line of journal.lines) recovery.add(line);
    const { acceptedAt, unfinished, unanswered } = recovery.result();
    expect([...(acceptedAt.get('main')?.keys() ?? [])]).toEqual(all);
    expect(unfinished).toMatchObject([{ release: { id: released[0]?.id, by: 'Ann' } }]);
    expect(unanswered).toMatchObject([
      { pressId: 'p1', release: { id: released[0]?.id } },
      { pressId: 'p2', releaseId: released[0]?.id, share: ['argocd/b', 'argocd/c'] },
    ]);
  });

  it('a release whose last line could not be flushed is not carried out, and every result says so', async () => {
    const written: JournalLine[] = [];
    const { clock, press, results, released } = taking({
      journal: {
        ...memoryJournal(),
        append: (line, { flush }) => {
          written.push(line);
          return flush ? Promise.reject(new Error('EIO: i/o error, fdatasync')) : Promise.resolve();
        },
      },
    });
    press({ id: 'p1', ...only('a') });
    press({ id: 'p2', ...only('b') });
    await passTime(clock, 1_000);
    expect(results()).toMatchObject([
      { pressId: 'p1', reason: 'journal-unwritable' },
      { pressId: 'p2', reason: 'journal-unwritable' },
    ]);
    expect(read(results()).map(({ releaseId }) => releaseId)).toEqual([undefined, undefined]);
    const recovery = createRecovery(10);
    for (const line of written) recovery.add(line);
    expect([released, recovery.result().unfinished]).toEqual([[], []]);
  });
});
