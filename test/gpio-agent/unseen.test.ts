// An agent without processor time: how it reports presses that it may have missed. The clock behaves as in a paused
// process: time passes, and no timer fires.
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import type { Edge } from '../../gpio-agent/drivers/driver.ts';
import { scrape } from '../support/metrics.ts';
import { arrange, arrangeReady, buttonLine, pressesOf } from './arrange.ts';

const sampling = { edges: false } as const;

async function countsOf(agentOnPins: Awaited<ReturnType<typeof arrangeReady>>) {
  const series = await scrape(agentOnPins.metrics);
  return {
    gaps: series.get('release_button_agent_gaps_total'),
    seconds: series.get('release_button_agent_gap_seconds_total'),
  };
}

const lastInfo = ({ fake }: Pick<ReturnType<typeof arrange>, 'fake'>) => fake.state.get('agent/main/info');

/** Starts an agent whose warnings the test can read. */
async function arrangeLogged() {
  const warnings: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) });
  return { ...(await arrangeReady({ ...sampling, log })), warnings };
}

describe('with a driver that samples', () => {
  test('a press during a pause is never seen, and the pause is counted and logged', async () => {
    const agentOnPins = await arrangeLogged();
    const { clock, driver, fake, warnings } = agentOnPins;
    expect(await countsOf(agentOnPins)).toEqual({ gaps: 0, seconds: 0 });
    driver.setPressed(buttonLine, true);
    clock.pause(150);
    driver.setPressed(buttonLine, false);
    clock.advance(500);
    expect(pressesOf(fake)).toHaveLength(0);
    expect(await countsOf(agentOnPins)).toEqual({ gaps: 1, seconds: expect.closeTo(0.15, 1) });
    expect(warnings).toEqual([
      expect.stringMatching(
        /did not read its pins for 15\d ms, though it should every 5 ms \(agent.sampleMs\)/,
      ),
    ]);
  });

  test('pauses that are too short for the tap of a finger are not counted', async () => {
    const agentOnPins = await arrangeReady(sampling);
    for (let index = 0; index < 50; index += 1) {
      agentOnPins.clock.pause(38);
      agentOnPins.clock.advance(5);
    }
    expect(await countsOf(agentOnPins)).toEqual({ gaps: 0, seconds: 0 });
  });

  test('a larger sampleMs is not a gap', async () => {
    const agentOnPins = await arrangeReady({
      ...sampling,
      config: { sampleMs: 100, buttons: [{ debounceMs: 100 }] },
    });
    agentOnPins.clock.advance(10_000);
    expect(await countsOf(agentOnPins)).toEqual({ gaps: 0, seconds: 0 });
  });

  test('many gaps lead to one log line a minute', async () => {
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
    // Samples rarely, so that the test plays hours quickly.
    const agentOnPins = await arrangeReady({
      ...sampling,
      config: { sampleMs: 100, buttons: [{ debounceMs: 100 }] },
    });
    const { clock } = agentOnPins;
    expect(lastInfo(agentOnPins)).toMatchObject({
      unseen: { gaps: 0, gapMs: 0, longestGapMs: 0, lostEdges: 0 },
    });
    clock.pause(500);
    clock.advance(30 * 60_000);
    clock.pause(400);
    clock.advance(60_000);
    expect(lastInfo(agentOnPins)).toMatchObject({ unseen: { gaps: 2, lostEdges: 0 } });
    clock.advance(31 * 60_000);
    expect(lastInfo(agentOnPins)).toMatchObject({ unseen: { gaps: 1 } });
    clock.advance(30 * 60_000);
    expect(lastInfo(agentOnPins)).toMatchObject({
      unseen: { gaps: 0, gapMs: 0, longestGapMs: 0, lostEdges: 0 },
    });
  });

  test('a pin that is lost and opened again is not a gap', async () => {
    const agentOnPins = await arrangeReady(sampling);
    const { clock, driver } = agentOnPins;
    driver.fail(buttonLine, 'gone');
    clock.advance(5000);
    driver.fail(buttonLine, undefined);
    clock.advance(5000);
    expect(await countsOf(agentOnPins)).toEqual({ gaps: 0, seconds: 0 });
  });
});

test('a pause loses nothing with edges, because the kernel keeps them and the press comes late', async () => {
  const agentOnPins = await arrangeReady({ edges: true });
  const { clock, driver, fake } = agentOnPins;
  driver.setPressed(buttonLine, true);
  clock.pause(150);
  driver.setPressed(buttonLine, false);
  clock.advance(500);
  expect(pressesOf(fake)).toHaveLength(1);
  expect(await countsOf(agentOnPins)).toEqual({ gaps: 0, seconds: 0 });
});

test('edges that the kernel had to drop are counted, and the info mentions them', async () => {
  const agentOnPins = arrange();
  const { clock, driver, metrics, start } = agentOnPins;
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
  expect(lastInfo(agentOnPins)).toMatchObject({ unseen: { gaps: 0, lostEdges: 7 } });
});

for (const edges of [true, false])
  test(`a press is not seen while the machine sleeps, with a driver ${edges ? 'with edges' : 'that samples'}, and the sleep is counted`, async () => {
    const agentOnPins = await arrangeReady({ edges });
    const { clock, sleepFor } = agentOnPins;
    clock.advance(60_000);
    sleepFor(900);
    clock.advance(60_000);
    expect(await countsOf(agentOnPins)).toEqual({ gaps: 0, seconds: 0 });
    sleepFor(7_200_000);
    clock.advance(60_000);
    expect(await countsOf(agentOnPins)).toEqual({ gaps: 1, seconds: 7200 });
    expect(lastInfo(agentOnPins)).toMatchObject({ unseen: { gaps: 1, gapMs: 7_200_000 } });
    clock.advance(60_000);
    expect(await countsOf(agentOnPins)).toEqual({ gaps: 1, seconds: 7200 });
  });
