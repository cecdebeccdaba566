// What happens to the agent and its lines, one function for each scenario. A scenario reports what it has measured, and
// the host judges.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { signals } from '../../../messages/button.ts';
import { agentInfo, availability, buttonState, ledState, pack, type Reports, type Timed } from '../report.ts';
import { onePress, planText, plans, spikyPlan } from '../plan.ts';
import { costOf, eventually, health, metric, startAgent, type Agent } from './agent.ts';
import { device, deviceFolder, levelOf, lines, now, play, setLevel, watch } from './lines.ts';
import type { Room } from './room.ts';

export interface World {
  readonly room: Room;
  /** the agent from `start` to `stop` */
  agent?: Agent;
}

type Scenario<S extends keyof Reports> = (world: World) => Promise<Reports[S]>;

const delay = (ms: number) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Long enough for all messages on their way to arrive, and so for a message that must not come. */
const quietMs = 1000;

const press = planText(onePress, true);

function agentOf({ agent }: World): Agent {
  if (agent === undefined) throw new Error('the agent was not started');
  return agent;
}

const start: Scenario<'start'> = async (world) => {
  const { room } = world;
  for (const line of [lines.BUTTON, lines.SECOND]) setLevel(line, 1);
  world.agent = startAgent(room.url, {
    buttons: [
      { id: 'main', line: 'BUTTON', pull: 'up' },
      // No resistor pulls this line, so its level stays as it is when the line is opened.
      { id: 'second', line: lines.SECOND, pull: 'off', gestures: ['press', 'hold'] },
    ],
    leds: [
      { id: 'main', line: 'LED', follows: 'main' },
      { id: 'inverse', line: 'LED_INVERSE', activeLow: true, follows: 'main' },
      ...signals.map((signal, index) => ({ id: signal, line: lines.SIGNALS + index, follows: signal })),
    ],
  });
  await eventually('the agent', () => room.latest('agent/main/availability', availability) === 'online');
  // All lights are steady at first, so that later they begin with their patterns.
  for (const signal of signals) await room.signal(signal, signal === 'clear' ? 'drifted' : 'clear');
  await room.signal('main', 'clear');
  for (const led of ['main', 'inverse', ...signals])
    await eventually(
      `the light ${led}`,
      () => room.latest(`led/${led}/state`, ledState)?.because === 'signal',
    );
  return { info: await eventually('info', () => room.latest('agent/main/info', agentInfo)) };
};

/** The cost of an agent while nothing happens. */
const idle: Scenario<'idle'> = async (world) => {
  const agent = agentOf(world);
  const seconds = 10;
  await delay(quietMs);
  const before = costOf(agent);
  await delay(seconds * 1000);
  const after = costOf(agent);
  return {
    seconds,
    ticks: after.ticks - before.ticks,
    ranMs: after.ranMs - before.ranMs,
    wakeUps: after.wakeUps - before.wakeUps,
    residentKb: after.residentKb,
  };
};

const presses: Scenario<'presses'> = async ({ room }) => {
  const startedAt = now();
  const playOn = async (button: keyof typeof plans, line: number) => ({
    button,
    ...pack(await play(line, planText(plans[button], true))),
    end: now(),
  });
  const played = await Promise.all([playOn('main', lines.BUTTON), playOn('second', lines.SECOND)]);
  await delay(quietMs);
  return {
    buttons: played.map((one) => ({ ...one, received: [...room.presses(one.button, startedAt)] })),
  };
};

/** Presses on a line with spikes at 100 Hz. */
const spiky: Scenario<'spiky'> = async ({ room }) => {
  const startedAt = now();
  await play(lines.BUTTON, planText(spikyPlan, true));
  const fault = room.latest('button/main/state', buttonState)?.fault;
  await delay(quietMs);
  return { received: [...room.presses('main', startedAt)], ...(fault === undefined ? {} : { fault }) };
};

