// Each cause of a freeze counts separately: lifting one lifts nothing that another source still needs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { FreezeFile } from '../../../release-worker/freeze/file.ts';
import { until } from '../../support/wait.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { freezing } from '../support/freezing.ts';
import { settle } from '../support/settle.ts';
import { stateDirectory } from '../support/worker.ts';

const evening = { frozen: true, source: 'evening', reason: 'outside working hours', by: 'Home Assistant' };
const holiday = { frozen: true, source: 'holiday', reason: 'a holiday', by: 'Home Assistant' };
const sourcesOf = (frozen: readonly { readonly source?: string }[]) => frozen.map(({ source }) => source);

describe('two schedules on one day', () => {
  it('the evening ends on a holiday: it is still frozen, and the result of a press says why', async () => {
    const { ask, freeze, fake, clock } = await freezing();
    await ask(evening);
    const end = new Date(clock.now() + 86_400_000).toISOString();
    await ask({ ...holiday, until: end });
    expect(sourcesOf(freeze.of('main'))).toEqual(['evening', 'holiday']);
    expect(await ask({ frozen: false, source: 'evening' })).toMatchObject({
      ok: true,
      message: expect.stringMatching(
        /^the freeze by source evening has ended; all buttons are still frozen: a holiday, by Home Assistant, until /,
      ),
    });
    expect(freeze.of('main')).toMatchObject([{ reason: 'a holiday' }]);
    expect(fake.retained('worker/main/freeze/state')).toMatchObject({
      frozen: true,
      source: 'holiday',
      reason: 'a holiday',
      until: end,
      causes: [{ source: 'holiday', reason: 'a holiday', by: 'Home Assistant', until: end }],
    });
    expect(await ask({ frozen: false, source: 'holiday' })).toMatchObject({
      message: 'the freeze by source holiday has ended; nothing is frozen now',
    });
    expect(fake.retained('worker/main/freeze/state')).toMatchObject({ frozen: false, causes: [] });
  });

  it('the longest freeze is published first, then all of them', async () => {
    const { ask, fake, clock } = await freezing();
    const inSeconds = (seconds: number) => new Date(clock.now() + seconds * 1_000).toISOString();
    await ask({ ...evening, until: inSeconds(60) });
    await ask({ ...holiday, until: inSeconds(120) });
    await ask({ frozen: true, button: 'main', reason: 'stocktaking', by: 'Ann' });
    const state = { since: clock.now() };
    expect(fake.retained('worker/main/freeze/state')).toMatchObject({
      frozen: true,
      source: 'holiday',
      buttons: { main: { source: 'person', reason: 'stocktaking' } },
      causes: [
        { source: 'person', button: 'main', by: 'Ann', at: new Date(state.since).toISOString() },
        { source: 'holiday', until: inSeconds(120) },
        { source: 'evening', until: inSeconds(60) },
      ],
    });
    clock.advance(60_000);
    expect(fake.retained('worker/main/freeze/state')).toMatchObject({
      causes: [{ source: 'person' }, { source: 'holiday' }],
    });
  });

  it('health shows both, and stays ok, because freezes are intended', async () => {
    const { ask, health } = await freezing();
    const shown = () => [health.report().status, health.report().checks['freeze']?.message];
    expect(shown()).toEqual(['ok', 'nothing is frozen']);
    await ask(evening);
    await ask({ ...holiday, button: 'main' });
    expect(shown()).toEqual([
      'ok',
      'frozen: outside working hours, by Home Assistant (all buttons); frozen: button main',
    ]);
    await ask({ frozen: false });
    expect(shown()).toEqual(['ok', 'nothing is frozen']);
  });

  it('one that ends by itself, or is renewed, does not change the other', async () => {
    const { ask, freeze, clock } = await freezing();
    await ask(holiday);
    await ask({ ...evening, forSeconds: 60 });
    expect(await ask({ ...evening, forSeconds: 5, by: 'Bob' })).toMatchObject({
      message: expect.stringMatching(
        /it replaces the freeze of the same source \(evening\): outside working hours, by Home Assistant, until .*; also a holiday, by Home Assistant/,
      ),
    });
    clock.advance(5_000);
    expect(sourcesOf(freeze.ofAll())).toEqual(['holiday']);
  });
});

