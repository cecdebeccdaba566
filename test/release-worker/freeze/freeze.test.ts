// The freeze on a fake link, with a real file.
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod/mini';
import { toLocalTime } from '../../../messages/time.ts';
import { createFreezeFile, type FreezeFile } from '../../../release-worker/freeze/file.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { until } from '../../support/wait.ts';
import { freezing } from '../support/freezing.ts';
import { settle } from '../support/settle.ts';
import { stateDirectory } from '../support/worker.ts';

describe('a request', () => {
  it('freezes: on disk, on the topic, in the journal, with person and reason', async () => {
    const { ask, freeze, fake, journal, onDisk, changes } = await freezing();
    expect(await ask({ frozen: true, reason: 'holiday', by: 'ops' })).toEqual({
      id: 'r1',
      worker: 'main',
      ok: true,
      message: 'frozen: holiday, by ops (all buttons)',
    });
    expect(freeze.of('main')).toMatchObject([{ reason: 'holiday', by: 'ops' }]);
    expect(freeze.ofAll()).toMatchObject([{ reason: 'holiday' }]);
    expect(fake.retained('worker/main/freeze/state')).toMatchObject({
      frozen: true,
      reason: 'holiday',
      by: 'ops',
    });
    expect(onDisk()).toMatchObject({ frozen: true, reason: 'holiday', by: 'ops' });
    expect(journal.lines).toMatchObject([{ type: 'freeze', frozen: true, reason: 'holiday', by: 'ops' }]);
    expect(changes()).toBeGreaterThan(0);
  });

  it('holds at once, although a blocked disk delays its reply', async () => {
    let written = () => {};
    const file: FreezeFile = {
      read: () => Promise.resolve('absent'),
      write: () =>
        new Promise((resolve) => {
          written = resolve;
        }),
    };
    const { fake, freeze } = await freezing({ file });
    onTestFinished(() => written());
    fake.deliver('freeze/set', { id: 'r1', frozen: true, reason: 'now' });
    await settle();
    expect(freeze.of('main')).toMatchObject([{ reason: 'now' }]);
    expect(fake.on('reply/r1')).toEqual([]);
    written();
    await until('the reply', () => fake.on('reply/r1')[0]);
    expect(fake.retained('worker/main/freeze/state')).toMatchObject({ frozen: true, reason: 'now' });
  });

  it('may be a bare word, and then gets no reply', async () => {
    const { set, freeze, fake } = await freezing();
    await set('on');
    expect(freeze.of('main')).toMatchObject([{ by: 'mqtt' }]);
    await set('off');
    await until('the lift', () => freeze.of('main').length === 0);
    expect(fake.published.some(({ topic }) => topic.startsWith('reply/'))).toBe(false);
  });

  it('for an unknown button, or until a time that has passed, is refused', async () => {
    const { ask, freeze } = await freezing();
    expect(await ask({ frozen: true, button: 'nobodys' })).toMatchObject({
      ok: false,
      message: expect.stringMatching(/no button nobodys .*Known: .*\bmain\b/),
    });
    expect(await ask({ frozen: true, until: '2020-01-01T00:00:00Z', id: 'r1' })).toMatchObject({ ok: false });
    expect(freeze.ofAll()).toEqual([]);
  });

  it.each([
    [{ frozen: true, forSeconds: 60, until: '2030-01-01T00:00:00Z' }, /until and forSeconds both set an end/],
    [{ frozen: false, forSeconds: 60 }, /only a freeze can have an end/],
    [{ frozen: false, until: '2030-01-01T00:00:00Z' }, /only a freeze can have an end/],
  ])('whose end is not clear (%j) is refused', async (request, words) => {
    const { ask, freeze } = await freezing();
    expect(await ask(request)).toMatchObject({ ok: false, message: expect.stringMatching(words) });
    expect(freeze.ofAll()).toEqual([]);
  });

  it.each(['on', '{"frozen": tr', 'perhaps'])(
    'that is retained is no request, whatever it says (%s): it is removed',
    async (payload) => {
      const { fake, freeze } = await freezing();
      fake.deliver('freeze/set', payload, { retained: true, responseTopic: 'release-button/reply/r1' });
      expect(fake.published.at(-1)).toEqual({ topic: 'freeze/set', message: undefined });
      expect(freeze.ofAll()).toEqual([]);
    },
  );

  it.each<[string, string | object, RegExp]>([
    ['is no JSON', '{"frozen": tr', /cannot be parsed/],
    ['is neither on nor off', 'perhaps', /neither on nor off/],
    ['has too long a reason', { frozen: true, reason: 'x'.repeat(201) }, /reason/],
    ['has too long a name', { frozen: true, by: 'x'.repeat(65) }, /by/],
    ['has an empty reason', { frozen: true, reason: '' }, /reason/],
    ['has a reason of white space', { frozen: true, reason: ' \t' }, /reason: must not be empty/],
    ['is for no time', { frozen: true, forSeconds: 0 }, /forSeconds/],
    ['is for longer than a year', { frozen: true, forSeconds: 31_622_401 }, /forSeconds/],
    ['ends at no time', { frozen: true, until: 'tomorrow' }, /until/],
    ['names what is no button', { frozen: true, button: '../main' }, /button/],
    ['does not say whether', { reason: 'holiday' }, /frozen/],
    ['is too long', `{"frozen": true, "x": "${'x'.repeat(16_384)}"}`, /bytes/],
  ])('that %s freezes nothing, and is answered where a reply was asked for', async (_, payload, words) => {
    const { fake, freeze } = await freezing();
    fake.deliver('freeze/set', payload, { responseTopic: 'release-button/reply/r1' });
    expect(fake.on('reply/r1')).toMatchObject([{ ok: false, message: expect.stringMatching(words) }]);
    fake.deliver('freeze/set', payload, { responseTopic: 'release-button/button/main/press' });
    expect(fake.on('button/main/press')).toEqual([]);
    expect(freeze.ofAll()).toEqual([]);
  });

  it('for one button says if all are still frozen', async () => {
    const { ask, freeze } = await freezing();
    await ask({ frozen: true, reason: 'holiday' });
    await ask({ frozen: true, button: 'main', reason: 'rolled back' });
    expect(await ask({ frozen: false, button: 'main' })).toMatchObject({
      ok: true,
      message: 'the freeze of button main has ended; all buttons are still frozen: holiday, by mqtt',
    });
    expect(freeze.of('main')).toMatchObject([{ reason: 'holiday' }]);
  });

  it('to lift nothing says so, and changes nothing', async () => {
    const { ask, fake, journal } = await freezing();
    const before = fake.on('worker/main/freeze/state').length;
    expect(await ask({ frozen: false })).toMatchObject({ ok: true, message: 'nothing was frozen' });
    expect(await ask({ frozen: false, button: 'main' })).toMatchObject({
      ok: true,
      message: 'button main was not frozen',
    });
    expect(fake.on('worker/main/freeze/state')).toHaveLength(before);
    expect(journal.lines).toEqual([]);
    await ask({ frozen: true, reason: 'holiday' });
    expect(await ask({ frozen: false, button: 'main' })).toMatchObject({
      message: 'button main had no freeze of its own; all buttons are still frozen: holiday, by mqtt',
    });
  });

  it('for the button of another worker is left to that one', async () => {
    const { ask, fake } = await freezing({ isOthers: (button) => button === 'theirs' });
    fake.deliver('freeze/set', { id: 'r0', frozen: true, button: 'theirs' });
    await ask({ frozen: true, button: 'main' });
    expect(fake.on('reply/r0')).toEqual([]);
  });
});

