// The real agent with the real native code of rpio, on boards with registers only (fake-board.ts). The button is on line
// 17 and the LED on line 27, as in the default configuration. Uses the compiled code (`npm run build`).
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectClient, startBroker, type Client } from '../broker/brokers.ts';
import { createWorkplace, type Running, type Workplace } from '../support/processes.ts';
import { until } from '../support/wait.ts';
import { signalMessage } from './arrange.ts';
import {
  boards,
  createFakeBoard,
  noFakeBoard,
  register,
  type BoardFacts,
  type FakeBoard,
  type Registers,
} from './fake-board.ts';

const buttonBit = 1 << 17;
const ledBit = 1 << 27;
/** As in the default configuration. */
const debounceMs = 30;
const sampleMs = 5;

let workplace: Workplace;
beforeEach(() => {
  workplace = createWorkplace();
});
afterEach(() => workplace.clear());

const pause = (ms: number) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/**
 * Closes or opens the contact to ground.
 * @returns when the level was set, in ms
 */
function contact(
  { registers }: FakeBoard,
  closed: boolean,
): { readonly before: number; readonly after: number } {
  const otherLines = registers.read(register.GPLEV0) & ~buttonBit;
  const before = performance.now();
  registers.write(register.GPLEV0, (otherLines | (closed ? 0 : buttonBit)) >>> 0);
  return { before, after: performance.now() };
}

/** A machine may be too slow for many bounces. After this time fewer are enough, but not none. In milliseconds. */
const longMs = 40_000;

/**
 * Closes or opens the contact with bounces.
 * @returns whether each bounce was short, which depends on this machine
 */
function bounce(board: FakeBoard, closed: boolean): boolean {
  const edges = [2, 1, 3, 1, 1, 2, 0].map((ms, index) => {
    const edge = contact(board, index % 2 === 0 ? closed : !closed);
    // A busy loop instead of a timer, because other work must not stretch a bounce.
    while (performance.now() < edge.after + ms);
    return edge;
  });
  const long = edges.slice(1).filter(({ after }, index) => after - (edges[index]?.before ?? 0) >= debounceMs);
  // One long level is a contact with fewer bounces. Two are a level that lasted, and another one that lasted after it.
  return long.length < 2;
}

interface AtWork {
  readonly board: FakeBoard;
  readonly registers: Registers;
  readonly agent: Running;
  readonly client: Client;
  /** the messages on a topic, the oldest first */
  messages(topic: string): readonly Readonly<Record<string, unknown>>[];
  publish(topic: string, message: unknown): Promise<unknown>;
  counters(): Promise<{ readonly presses: number; readonly bounces: number }>;
}

/**
 * Starts an agent with the driver rpio on the board, connects it, and lets its first levels settle. A client acts as the
 * worker.
 */
async function atWork(
  facts: BoardFacts,
  prepare: (registers: Registers) => void = () => undefined,
): Promise<AtWork> {
  const { url } = await startBroker();
  const client = await connectClient(url);
  await client.mqtt.subscribeAsync('release-button/#', { qos: 1 });
  const publish = (topic: string, message: unknown) =>
    client.mqtt.publishAsync(
      `release-button/${topic}`,
      typeof message === 'string' ? message : JSON.stringify(message),
      { qos: 1, retain: true },
    );
  await publish('worker/main/availability', 'online');
  await publish('button/main/signal', signalMessage('clear'));

  const board = createFakeBoard(workplace, facts);
  const { registers } = board;
  prepare(registers);
  const agent = board.start([
    'gpio-agent',
    '--agent-driver',
    'rpio',
    '--mqtt-url',
    url,
    '--health-port',
    '0',
  ]);
  await agent.untilOutput('1 LED(s) on the rpio driver');
  const messages = (topic: string) =>
    client.received
      .filter((packet) => packet.topic === `release-button/${topic}`)
      .map(({ payload }): Record<string, unknown> => JSON.parse(payload.toString()));
  await until(
    'the LED to follow the signal',
    () => messages('led/main/state').at(-1)?.['signal'] === 'clear',
  );

  const health = await agent.untilListening((line) => line['what'] === 'health and metrics');
  const counters = async () => {
    const text = await (await fetch(`${health}/metrics`)).text();
    const sum = (name: string) =>
      [...text.matchAll(new RegExp(`^release_button_agent_${name}_total\\{.*\\} (\\d+)$`, 'gm'))].reduce(
        (total, [, count]) => total + Number(count),
        0,
      );
    return { presses: sum('presses'), bounces: sum('bounces') };
  };
  return { board, registers, agent, client, messages, publish, counters };
}

/**
 * Presses the button, and releases it when the agent has seen the press.
 * @returns whether the bounces were short
 */
async function press({ board, messages }: AtWork): Promise<boolean> {
  const untilPressed = (expected: boolean) =>
    until(
      `the button to be ${expected ? 'pressed' : 'released'}`,
      () => messages('button/main/state').at(-1)?.['pressed'] === expected,
    );
  const closing = bounce(board, true);
  await untilPressed(true);
  const opening = bounce(board, false);
  await untilPressed(false);
  return closing && opening;
}

/**
 * What the agent has counted after it has read the current level. A sample is due after `sampleMs`, and the event loop of
 * the agent takes it between two answers.
 */
async function countersAfterALook({ counters }: AtWork) {
  await pause(sampleMs + 2);
  await counters();
  return counters();
}

