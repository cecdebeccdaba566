// Two or three workers with shared buttons and buttons of their own connect, are cut off and start again in random order
// while somebody presses. The broker gives everybody what it takes in the same order, each in its own time.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as z from 'zod/mini';
import { createClaims } from '../../release-worker/claims.ts';
import { cutOff } from '../../release-worker/presses/decision.ts';
import { createHealth } from '../../service/health.ts';
import { silentLog } from '../../service/log.ts';
import { button } from './support/buttons.ts';
import { accepting, takingIn } from './support/intake.ts';
import { settle } from './support/settle.ts';
import { workerInfoWith } from '../support/worker-info.ts';

const workers = ['amber', 'blue', 'coral'] as const;
type Id = (typeof workers)[number];
const buttons = ['ours', 'shared', 'nobodys'] as const;
type Button = (typeof buttons)[number];
/** `ours` is a button of one worker at a time, `shared` of several. */
const choices: readonly (readonly Button[])[] = [['shared'], ['ours', 'shared'], ['ours'], []];

interface Message {
  readonly topic: string;
  readonly payload: unknown;
}
type Process = ReturnType<typeof startProcess>;

function startProcess(id: Id, own: readonly Button[]) {
  const judging: (() => void)[] = [];
  const released: string[] = [];
  let connected = false;
  const { fake, clock } = takingIn({
    buttons: own.map((one) => button({ id: one, coolDownMs: 0 })),
    claimsOf: (link, clockOfIt) =>
      createClaims({
        link,
        clock: clockOfIt,
        worker: id,
        buttons: own,
        health: createHealth(clockOfIt),
        log: silentLog(),
        onChange: () => {},
      }),
    decide: () =>
      connected ? new Promise((resolve) => judging.push(() => resolve(accepting))) : Promise.resolve(cutOff),
    onRelease: ({ pressId }) => void released.push(pressId),
  });
  fake.setState('connecting');
  return {
    own,
    fake,
    clock,
    judging,
    released,
    /** What the broker has sent to it, and it has not read. */
    live: [] as Message[],
    retained: [] as Message[],
    announced: false,
    get connected() {
      return connected;
    },
    setConnected: (now: boolean) => {
      connected = now;
      fake.setState(now ? 'connected' : 'connecting');
    },
    answers: () => buttons.flatMap((one) => resultsSchema.parse(fake.on(`button/${one}/result`))),
  };
}

const infoSchema = z.object({ buttons: z.array(z.object({ id: z.string() })) });
const resultsSchema = z.array(z.object({ pressId: z.string(), reason: z.exactOptional(z.string()) }));

function createPlay() {
  const stored = new Map<string, Message>();
  /** Every process that ever ran. */
  const all: { readonly id: Id; readonly process: Process }[] = [];
  /**
   * Who had to answer a press, as long as that worker is there: the broker knows it best. Undefined: no worker is online,
   * or an offline one has the button.
   */
  const presses = new Map<string, { readonly answerer: Id | undefined; isLost: boolean }>();

  const processes = new Map<Id, Process>();
  const start = (id: Id, own: readonly Button[]) => {
    const process = startProcess(id, own);
    processes.set(id, process);
    all.push({ id, process });
  };
  for (const id of workers) start(id, []);
  const of = (id: Id) => {
    const found = processes.get(id);
    if (found === undefined) throw new Error(`no process ${id}`);
    return found;
  };
  const publish = (message: Message, retain: boolean) => {
    if (retain) stored.set(message.topic, message);
    for (const one of processes.values()) if (one.connected) one.live.push(message);
  };
  const infoOf = (id: Id) =>
    workerInfoWith({
      worker: id,
      buttons: of(id).own.map((one) => ({ id: one, on: { press: 'release' } })),
    });
  const isOnline = (id: Id) => of(id).connected && of(id).announced;

  const play = {
    connect: (id: Id) => {
      const one = of(id);
      if (one.connected) return;
      one.retained.push(...stored.values());
      one.setConnected(true);
    },
    announce: (id: Id) => {
      const one = of(id);
      if (!one.connected || one.announced) return;
      publish({ topic: `worker/${id}/info`, payload: infoOf(id) }, true);
      publish({ topic: `worker/${id}/availability`, payload: 'online' }, true);
      one.announced = true;
    },
    cut: (id: Id) => {
      const one = of(id);
      if (!one.connected) return;
      for (const press of presses.values()) if (press.answerer === id) press.isLost = true;
      one.setConnected(false);
      one.live.length = 0;
      one.retained.length = 0;
      if (one.announced) publish({ topic: `worker/${id}/availability`, payload: 'offline' }, true);
      one.announced = false;
    },
    restart: (id: Id, own: readonly Button[]) => {
      play.cut(id);
      start(id, own);
    },
    press: (one: Button) => {
      const pressId = `p${presses.size}`;
      const online = workers.filter(isOnline);
      const holders = online.filter((id) => of(id).own.includes(one));
      const isAnnounced = workers.some((id) =>
        infoSchema
          .safeParse(stored.get(`worker/${id}/info`)?.payload)
          .data?.buttons.some((announced) => announced.id === one),
      );
      const [answerer] = holders.length > 0 || isAnnounced ? holders : online;
      presses.set(pressId, { answerer, isLost: false });
      publish({ topic: `button/${one}/press`, payload: { id: pressId } }, false);
      return pressId;
    },
    deliver: (id: Id) => {
      const message = of(id).live.shift();
      if (message !== undefined) of(id).fake.deliver(message.topic, message.payload);
    },
    deliverRetained: (id: Id) => {
      const message = of(id).retained.shift();
      if (message !== undefined) of(id).fake.deliver(message.topic, message.payload, { retained: true });
    },
    /** Nothing retained has come for a while. */
    quiet: (id: Id) => {
      while (of(id).retained.length > 0) play.deliverRetained(id);
      of(id).clock.advance(500);
    },
    judge: (id: Id) => of(id).judging.shift()?.(),
  };
  const toTheEnd = async () => {
    for (const id of workers) play.connect(id);
    for (const id of workers) play.announce(id);
    for (const id of workers) {
      while (of(id).live.length > 0) play.deliver(id);
      await settle();
      play.quiet(id);
    }
    for (;;) {
      await settle();
      if (![...processes.values()].some(({ judging }) => judging.length > 0)) return;
      for (const id of workers) play.judge(id);
    }
  };
  const answersTo = (pressId: string) =>
    all.flatMap(({ id, process }) =>
      process
        .answers()
        .filter((answer) => answer.pressId === pressId)
        .map(({ reason }) => ({ worker: id, reason })),
    );
  const releasesOf = (pressId: string) =>
    all.filter(({ process }) => process.released.includes(pressId)).map(({ id }) => id);
  return { play, toTheEnd, answersTo, releasesOf, presses, of };
}