describe('after a restart', () => {
  it('the file counts if the retained copy is older or has no time', async () => {
    const first = await freezing();
    await first.set({ frozen: true, reason: 'holiday' });
    const again = await freezing({ stateDir: first.stateDir });
    again.fake.deliver('worker/main/freeze/state', { frozen: false }, { retained: true });
    await settle();
    expect(again.freeze.of('main')).toMatchObject([{ reason: 'holiday' }]);
    expect(again.fake.retained('worker/main/freeze/state')).toMatchObject({ frozen: true });
  });

  it('a freeze that has ended in the meantime is over', async () => {
    const first = await freezing();
    writeFileSync(join(first.stateDir, 'freeze.json'), '{"frozen": true, "until": "2020-01-01T00:00:00Z"}');
    const again = await freezing({ stateDir: first.stateDir });
    expect(again.freeze.ofAll()).toEqual([]);
  });

  it('without a file the retained copy counts, and is written to disk', async () => {
    const { fake, freeze, stateDir, onDisk } = await freezing();
    fake.deliver(
      'worker/main/freeze/state',
      { frozen: true, reason: 'from the former machine' },
      { retained: true },
    );
    await until('the freeze', () => freeze.of('main')[0]?.reason === 'from the former machine');
    await until('the file', () => existsSync(join(stateDir, 'freeze.json')));
    expect(onDisk()).toMatchObject({ reason: 'from the former machine' });
  });

  it('without either nothing is frozen, and that is published', async () => {
    const { fake } = await freezing();
    await until('the word', () => fake.retained('worker/main/freeze/state'));
    expect(fake.retained('worker/main/freeze/state')).toEqual({ frozen: false });
  });

  it('an unreadable retained copy freezes if there is no file', async () => {
    const { fake, freeze } = await freezing();
    fake.deliver('worker/main/freeze/state', '{"frozen": tr', { retained: true });
    await until('the freeze', () => freeze.of('main')[0]);
    expect(freeze.of('main')[0]?.reason).toContain('worker/main/freeze/state cannot be read');
  });

  it('an unreadable file freezes, because it may have contained a freeze', async () => {
    const stateDir = stateDirectory();
    writeFileSync(join(stateDir, 'freeze.json'), '{"frozen": tr');
    const { freeze, ask } = await freezing({ stateDir });
    expect(freeze.of('main')[0]?.reason).toContain('freeze.json');
    expect(await ask({ frozen: false })).toMatchObject({ ok: true });
    expect(freeze.of('main')).toEqual([]);
  });
});