describe('a person', () => {
  it.each<[string, string | object]>([
    ['by a bare word', 'off'],
    ['by JSON without a source', { frozen: false }],
  ])('lifts the freezes of all sources, those of single buttons too: %s', async (_, payload) => {
    const { ask, fake, freeze } = await freezing();
    await ask(evening);
    await ask({ frozen: true, reason: 'the sale' });
    await ask({ ...holiday, button: 'main' });
    fake.deliver('freeze/set', payload);
    await until('the lift', () => freeze.of('main').length === 0);
    expect(fake.retained('worker/main/freeze/state')).toMatchObject({ frozen: false, causes: [] });
  });

  it('shortens no freeze of a schedule', async () => {
    const { ask, freeze, clock } = await freezing();
    await ask(evening);
    await ask({ frozen: true, reason: 'a moment', forSeconds: 5 });
    clock.advance(5_000);
    expect(sourcesOf(freeze.ofAll())).toEqual(['evening']);
  });

  it('lifts every freeze of a single button', async () => {
    const { ask, freeze } = await freezing();
    await ask({ ...evening, button: 'main' });
    await ask({ frozen: true, button: 'main', reason: 'stocktaking' });
    await ask({ ...evening, button: 'other' });
    expect(await ask({ frozen: false, button: 'main' })).toMatchObject({
      message: 'the freeze of button main has ended',
    });
    expect(freeze.of('main')).toEqual([]);
    expect(sourcesOf(freeze.of('other'))).toEqual(['evening']);
  });
});

