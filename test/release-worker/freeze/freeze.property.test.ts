// Freezes through take-overs, lost connections and restarts: two machines with the same worker id, each with its own state
// directory, and a broker that may forget. A random sequence of steps is compared with a model of what was confirmed.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { freezeState, type FreezeMessage } from '../../../messages/freeze.ts';
import type { FreezeFile } from '../../../release-worker/freeze/file.ts';
import { createFreeze } from '../../../release-worker/freeze/freeze.ts';
import { fromMessage, toMessage } from '../../../release-worker/freeze/message.ts';
import type { FreezeState } from '../../../release-worker/freeze/state.ts';
import type { LinkState } from '../../../service/link/link.ts';
import { createSharedStates } from '../../../service/link/shared.ts';
import { silentLog } from '../../../service/log.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createFakeLink } from '../support/fake-link.ts';
import { memoryJournal } from '../support/intake.ts';
import { settle } from '../support/settle.ts';

/** Where the connection is lost while a request is carried out. */
const faults = [
  'none',
  'before the disk',
  'behind the disk',
  'before the broker',
  'behind the broker',
] as const;
type Fault = (typeof faults)[number];

/** The source of a freeze; `none`: a person, who lifts the freezes of all sources. */
const sources = ['none', 'evening', 'holiday'] as const;
type Source = (typeof sources)[number];

interface Broker {
  stored: FreezeMessage | undefined;
}

function machineOn(broker: Broker, clock: FakeClock) {
  let disk: FreezeState | 'absent' = 'absent';
  let fault: Fault = 'none';
  let process = start();

  function start() {
    const fake = createFakeLink();
    const listeners = new Set<(state: LinkState) => void>();
    const acknowledged: string[] = [];
    let connected = false;
    let handle: (stored: { ok: true; value: FreezeMessage } | undefined) => void = () => {};
    const setConnected = (now: boolean) => {
      connected = now;
      const state = { state: now ? 'connected' : 'connecting', since: 0, message: '' } as const;
      for (const listener of listeners) listener(state);
    };
    const cut = () => {
      if (connected) shared.closed();
      setConnected(false);
    };
    const deliver = (payload: string): boolean => {
      if (!connected) return false;
      if (fault === 'before the broker') {
        cut();
        return false;
      }
      const decoded = freezeState.codec.decode(Buffer.from(payload));
      if (!decoded.ok) throw new Error(decoded.error);
      broker.stored = decoded.value;
      if (fault === 'behind the broker') cut();
      return connected;
    };
    const shared = createSharedStates({
      clock,
      log: silentLog(),
      send: ({ payload }) => void deliver(payload),
    });
    const file: FreezeFile = {
      read: () => Promise.resolve(disk),
      write: async (state) => {
        if (fault === 'before the disk') cut();
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
        disk = fromMessage(toMessage(state));
        if (fault === 'behind the disk') cut();
      },
    };
    const { topic } = freezeState.at({ worker: 'main' });
    const freeze = createFreeze({
      link: {
        ...fake.link,
        onState: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
        share: (address, _filter, onStored) => {
          handle = shared.add<FreezeMessage>(topic, async (stored) => {
            const message = await onStored(
              stored?.ok === true
                ? address.codec.decode(Buffer.from(JSON.stringify(stored.value)))
                : undefined,
            );
            return message === undefined
              ? undefined
              : { topic, payload: address.codec.encode(message), qos: 1, retain: true };
          });
          return (message) => Promise.resolve(shared.isRead(topic) && deliver(address.codec.encode(message)));
        },
        whenRead: shared.whenRead,
      },
      clock,
      log: silentLog(),
      file,
      journal: memoryJournal(),
      replies: { answer: (_about, id, { ok }) => void (connected && ok && acknowledged.push(id ?? '')) },
      worker: 'main',
      buttons: ['main'],
      claims: { isOthers: () => false },
      onChange: () => {},
    });
    return {
      freeze,
      acknowledged,
      cut,
      isConnected: () => connected,
      connect: async (isCutAtOnce: boolean) => {
        cut();
        shared.opened(Promise.resolve());
        setConnected(true);
        await settle();
        if (isCutAtOnce) {
          cut();
          return;
        }
        if (broker.stored === undefined) clock.advance(1_000);
        else handle({ ok: true, value: broker.stored });
        await settle();
      },
      request: async (id: string, frozen: boolean, source: Source, where: Fault) => {
        fault = where;
        fake.deliver('freeze/set', { id, frozen, ...(source === 'none' ? {} : { source }) });
        await settle();
        fault = 'none';
      },
    };
  }
  return {
    get: () => process,
    boot: () => process.freeze.start(),
    restart: async (keepsItsFile: boolean) => {
      process.cut();
      await process.freeze.stop();
      if (!keepsItsFile) disk = 'absent';
      process = start();
      await process.freeze.start();
    },
  };
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('connect' as const),
      who: fc.nat(1),
      isCutAtOnce: fc.nat(3).map((one) => one === 0),
    }),
  },
  fc.record({ do: fc.constant('cut' as const), who: fc.nat(1) }),
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('request' as const),
      who: fc.nat(1),
      frozen: fc.boolean(),
      source: fc.constantFrom(...sources),
      fault: fc.constantFrom('none' as const, ...faults),
    }),
  },
  fc.record({ do: fc.constant('rollback' as const), who: fc.nat(1) }),
  fc.record({ do: fc.constant('restart' as const), who: fc.nat(1), keepsItsFile: fc.boolean() }),
  fc.record({ do: fc.constant('forget' as const) }),
  fc.record({ do: fc.constant('jump' as const), ms: fc.integer({ min: -1e9, max: 1e9 }) }),
);