describe('what another process has published in the meantime', () => {
  const theirs = (changes: object) => ({ frozen: false, ...changes });

  it('counts if it is later than the file, for lifts as well as freezes', async () => {
    const { fake, freeze, set, onDisk } = await freezing();
    await set({ frozen: true, reason: 'ours' });
    const later = '2026-06-01T00:00:00.000Z';
    fake.deliver('worker/main/freeze/state', theirs({ changedAt: later }), { retained: true });
    await until('the lift', () => freeze.of('main').length === 0);
    await until('the file', () => onDisk()['frozen'] === false);
    fake.deliver(
      'worker/main/freeze/state',
      theirs({ frozen: true, at: later, reason: 'theirs', changedAt: '2026-06-01T00:00:00.001Z' }),
      { retained: true },
    );
    await until('the freeze', () => freeze.of('main')[0]?.reason === 'theirs');
    await until('the file', () => onDisk()['reason'] === 'theirs');
    // A change after that is even later, although this machine's clock is months behind.
    await set({ frozen: false });
    expect(fake.retained('worker/main/freeze/state')).toMatchObject({
      changedAt: '2026-06-01T00:00:00.002Z',
    });
  });

  it('does not count if it is earlier', async () => {
    const { fake, freeze, set } = await freezing();
    await set({ frozen: true, reason: 'ours' });
    fake.deliver('worker/main/freeze/state', theirs({ changedAt: '2020-01-01T00:00:00.000Z' }), {
      retained: true,
    });
    await settle();
    expect(freeze.of('main')).toMatchObject([{ reason: 'ours' }]);
    expect(fake.retained('worker/main/freeze/state')).toMatchObject({ reason: 'ours' });
  });

  it('is never taken from a worker with another id', async () => {
    const { fake, freeze } = await freezing();
    const frozen = theirs({ frozen: true, reason: 'all', changedAt: '2027-01-01T00:00:00.000Z' });
    fake.deliver('worker/other/freeze/state', frozen, { retained: true });
    await settle();
    expect(freeze.ofAll()).toEqual([]);
  });
});

it('a lift that the broker has not acknowledged leaves the freeze as it was, without a reply', async () => {
  const { fake, freeze, set, onDisk } = await freezing();
  await set({ frozen: true, reason: 'holiday' });
  fake.takesShared = false;
  fake.deliver('freeze/set', { id: 'r1', frozen: false });
  await settle();
  await freeze.stop();
  expect(freeze.of('main')).toMatchObject([{ reason: 'holiday' }]);
  expect(onDisk()).toMatchObject({ frozen: true });
  expect(fake.on('reply/r1')).toEqual([]);
});

describe('a disk that cannot be written', () => {
  const full: FreezeFile = {
    read: () =>
      Promise.resolve({
        causes: [{ source: 'person', at: '2026-01-01T00:00:00Z', reason: 'before' }],
        lifts: [],
      }),
    write: () => Promise.reject(new Error('cannot write freeze.json: no space left on device')),
  };

  it('still freezes, and says that a restart forgets it', async () => {
    const { ask, freeze } = await freezing({ file: full });
    expect(await ask({ frozen: true, reason: 'now' })).toMatchObject({
      ok: true,
      message: expect.stringMatching(/now.*no space left.*a restart of the worker forgets it/),
    });
    expect(freeze.of('main')).toMatchObject([{ reason: 'now' }]);
  });

  it('freezes even if the journal cannot be written', async () => {
    const journal = { append: () => Promise.reject(new Error('no space left on device')) };
    const { ask, freeze } = await freezing({ journal });
    expect(await ask({ frozen: true, reason: 'now' })).toMatchObject({ ok: true });
    expect(freeze.of('main')).toMatchObject([{ reason: 'now' }]);
  });

  it('lifts nothing', async () => {
    const { ask, freeze } = await freezing({ file: full });
    expect(await ask({ frozen: false })).toMatchObject({
      ok: false,
      message: expect.stringMatching(/still frozen/),
    });
    expect(freeze.of('main')).toMatchObject([{ reason: 'before' }]);
  });

  it('is reported with its path', async () => {
    const stateDir = stateDirectory();
    const folder = join(stateDir, 'none');
    await expect(createFreezeFile(folder).write({ causes: [], lifts: [] })).rejects.toThrow(
      /worker\.stateDir/,
    );
    mkdirSync(join(folder, 'freeze.json'), { recursive: true });
    chmodSync(folder, 0o700);
    await expect(createFreezeFile(folder).read()).rejects.toThrow(/freeze\.json \(worker\.stateDir\)/);
    rmSync(folder, { recursive: true });
  });
});