describe('a source', () => {
  it('lifts only its own freezes: all of them, or those of one button', async () => {
    const { ask, freeze } = await freezing();
    for (const button of [{}, { button: 'main' }, { button: 'other' }]) {
      await ask({ ...evening, ...button });
      await ask({ ...holiday, ...button });
    }
    expect(await ask({ frozen: false, source: 'evening', button: 'main' })).toMatchObject({
      message: expect.stringMatching(
        /^the freeze of button main by source evening has ended; all buttons are still frozen: outside working hours, .*; also a holiday, .*; button main is still frozen: a holiday/,
      ),
    });
    expect(sourcesOf(freeze.of('main'))).toEqual(['evening', 'holiday', 'holiday']);
    await ask({ frozen: false, source: 'evening' });
    expect(sourcesOf(freeze.of('main'))).toEqual(['holiday', 'holiday']);
    expect(sourcesOf(freeze.of('other'))).toEqual(['holiday', 'holiday']);
  });

  it('without a freeze lifts nothing, and the reply says so', async () => {
    const { ask, fake, journal } = await freezing();
    await ask(evening);
    const before = fake.on('worker/main/freeze/state').length;
    expect(await ask({ frozen: false, source: 'holiday' })).toMatchObject({
      ok: true,
      message:
        'there was no freeze by source holiday; all buttons are still frozen: outside working hours, by Home Assistant',
    });
    expect(fake.on('worker/main/freeze/state')).toHaveLength(before);
    expect(journal.lines).toMatchObject([{ type: 'freeze', source: 'evening' }]);
  });

  it.each(['rollback', 'worker'])('cannot be %s, which is reserved for the worker', async (source) => {
    const { ask, freeze } = await freezing();
    await freeze.freezeButton('main', 'rolled back', 'Ann');
    expect(await ask({ frozen: true, source, button: 'main', forSeconds: 1 })).toMatchObject({
      ok: false,
      message: expect.stringContaining(`source ${source} is reserved for the worker`),
    });
    expect(freeze.of('main')).toMatchObject([{ source: 'rollback', reason: 'rolled back', by: 'Ann' }]);
  });

  it('does not lift the freeze after a rollback, which a person or its own source lifts', async () => {
    const { ask, freeze } = await freezing();
    await freeze.freezeButton('main', 'rolled back', 'Ann');
    await ask({ ...evening, button: 'main' });
    await ask({ frozen: false, source: 'evening' });
    expect(sourcesOf(freeze.of('main'))).toEqual(['rollback']);
    await ask({ frozen: false, source: 'rollback', button: 'main' });
    expect(freeze.of('main')).toEqual([]);
  });

  it.each([
    ['an empty one', ''],
    ['a long one', 's'.repeat(64)],
    ['one with other characters', 'automation.evening'],
    ['one that is no text', 7],
  ])('has a name of bounded length: %s freezes nothing', async (_, source) => {
    const { ask, freeze } = await freezing();
    expect(await ask({ frozen: true, source })).toMatchObject({
      ok: false,
      message: expect.stringMatching(/source: /),
    });
    expect(freeze.ofAll()).toEqual([]);
  });

  it('beyond the limit is refused, while people and known sources can still freeze', async () => {
    const { ask, freeze, fake } = await freezing();
    for (let at = 0; at < 32; at += 1) await ask({ frozen: true, source: `s${at}`, reason: 'r'.repeat(200) });
    expect(await ask({ frozen: true, source: 'one-more' })).toMatchObject({
      ok: false,
      message: expect.stringMatching(
        /^there are already 32 freezes .* lift one of them first, for example of s0, s1, /,
      ),
    });
    expect(await ask({ frozen: true, source: 's3', reason: 'again' })).toMatchObject({ ok: true });
    const { message } = z
      .object({ message: z.string() })
      .parse(await ask({ frozen: true, reason: 'the sale' }));
    expect(message).toMatch(/; and 30 more$/);
    expect(message.length).toBeLessThan(1_000);
    expect(freeze.ofAll()).toHaveLength(33);
    expect(JSON.stringify(fake.retained('worker/main/freeze/state')).length).toBeLessThan(65_536);
  });

  it.each([
    ['control characters', '\u0001'],
    ['lone surrogates', '\uD800'],
    ['quotes', '"'],
    ['three bytes each', '…'],
  ])('all that may be held can be read again, with texts of %s', async (_, character) => {
    const buttons = Array.from({ length: 100 }, (_one, at) => `${'b'.repeat(60)}${at}`);
    const first = await freezing({ buttons });
    const texts = { reason: character.repeat(200), by: character.repeat(64) };
    for (const button of buttons) await first.ask({ frozen: true, button, ...texts, forSeconds: 31_622_400 });
    for (let at = 0; at < 32; at += 1)
      await first.ask({ frozen: true, source: `${'s'.repeat(60)}${at}`, ...texts, forSeconds: 31_622_400 });
    expect(first.freeze.ofAll()).toHaveLength(32);
    const again = await freezing({ buttons, stateDir: first.stateDir });
    expect(again.freeze.ofAll()).toHaveLength(32);
    expect(again.freeze.of(buttons[99] ?? '')).toHaveLength(33);
  });

  it('with ever new names leaves only a limited trace', async () => {
    const { ask, fake } = await freezing();
    for (let at = 0; at < 200; at += 1) {
      await ask({ frozen: true, source: `s${at}` });
      await ask({ frozen: false, source: `s${at}` });
    }
    expect(JSON.stringify(fake.retained('worker/main/freeze/state')).length).toBeLessThan(8_192);
  });
});