const leds: Scenario<'leds'> = async ({ room }) => {
  const forMs = 11_000;
  const watched = [lines.LED, lines.LED_INVERSE, ...signals.map((_, index) => lines.SIGNALS + index)];
  const watching = watch(forMs, watched);
  await delay(200);
  const startedAt = now();
  for (const signal of signals) await room.signal(signal, signal);
  // The light of the main button shows several patterns, one after the other.
  const shownSignals = [];
  for (const signal of ['drifted', 'clear', 'releasing'] as const) {
    await room.signal('main', signal);
    await eventually(
      `the light of ${signal}`,
      () => room.latest('led/main/state', ledState)?.signal === signal,
    );
    const saidAt = now();
    await delay(2500);
    shownSignals.push({ signal, saidAt, until: now() });
  }
  const [main = [], inverse = [], ...others] = (await watching).map((changes) => [...changes]);
  return {
    began: startedAt,
    end: now(),
    shown: shownSignals,
    main,
    inverse,
    leds: signals.flatMap((led, index) => {
      const state = room.latest(`led/${led}/state`, ledState);
      return state === undefined ? [] : [{ led, state, changes: others[index] ?? [] }];
    }),
  };
};

/**
 * Edges that come faster than any program can read them, with the agent paused for a part of the time. After each round
 * there is one press.
 */
const storm: Scenario<'storm'> = async (world) => {
  const { room } = world;
  const agent = agentOf(world);
  const lostEdges = () => metric('release_button_agent_lost_edges_total');
  const startedAt = now();
  const before = await lostEdges();
  const writes: Timed[] = [];
  const genuine: { from: number; until: number }[] = [];
  const rounds = 8;
  const toggles = 5000;
  const rest = `${'1 0\n0 0\n'.repeat(toggles / 2)}1 100000\n`;
  for (let round = 0; round < rounds; round += 1) {
    // In every second round the agent is paused right after it has seen the press. It misses the release, and continues
    // in the middle of the storm. In the other rounds it is paused in the middle, and continues when the storm is over.
    const isDown = round % 2 === 0;
    const wind = { blows: true };
    const blowing = play(lines.BUTTON, `0 ${isDown ? 20_000 : 0}\n${rest}`, 'storm').finally(() => {
      wind.blows = false;
    });
    while (wind.blows && levelOf(lines.BUTTON) === 1) await delay(1);
    await delay(isDown ? 5 : 5 * round);
    agent.signal('SIGSTOP');
    if (isDown) {
      await delay(60 + 5 * round);
      agent.signal('SIGCONT');
    }
    writes.push(...(await blowing));
    agent.signal('SIGCONT');
    await delay(quietMs);
    const from = now();
    writes.push(...(await play(lines.BUTTON, press)));
    await delay(quietMs);
    genuine.push({ from, until: now() });
  }
  await eventually('lost edges to be counted', async () => (await lostEdges()) > before);
  return {
    ...pack(writes),
    end: now(),
    genuine,
    lost: (await lostEdges()) - before,
    received: [...room.presses('main', startedAt)],
  };
};

/** Takes the driver away from the device of the lines, and gives it back. */
const gone: Scenario<'gone'> = async ({ room }) => {
  const driver = '/sys/bus/platform/drivers/gpio-sim';
  const both = ['main', 'second'] as const;
  const state = (button: string) => room.latest(`button/${button}/state`, buttonState);
  const light = () => room.latest('led/main/state', ledState);
  const startedAt = now();
  writeFileSync(`${driver}/unbind`, device);
  const goneAt = now();
  for (const button of both)
    await eventually(`the fault of ${button}`, () => state(button)?.fault?.includes('is gone'));
  const noticedMs = now() - goneAt;
  const whileGone = {
    states: both.flatMap((button) => state(button) ?? []),
    health: await health(),
    led: await eventually('the light of a fault', () => {
      const led = light();
      return led?.because === 'fault' && led;
    }),
  };
  await delay(quietMs);

  writeFileSync(`${driver}/bind`, device);
  const backAt = now();
  // Nothing pulls up the line of the second button now, so the button reads as held.
  setLevel(lines.SECOND, 0);
  for (const button of both)
    await eventually(`${button} to be back`, () => {
      const now = state(button);
      return now !== undefined && now.fault === undefined;
    });
  const backMs = now() - backAt;
  await eventually('the second button to be found held', () => state('second')?.pressed === true);
  await eventually('the light to be back', () => light()?.because === 'signal');
  const healthAfterReturn = await eventually('health', async () => {
    const answer = await health();
    return answer.status === 200 && answer;
  });
  await delay(quietMs);
  const unasked = both.flatMap((button) => room.presses(button, startedAt));

  setLevel(lines.SECOND, 1);
  await eventually('the second button to be released', () => state('second')?.pressed === false);
  await delay(quietMs);
  const afterRelease = [...room.presses('second', startedAt)];
  const genuineAt = now();
  await Promise.all([play(lines.BUTTON, press), play(lines.SECOND, press)]);
  await delay(quietMs);
  // The light must show at its pin, not only on its topic.
  const watching = watch(3000, [lines.LED]);
  await room.signal('main', 'failed');
  const [changes = []] = await watching;
  return {
    noticedMs,
    whileGone,
    backMs,
    health: healthAfterReturn,
    unasked,
    afterRelease,
    genuine: {
      main: [...room.presses('main', genuineAt)],
      second: [...room.presses('second', genuineAt)],
    },
    changes: [...changes],
  };
};