describe.skipIf(noFakeBoard !== undefined)(
  `the agent on rpio's native code${noFakeBoard === undefined ? '' : ` (skipped: ${noFakeBoard})`}`,
  () => {
    test('sends exactly one press for each of 20 presses of a bouncing contact', async () => {
      const agentAtWork = await atWork(boards.zeroW);
      let counted = 0;
      let total = 0;
      const deadline = performance.now() + longMs;
      while (counted < 20 && (counted === 0 || performance.now() < deadline)) {
        const before = total;
        const short = await press(agentAtWork);
        total = (await agentAtWork.counters()).presses;
        // Bounces that this machine has stretched may rightly count as presses.
        if (!short) continue;
        expect(total - before).toBe(1);
        counted += 1;
      }
      await until('every press', () => agentAtWork.messages('button/main/press').length === total);
      const presses = agentAtWork.messages('button/main/press');
      expect(new Set(presses.map(({ id }) => id)).size).toBe(total);
      for (const message of presses) expect(message).toMatchObject({ gesture: 'press', source: 'gpio' });
    });

    test('sees 50 spikes below the debounce time, and sends no press', async () => {
      const agentAtWork = await atWork(boards.zeroW);
      let before = await agentAtWork.counters();
      let seenSpikes = 0;
      const deadline = performance.now() + longMs;
      for (let round = 0; seenSpikes < 50 && (seenSpikes === 0 || performance.now() < deadline); round += 1) {
        const closed = contact(agentAtWork.board, true);
        await pause(1 + ((round * 7) % 24));
        const opened = contact(agentAtWork.board, false);
        const after = await countersAfterALook(agentAtWork);
        if (opened.after - closed.before < debounceMs) {
          expect(after.presses).toBe(before.presses);
          // The agent cannot see a spike between two samples. It proves nothing here.
          if (after.bounces > before.bounces) seenSpikes += 1;
        }
        before = after;
      }
      await press(agentAtWork);
      const { presses } = await agentAtWork.counters();
      await until('the last press', () => agentAtWork.messages('button/main/press').length === presses);
    });

    test('lights the LED for a drifted signal, and switches it off after SIGTERM', async () => {
      const { registers, agent, messages, publish } = await atWork(boards.zeroW);
      registers.write(register.GPSET0, 0);
      registers.write(register.GPCLR0, 0);
      await publish('button/main/signal', signalMessage('drifted'));
      await until('the LED to be lit', () => registers.read(register.GPSET0) === ledBit);
      await until('the LED to say so', () => messages('led/main/state').at(-1)?.['pattern'] === 'on');
      expect(registers.read(register.GPCLR0)).toBe(0);

      registers.write(register.GPSET0, 0);
      agent.signal('SIGTERM');
      expect(await agent.exited).toEqual({ code: 0, signal: null });
      expect(registers.read(register.GPCLR0)).toBe(ledBit);
      expect(registers.read(register.GPSET0)).toBe(0);
    });

    test('leaves the LED on after SIGKILL, and --lights-off switches it off', async () => {
      const { board, registers, agent, publish } = await atWork(boards.zeroW);
      registers.write(register.GPSET0, 0);
      registers.write(register.GPCLR0, 0);
      await publish('button/main/signal', signalMessage('drifted'));
      await until('the LED to be lit', () => registers.read(register.GPSET0) === ledBit);
      agent.signal('SIGKILL');
      expect(await agent.exited).toEqual({ code: null, signal: 'SIGKILL' });
      expect(registers.read(register.GPCLR0)).toBe(0);

      registers.write(register.GPSET0, 0);
      const after = board.start(['gpio-agent', '--lights-off', '--agent-driver', 'rpio']);
      expect(await after.exited).toEqual({ code: 0, signal: null });
      expect(after.output()).toContain('LED main: off, line 27 (GPIO27), by rpio');
      expect(registers.read(register.GPCLR0)).toBe(ledBit);
      expect(registers.read(register.GPSET0)).toBe(0);
    });

    test('on a Raspberry Pi 4 makes its two lines input and output, pulls the input up, and changes no other line', async () => {
      const everyLine = 0o7777777777;
      const everyLineDown = 0xaaaa_aaaa;
      const { registers } = await atWork(boards.four, (before) => {
        before.write(register.GPFSEL1, everyLine);
        before.write(register.GPFSEL2, everyLine);
        before.write(register.GPIO_PUP_PDN_CNTRL_REG1, everyLineDown);
      });
      // Octal, because each line has one digit. The last digits are lines 10 and 20.
      expect(registers.read(register.GPFSEL1).toString(8)).toBe('7707777777');
      expect(registers.read(register.GPFSEL2).toString(8)).toBe('7717777777');
      // Base 4, because each line has one digit. The last digit is line 16.
      expect(registers.read(register.GPIO_PUP_PDN_CNTRL_REG1).toString(4)).toBe('2222222222222212');
    });

    test.each([
      [
        'a Raspberry Pi 5',
        boards.five,
        /Raspberry Pi 5 Model B Rev 1\.0.*brcm,bcm2712.*agent\.driver: gpiochip/,
      ],
      ['a board on which rpio would only pretend', boards.libre, /Libre Computer AML-S905X-CC.*gpiochip/],
      ['a board of another kind that rpio knows', boards.orangePi, /Orange Pi Zero.*gpiochip/],
      [
        'a kernel without /dev/gpiomem',
        { ...boards.zeroW, gpiomem: false },
        /\/dev\/gpiomem.*does not exist/,
      ],
    ])('refuses %s with 3 and the remedy', async (_, facts, words) => {
      const board = createFakeBoard(workplace, facts);
      const agent = board.start([
        'gpio-agent',
        '--agent-driver',
        'rpio',
        '--mqtt-url',
        'mqtt://127.0.0.1:1',
        '--health-port',
        '0',
      ]);
      expect(await agent.exited).toEqual({ code: 3, signal: null });
      expect(agent.output()).toMatch(words);
      expect(agent.output()).not.toContain('    at ');
      expect(board.registers.read(register.GPFSEL2)).toBe(0);
    });
  },
);