const id = fc.constantFrom(...workers);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('press' as const), button: fc.constantFrom(...buttons) }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constantFrom('connect', 'announce', 'deliver', 'deliverRetained', 'quiet', 'judge'),
      id,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), id }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('restart' as const), id, own: fc.constantFrom(...choices) }),
  },
);

/** Nobody has the button when it is pressed. A worker gets it before the one that has to answer has read the press. */
const buttonMovedMeanwhile = [
  { do: 'connect' as const, id: 'amber' as const },
  { do: 'connect' as const, id: 'coral' as const },
  { do: 'announce' as const, id: 'amber' as const },
  { do: 'announce' as const, id: 'coral' as const },
  { do: 'press' as const, button: 'shared' as const },
  { do: 'restart' as const, id: 'coral' as const, own: ['shared'] as const },
];

/** The worker of the button is offline, and another one is online. */
const pressedWhileOffline = [
  { do: 'restart' as const, id: 'coral' as const, own: ['ours'] as const },
  { do: 'connect' as const, id: 'coral' as const },
  { do: 'announce' as const, id: 'coral' as const },
  { do: 'connect' as const, id: 'amber' as const },
  { do: 'announce' as const, id: 'amber' as const },
  { do: 'cut' as const, id: 'coral' as const },
  { do: 'press' as const, button: 'ours' as const },
];

it('every press has at most one answer, is never released twice, and nobody releases what two workers have', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 120 }), async (steps) => {
      const { play, toTheEnd, answersTo, releasesOf, presses, of } = createPlay();
      for (const one of steps) {
        if (one.do === 'press') play.press(one.button);
        else if (one.do === 'restart') play.restart(one.id, one.own);
        else play[one.do](one.id);
        await settle();
      }
      await toTheEnd();

      for (const [pressId, { answerer, isLost }] of presses) {
        const answers = answersTo(pressId);
        expect(releasesOf(pressId).length).toBeLessThanOrEqual(1);
        if (answerer !== undefined && !isLost)
          expect(answers.map(({ worker }) => worker)).toEqual([answerer]);
        else expect(answers.length).toBeLessThanOrEqual(1);
        // A worker of the button that comes online right after the press may take it. Nobody else may refuse it.
        if (answerer === undefined)
          expect(answers.map(({ reason }) => reason)).not.toContain('unknown-button');
      }
      for (const one of buttons) {
        const holders = workers.filter((worker) => of(worker).own.includes(one));
        const pressId = play.press(one);
        await toTheEnd();
        const [first = workers[0], ...others] = holders;
        const reason =
          others.length > 0 ? 'claimed-twice' : holders.length > 0 ? undefined : 'unknown-button';
        expect(answersTo(pressId)).toEqual([{ worker: first, reason }]);
      }
    }),
    { numRuns: 300, examples: [[buttonMovedMeanwhile], [pressedWhileOffline]] },
  );
});
