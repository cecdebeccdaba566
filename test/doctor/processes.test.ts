// What the doctor reports about the agents and workers that the broker knows.
import { describe, expect, test } from 'vitest';
import type { Present } from '../../doctor/broker.ts';
import { claimedTwiceRows, processRows } from '../../doctor/processes.ts';

function rowOf(unseen: Present['unseen']) {
  const at = '2026-01-01T00:00:00.000Z';
  const info = { version: '1.0.0', host: 'pi', clock: { synchronised: true }, at } as const;
  const agent: Present = {
    kind: 'agent',
    id: 'main',
    availability: 'online',
    info,
    ...(unseen === undefined ? {} : { unseen }),
  };
  const found = {
    connected: true,
    message: 'connected',
    present: [agent],
    last: new Map(),
    freezes: new Map(),
    at: 0,
    signals: new Map(),
  } as const;
  const [row] = processRows(found, { url: 'mqtt://b', embedded: false, prefix: 'release-button' }, '1.0.0');
  if (row === undefined) throw new Error('there is no row');
  return row;
}

describe('an agent', () => {
  test('that has always read its pins is healthy, and its row has no note', () => {
    for (const unseen of [undefined, { gaps: 0, gapMs: 0, longestGapMs: 0, lostEdges: 0 }]) {
      expect(rowOf(unseen)).toMatchObject({ status: 'ok' });
      expect(rowOf(unseen).found).not.toContain('pins');
    }
  });

  test('that was paused for a moment is healthy, and its row mentions the pause', () => {
    expect(rowOf({ gaps: 1, gapMs: 240, longestGapMs: 240, lostEdges: 0 })).toMatchObject({
      status: 'ok',
      found: expect.stringContaining(
        'did not read its pins 1 time, for 240 ms in total and at most 240 ms at a time, so presses may have been lost',
      ),
      details: { unseen: { gaps: 1 } },
    });
  });

  test.each([
    [
      'paused for more than a second',
      { gaps: 9, gapMs: 1200, longestGapMs: 240, lostEdges: 0 },
      'for 1 second in total and at most 240 ms at a time',
    ],
    ['losing edges', { gaps: 0, gapMs: 0, longestGapMs: 0, lostEdges: 3 }, 'it lost 3 edges'],
  ])('causes a warning if within an hour it was %s', (_, unseen, words) => {
    expect(rowOf(unseen)).toMatchObject({
      status: 'warning',
      found: expect.stringContaining(words),
      remedy: expect.stringContaining('When presses get lost'),
    });
  });
});

describe('a worker that was killed together with its broker, which still holds its message "online"', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');
  const expected = { url: 'mqtt://b', embedded: false, prefix: 'release-button' };
  const worker = (id: string, ageMs: number): Present => ({
    kind: 'worker',
    id,
    availability: 'online',
    info: {
      version: '1.0.0',
      host: 'pi',
      clock: { synchronised: true },
      at: new Date(now - ageMs).toISOString(),
    },
    buttons: ['main'],
  });
  const found = (...present: Present[]) =>
    ({
      connected: true,
      message: 'connected',
      present,
      last: new Map(),
      freezes: new Map(),
      at: now,
      signals: new Map(),
    }) as const;
  const command = "mosquitto_sub --retained-only --remove-retained -W 2 -t 'release-button/worker/former/#'";

  test('causes a warning with the command that clears its topics', () => {
    const [row] = processRows(found(worker('former', 3_600_000)), expected, '1.0.0');
    expect(row).toMatchObject({
      status: 'warning',
      found: expect.stringContaining('its last info is 1 hour old'),
      remedy: expect.stringContaining(command),
    });
  });

  test('is named with that command if it blocks a button of another worker', () => {
    const rows = claimedTwiceRows(found(worker('former', 3_600_000), worker('main', 0)), expected);
    expect(rows.map(({ status }) => status)).toEqual(['failed']);
    expect(rows[0]?.remedy).toContain(`if former no longer runs, clear its retained topics: ${command}`);
    expect(rows[0]?.remedy).not.toContain('if main');
  });

  test('is not suspected as long as its info is not too old', () => {
    expect(processRows(found(worker('former', 120_000)), expected, '1.0.0')[0]?.status).toBe('ok');
    const [row] = claimedTwiceRows(found(worker('former', 120_000), worker('main', 0)), expected);
    expect(row?.remedy).not.toContain('no longer runs');
  });
});

describe('a worker that is offline', () => {
  const at = '2026-03-01T12:00:00.000Z';
  const worker = (
    id: string,
    availability: 'online' | 'offline',
    ...buttons: readonly string[]
  ): Present => ({
    kind: 'worker',
    id,
    availability,
    info: { version: '1.0.0', host: 'pi', clock: { synchronised: true }, at },
    buttons,
  });
  const rowsOf = (...present: Present[]) =>
    processRows(
      {
        connected: true,
        message: 'connected',
        present,
        last: new Map(),
        freezes: new Map(),
        at: Date.parse(at),
        signals: new Map(),
      },
      { url: 'mqtt://b', embedded: false, prefix: 'release-button' },
      '1.0.0',
    );

  test('keeps its buttons: the row says that nobody answers their presses, and how to remove the worker', () => {
    const [row] = rowsOf(worker('former', 'offline', 'shop', 'till'));
    expect(row).toMatchObject({
      status: 'failed',
      found:
        'is offline; was on pi, version 1.0.0, its clock is synchronised; a press of its buttons shop, till gets no answer',
      remedy: expect.stringContaining("-t 'release-button/worker/former/#'"),
      details: { online: false, buttons: ['shop', 'till'] },
    });
  });

  test('is also named for a button that it shares with a worker that is online', () => {
    const [former, offline] = rowsOf(
      worker('former', 'offline', 'shop', 'main', 'side'),
      worker('main', 'online', 'main', 'side'),
      worker('gone', 'offline', 'shop'),
    );
    expect(former?.found).toMatch(
      /; a press of its button shop gets no answer; the worker main has its buttons main, side too: while both are online, they release nothing$/,
    );
    expect(offline?.found).toMatch(/; a press of its button shop gets no answer$/);
  });

  test('that had no button causes no warning about presses', () => {
    expect(rowsOf(worker('former', 'offline'))[0]?.found).toBe(
      'is offline; was on pi, version 1.0.0, its clock is synchronised',
    );
  });
});