it.each([0, 1, 2, 3, 4, 5])(
  'ends although time goes on from look to look, and its timer comes %d ms early',
  async (earlyMs) => {
    const hands = createFakeClock();
    let looks = 0;
    const clock: FakeClock = {
      ...hands,
      now: () => {
        looks += 1;
        return hands.now() + looks;
      },
      setTimeout: (fn, ms) => hands.setTimeout(fn, ms - earlyMs),
    };
    const { set, fake } = await freezing({ clock });
    await set({ frozen: true, until: new Date(hands.now() + 3_000).toISOString() });
    hands.advance(3_000);
    expect(fake.retained('worker/main/freeze/state')).toMatchObject({ frozen: false });
  },
);

it('ends when its time is over, and publishes that', async () => {
  const { ask, freeze, clock, fake, onDisk } = await freezing();
  const end = new Date(clock.now() + 90_000).toISOString();
  await ask({ frozen: true, until: end });
  expect(freeze.of('main')).not.toEqual([]);
  for (let step = 0; step < 10; step += 1) clock.advance(10_000);
  expect(freeze.of('main')).toEqual([]);
  expect(fake.retained('worker/main/freeze/state')).toMatchObject({ frozen: false });
  await until('the file', () => isDeepStrictEqual(onDisk(), fake.retained('worker/main/freeze/state')));
});

describe('for a duration', () => {
  const hourMs = 3_600_000;

  it('requested before the clock was set, it keeps its full length, and its end is corrected', async () => {
    const clock = createFakeClock(20_000);
    const { ask, freeze, fake, onDisk } = await freezing({ clock });
    const { message } = z
      .object({ message: z.string() })
      .parse(await ask({ frozen: true, forSeconds: 7_200 }));
    expect(message).toContain('the clock of the worker');
    clock.advance(hourMs);
    clock.jump(Date.parse('2026-01-01T00:00:00Z'));
    expect(freeze.of('main')).not.toEqual([]);
    // The timer that notices the step of the clock.
    clock.advance(10_000);
    const end = clock.now() + hourMs - 10_000;
    expect(fake.retained('worker/main/freeze/state')).toMatchObject({
      frozen: true,
      until: new Date(end).toISOString(),
    });
    await until('the file', () => onDisk()['until'] === new Date(end).toISOString());
    clock.advance(hourMs - 10_001);
    expect(freeze.of('main')).not.toEqual([]);
    clock.advance(1);
    expect(freeze.of('main')).toEqual([]);
    expect(fake.retained('worker/main/freeze/state')).toMatchObject({ frozen: false });
  });

  it('is not shortened by a restart in between', async () => {
    const clock = createFakeClock(20_000);
    const first = await freezing({ clock });
    await first.ask({ frozen: true, forSeconds: 7_200 });
    await first.freeze.stop();
    clock.jump(Date.parse('2026-01-01T00:00:00Z'));
    const again = await freezing({ clock, stateDir: first.stateDir });
    clock.advance(2 * hourMs - 1);
    expect(again.freeze.of('main')).not.toEqual([]);
    clock.advance(1);
    expect(again.freeze.of('main')).toEqual([]);
  });

  it('counts by the clock of the worker, and publishes its end', async () => {
    const { ask, fake, clock } = await freezing();
    const end = new Date(clock.now() + 2 * hourMs).toISOString();
    expect(await ask({ frozen: true, forSeconds: 7_200, by: 'ops' })).toMatchObject({
      message: `frozen, by ops, until ${toLocalTime(Date.parse(end))} (all buttons)`,
    });
    expect(fake.retained('worker/main/freeze/state')).toMatchObject({ until: end, forSeconds: 7_200 });
    expect(fake.retained('worker/main/freeze/state')).not.toHaveProperty('waitUntil');
  });
});