describe('stored state', () => {
  it('restores each cause after a restart', async () => {
    const first = await freezing();
    await first.ask(evening);
    await first.ask({ ...holiday, button: 'main' });
    const again = await freezing({ stateDir: first.stateDir });
    expect(sourcesOf(again.freeze.of('main'))).toEqual(['evening', 'holiday']);
    expect(await again.ask({ frozen: false, source: 'evening' })).toMatchObject({ ok: true });
    expect(sourcesOf(again.freeze.of('main'))).toEqual(['holiday']);
  });

  it('without sources is the freeze of a person', async () => {
    const stateDir = stateDirectory();
    writeFileSync(
      join(stateDir, 'freeze.json'),
      JSON.stringify({
        frozen: true,
        at: '2026-01-01T00:00:00.000Z',
        reason: 'the sale',
        by: 'Ann',
        changedAt: '2026-01-01T00:00:00.000Z',
        buttons: { main: { reason: 'rolled back', at: '2026-01-01T00:00:00.000Z' } },
      }),
    );
    const { freeze, ask } = await freezing({ stateDir });
    expect(freeze.of('main')).toMatchObject([
      { source: 'person', reason: 'the sale', by: 'Ann' },
      { source: 'person', reason: 'rolled back' },
    ]);
    await ask({ frozen: false });
    expect(freeze.of('main')).toEqual([]);
  });
});

