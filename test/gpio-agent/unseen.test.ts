// An agent without processor time: how it reports presses that it may have missed. The clock behaves as in a paused process:
// time passes, and no timer fires.
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import type { Edge } from '../../gpio-agent/drivers/driver.ts';
import { scrape } from '../support/metrics.ts';
import { arrange, arrangeReady, buttonLine, pressesOf } from './arrange.ts';

const sampling = { edges: false } as const;

async function counted(arranged: Awaited<ReturnType<typeof arrangeReady>>) {
  const series = await scrape(arranged.metrics);
  return {
    gaps: series.get('release_button_agent_gaps_total'),
    seconds: series.get('release_button_agent_gap_seconds_total'),
  };
}

const lastInfo = ({ fake }: Pick<ReturnType<typeof arrange>, 'fake'>) => fake.state.get('agent/main/info');

/** An agent whose warnings the test can read. */
async function arrangeLogged() {
  const warnings: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) });
  return { ...(await arrangeReady({ ...sampling, log })), warnings };
}

describe('with a driver that samples', () => {
  test('a press during a stop is never seen, and the stop is counted and logged', async () => {
    const arranged = await arrangeLogged();
    const { clock, driver, fake, warnings } = arranged;
    expect(await counted(arranged)).toEqual({ gaps: 0, seconds: 0 });
    driver.setPressed(buttonLine, true);
    clock.pause(150);
    driver.setPressed(buttonLine, false);
    clock.advance(500);
    expect(pressesOf(fake)).toHaveLength(0);
    expect(await counted(arranged)).toEqual({ gaps: 1, seconds: expect.closeTo(0.15, 1) });
    expect(warnings).toEqual([
      expect.stringMatching(
        /did not read its pins for 15\d ms, though it should every 5 ms \(agent.sampleMs\)/,
      ),
    ]);
  });

  test('pauses too short for the tap of a finger are not counted', async () => {
    const arranged = await arrangeReady(sampling);
    for (let index = 0; index < 50; index += 1) {
      arranged.clock.pause(38);
      arranged.clock.advance(5);
    }
    expect(await counted(arranged)).toEqual({ gaps: 0, seconds: 0 });
  });

  test('a slower sampleMs is a pace, not a gap', async () => {
    const arranged = await arrangeReady({
      ...sampling,
      config: { sampleMs: 100, buttons: [{ debounceMs: 100 }] },
    });
    arranged.clock.advance(10_000);
    expect(await counted(arranged)).toEqual({ gaps: 0, seconds: 0 });
  });

  test('many gaps are one log line a minute', async () => {
    const { clock, warnings } = await arrangeLogged();
    for (let index = 0; index < 20; index += 1) {
      clock.pause(100);
      clock.advance(900);
    }
    expect(warnings).toHaveLength(1);
    clock.advance(60_000);
    clock.pause(300);
    clock.advance(10);
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toMatch(/\(20 times, 30\d ms at most\)/);
  });

  test('the info covers the last hour, and forgets older gaps', async () => {
    // A slow pace, so that the test plays hours quickly.
    const arranged = await arrangeReady({
      ...sampling,
      config: { sampleMs: 100, buttons: [{ debounceMs: 100 }] },
    });
    const { clock } = arranged;
    expect(lastInfo(arranged)).toMatchObject({
      unseen: { gaps: 0, gapMs: 0, longestGapMs: 0, lostEdges: 0 },
    });
    clock.pause(500);
    clock.advance(30 * 60_000);
    clock.pause(400);
    clock.advance(60_000);
    expect(lastInfo(arranged)).toMatchObject({ unseen: { gaps: 2, lostEdges: 0 } });
    clock.advance(31 * 60_000);
    expect(lastInfo(arranged)).toMatchObject({ unseen: { gaps: 1 } });
    clock.advance(30 * 60_000);
    expect(lastInfo(arranged)).toMatchObject({
      unseen: { gaps: 0, gapMs: 0, longestGapMs: 0, lostEdges: 0 },
    });
  });

  test('a pin that is lost and opened again is no gap', async () => {
    const arranged = await arrangeReady(sampling);
    const { clock, driver } = arranged;
    driver.fail(buttonLine, 'gone');
    clock.advance(5000);
    driver.fail(buttonLine, undefined);
    clock.advance(5000);
    expect(await counted(arranged)).toEqual({ gaps: 0, seconds: 0 });
  });
});

test('with edges a stop loses nothing: the kernel keeps them, and the press comes late', async () => {
  const arranged = await arrangeReady({ edges: true });
  const { clock, driver, fake } = arranged;
  driver.setPressed(buttonLine, true);
  clock.pause(150);
  driver.setPressed(buttonLine, false);
  clock.advance(500);
  expect(pressesOf(fake)).toHaveLength(1);
  expect(await counted(arranged)).toEqual({ gaps: 0, seconds: 0 });
});

test('edges that the kernel had to drop are counted, and the info mentions them', async () => {
  const arranged = arrange();
  const { clock, driver, metrics, start } = arranged;
  const { openInput } = driver;
  const edges: ((edge: Edge) => void)[] = [];
  driver.openInput = (options) => {
    edges.push(options.onEdge);
    return openInput(options);
  };
  await start();
  edges[0]?.({ pressed: false, at: clock.monotonic(), lost: 7 });
  clock.advance(60_000);
  expect((await scrape(metrics)).get('release_button_agent_lost_edges_total{button="main"}')).toBe(7);
  expect(lastInfo(arranged)).toMatchObject({ unseen: { gaps: 0, lostEdges: 7 } });
});

for (const edges of [true, false])
  test(`a machine that sleeps sees no press with a driver ${edges ? 'with edges' : 'that samples'}, and the sleep is counted`, async () => {
    const arranged = await arrangeReady({ edges });
    const { clock, sleepFor } = arranged;
    clock.advance(60_000);
    sleepFor(900);
    clock.advance(60_000);
    expect(await counted(arranged)).toEqual({ gaps: 0, seconds: 0 });
    sleepFor(7_200_000);
    clock.advance(60_000);
    expect(await counted(arranged)).toEqual({ gaps: 1, seconds: 7200 });
    expect(lastInfo(arranged)).toMatchObject({ unseen: { gaps: 1, gapMs: 7_200_000 } });
    clock.advance(60_000);
    expect(await counted(arranged)).toEqual({ gaps: 1, seconds: 7200 });
  });