it('a confirmed freeze holds until somebody lifts it, whichever machine is connected', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), async (steps) => {
      const broker: Broker = { stored: undefined };
      const clock = createFakeClock();
      const machines = [machineOn(broker, clock), machineOn(broker, clock)] as const;
      for (const machine of machines) await machine.boot();
      /** sources whose freezes were confirmed, and not lifted */
      const mustHold = new Set<string>();
      /** Lifts that were requested, and may or may not have happened. The next connection shows it. */
      const inDoubt = new Set<string>();
      /** The machine that knows everything; the only one if the broker has forgotten. */
      let knows: number | undefined;
      let isForgotten = true;
      let everForgot = false;
      let putBack = false;
      const rolledBack = new Set<number>();
      let requests = 0;

      for (const [at, one] of steps.entries()) {
        clock.advance(10);
        // If clocks differ, only the retained copy knows the order. Once it is lost, the clocks decide.
        if (one.do === 'jump' && (one.ms > 0 || !everForgot)) {
          clock.jump(one.ms);
          putBack ||= one.ms < 0;
        }
        if (one.do === 'forget' && !putBack) {
          everForgot = true;
          broker.stored = undefined;
          isForgotten = true;
          for (const machine of machines) machine.get().cut();
        }
        if (one.do === 'jump' || one.do === 'forget') continue;
        const [machine, other] = one.who === 0 ? machines : [machines[1], machines[0]];
        if (one.do === 'cut') machine.get().cut();
        if (one.do === 'restart') {
          await machine.restart(one.keepsItsFile);
          rolledBack.delete(one.who);
          if (knows === one.who && !one.keepsItsFile) knows = undefined;
        }
        if (one.do === 'rollback') {
          await machine.get().freeze.freezeButton('main', 'rolled back', 'test');
          if (!machine.get().isConnected()) rolledBack.add(one.who);
        }
        if (one.do === 'connect') {
          other.get().cut();
          await machine.get().connect(one.isCutAtOnce);
          if (one.isCutAtOnce) continue;
          const held = new Set(
            machine
              .get()
              .freeze.ofAll()
              .map(({ source }) => source ?? ''),
          );
          if (isForgotten && knows !== one.who) mustHold.clear();
          for (const source of inDoubt) if (!held.has(source)) mustHold.delete(source);
          inDoubt.clear();
          isForgotten = false;
          knows = one.who;
          expect([...held], `frozen after step ${at}`).toEqual(expect.arrayContaining([...mustHold]));
          expect(broker.stored?.frozen, `what is stored after step ${at}`).toBe(held.size > 0);
          if (rolledBack.delete(one.who)) expect(machine.get().freeze.of('main')).not.toEqual([]);
        }
        if (one.do === 'request' && machine.get().isConnected()) {
          const id = `r${(requests += 1)}`;
          await machine.get().request(id, one.frozen, one.source, one.fault);
          const isAcknowledged = machine.get().acknowledged.includes(id);
          if (one.fault === 'none') expect(isAcknowledged).toBe(true);
          const own = one.source === 'none' ? 'person' : one.source;
          const meant = one.source === 'none' && !one.frozen ? [...mustHold] : [own];
          if (!isAcknowledged && !one.frozen)
            for (const source of meant) if (mustHold.has(source)) inDoubt.add(source);
          if (!isAcknowledged) continue;
          for (const source of meant) {
            if (one.frozen) mustHold.add(source);
            else mustHold.delete(source);
          }
          const held = machine
            .get()
            .freeze.ofAll()
            .map(({ source }) => source);
          if (one.source === 'none' && !one.frozen) expect(held).toEqual([]);
          else expect(held.includes(own)).toBe(one.frozen);
          expect(held).toEqual(expect.arrayContaining([...mustHold]));
        }
      }
      for (const machine of machines) await machine.get().freeze.stop();
    }),
    { numRuns: 200 },
  );
});