describe('after a take-over', () => {
  const at = (second: number) => `2026-06-01T00:00:${String(second).padStart(2, '0')}.000Z`;
  const stored = (second: number, rest: object) => ({
    frozen: false,
    changedAt: at(second),
    causes: [],
    ...rest,
  });
  const clockAt = (second: number) => createFakeClock(Date.parse(at(second)));

  it('each source is decided separately: what the other process has lifted is lifted, what it never knew still holds', async () => {
    const clock = clockAt(1);
    const { ask, fake, freeze } = await freezing({ clock });
    await ask(evening);
    clock.advance(1_000);
    await ask(holiday);
    // The other machine has lifted the evening and frozen for a sale. The broker had forgotten the holiday.
    fake.deliver(
      'worker/main/freeze/state',
      stored(10, {
        frozen: true,
        causes: [{ source: 'sale', reason: 'the sale', at: at(9), changedAt: at(9) }],
        lifted: [{ source: 'evening', at: at(10) }],
      }),
      { retained: true },
    );
    await until('the sale', () => sourcesOf(freeze.ofAll()).includes('sale'));
    expect(sourcesOf(freeze.ofAll())).toEqual(['holiday', 'sale']);
    expect(fake.retained('worker/main/freeze/state')).toMatchObject({
      changedAt: at(10),
      causes: [{ source: 'holiday' }, { source: 'sale' }],
      lifted: [{ source: 'evening', at: at(10) }],
    });
  });

  it('the later copy of a source counts, even if it ends sooner', async () => {
    const { ask, fake, freeze } = await freezing({ clock: clockAt(1) });
    await ask(evening);
    const causes = (second: number, reason: string) => [
      { source: 'evening', reason, at: at(second), changedAt: at(second) },
    ];
    fake.deliver('worker/main/freeze/state', stored(5, { frozen: true, causes: causes(5, 'later') }), {
      retained: true,
    });
    await until('the later one', () => freeze.ofAll()[0]?.reason === 'later');
    fake.deliver('worker/main/freeze/state', stored(6, { frozen: true, causes: causes(4, 'earlier') }), {
      retained: true,
    });
    await settle();
    expect(freeze.ofAll()).toMatchObject([{ reason: 'later' }]);
  });

  it('what a person has lifted on the other machine is lifted, but not what was frozen since', async () => {
    const clock = clockAt(1);
    const { ask, fake, freeze } = await freezing({ clock });
    await ask(evening);
    clock.advance(10_000);
    await ask(holiday);
    fake.deliver('worker/main/freeze/state', stored(5, { lifted: [{ at: at(5) }] }), { retained: true });
    await until('the lift', () => freeze.ofAll().length === 1);
    expect(sourcesOf(freeze.ofAll())).toEqual(['holiday']);
  });

  it.each([
    ['of everything', {}],
    ['of one source', { source: 'evening' }],
  ])('a lift %s that somebody has dated ahead lifts nothing that is frozen later', async (_, what) => {
    const { ask, fake, freeze, stateDir } = await freezing({ clock: clockAt(1) });
    // In UTC this is in the year 10000, which no time in a message can express.
    const ahead = {
      frozen: false,
      causes: [],
      lifted: [{ ...what, at: '9999-12-31T23:59:59.000-10:00' }],
    };
    fake.deliver('worker/main/freeze/state', ahead, { retained: true });
    await settle();
    await ask(evening);
    fake.deliver('worker/main/freeze/state', ahead, { retained: true });
    await settle();
    expect(sourcesOf(freeze.ofAll())).toEqual(['evening']);
    await freeze.stop();
    const next = await freezing({ stateDir, clock: clockAt(2) });
    expect(next.freeze.ofAll()).toMatchObject([{ source: 'evening', reason: evening.reason }]);
  });

  it('a lift does not come back after its source has frozen again', async () => {
    const { ask, fake, freeze } = await freezing({ clock: clockAt(8) });
    await ask(evening);
    fake.deliver('worker/main/freeze/state', stored(5, { lifted: [{ source: 'evening', at: at(5) }] }), {
      retained: true,
    });
    await settle();
    expect(sourcesOf(freeze.ofAll())).toEqual(['evening']);
    expect(fake.retained('worker/main/freeze/state')).not.toHaveProperty('lifted');
  });

  it('a copy that says frozen and lists no cause still freezes', async () => {
    const { fake, freeze } = await freezing();
    fake.deliver('worker/main/freeze/state', { frozen: true, causes: [] }, { retained: true });
    await until('the freeze', () => freeze.ofAll().length === 1);
    expect(sourcesOf(freeze.ofAll())).toEqual(['person']);
  });

  it('copies with ever new causes fill neither memory nor disk', async () => {
    const { fake, freeze } = await freezing();
    for (let copy = 0; copy < 5; copy += 1) {
      const causes = Array.from({ length: 250 }, (_, one) => ({
        source: `c${copy}-${one}`,
        at: at(copy),
        changedAt: at(copy),
      }));
      fake.deliver('worker/main/freeze/state', stored(copy, { frozen: true, causes }), { retained: true });
      await settle();
    }
    expect(freeze.ofAll().length).toBeLessThan(200);
  });

  it('a copy with more causes than a worker can hold lifts nothing', async () => {
    const { ask, fake, freeze } = await freezing();
    await ask(evening);
    const causes = Array.from({ length: 257 }, (_, one) => ({ source: `c${one}`, at: at(1) }));
    fake.deliver('worker/main/freeze/state', stored(10, { frozen: true, causes, lifted: [{ at: at(10) }] }), {
      retained: true,
    });
    await settle();
    expect(sourcesOf(freeze.ofAll())).toEqual(['evening']);
  });

  it('a lift that reached the broker but not the disk is taken back for every cause', async () => {
    let writes = 0;
    const file: FreezeFile = {
      read: () => Promise.resolve('absent'),
      write: () => {
        writes += 1;
        return writes > 3 ? Promise.reject(new Error('no space left on device')) : Promise.resolve();
      },
    };
    const { ask, fake, freeze } = await freezing({ file });
    await ask(evening);
    await ask(holiday);
    // The third write tests whether the file is writable, the fourth writes the lift.
    expect(await ask({ frozen: false, source: 'evening' })).toMatchObject({ ok: false });
    expect(sourcesOf(freeze.ofAll())).toEqual(['evening', 'holiday']);
    const said = fake.retained('worker/main/freeze/state');
    const other = await freezing({ clock: createFakeClock(Date.parse('2026-01-01T00:00:00Z')) });
    other.fake.deliver('worker/main/freeze/state', said, { retained: true });
    await until('the same elsewhere', () => other.freeze.ofAll().length === 2);
  });
});