/** Reads the last levels from the trace of the kernel, because a simulated line that is released follows its pull. */
const stop: Scenario<'stop'> = async (world) => {
  const { room } = world;
  const agent = agentOf(world);
  const tracing = '/sys/kernel/tracing';
  const both = [lines.LED, lines.LED_INVERSE];
  await room.signal('main', 'drifted');
  await eventually('a steady light', () => room.latest('led/main/state', ledState)?.signal === 'drifted');
  const lit = both.map(levelOf);
  const classFolder = `${deviceFolder}/gpio`;
  const [numbers = ''] = readdirSync(classFolder);
  const base = Number(readFileSync(`${classFolder}/${numbers}/base`, 'utf8'));
  writeFileSync(`${tracing}/events/gpio/gpio_value/enable`, '1');
  agent.signal('SIGTERM');
  const code = await agent.exited;
  writeFileSync(`${tracing}/events/gpio/gpio_value/enable`, '0');
  const trace = readFileSync(`${tracing}/trace`, 'utf8');
  const lastSet = (line: number) => {
    const last = [...trace.matchAll(/gpio_value: (\d+) set ([01])/g)].findLast(
      (match) => Number(match[1]) === base + line,
    );
    return last === undefined ? null : last[2] === '1' ? 1 : 0;
  };
  return {
    code,
    lit,
    lastSet: both.map(lastSet),
    led: room.latest('led/main/state', ledState),
    availability: room.latest('agent/main/availability', availability),
  };
};

/** A line that another process holds. */
const taken: Scenario<'taken'> = async ({ room }) => {
  const agent = startAgent(room.url, { buttons: [{ line: 'TAKEN' }], leds: [] });
  return { code: await agent.exited, output: agent.output() };
};

/** The self-test of the wiring, with somebody who presses when asked to. */
const check: Scenario<'check'> = async ({ room }) => {
  setLevel(lines.BUTTON, 1);
  const checking = startAgent(room.url, { buttons: [{ line: 'BUTTON' }], leds: [{ line: 'LED' }] }, [
    '--check',
    '15',
  ]);
  await Promise.race([
    checking.exited,
    eventually('to be asked for a press', () => checking.output().includes('press and release')),
  ]);
  await play(lines.BUTTON, press);
  return { code: await checking.exited, output: checking.output() };
};

/** The complaints of the kernel during all scenarios. */
const kernel: Scenario<'kernel'> = async () => {
  const messages = execFileSync('dmesg', { encoding: 'utf8' }).split('\n');
  return {
    complaints: messages.filter((line) => /BUG:|Oops|WARNING:|general protection|stall|hung/.test(line)),
  };
};

export const scenarios: { readonly [S in keyof Reports]: Scenario<S> } = {
  start,
  idle,
  // Before any noise, because a noisy line is a fault at the light.
  leds,
  presses,
  spiky,
  storm,
  gone,
  stop,
  taken,
  check,
  kernel,
};
