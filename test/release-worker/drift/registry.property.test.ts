// The registry against a model of Argo CD: in whatever order stream, lists and GETs arrive, it ends up correct.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyOf, type AppRecord } from '../../../release-worker/argocd/application.ts';
import { createRegistry, type Registry, type Ticket } from '../../../release-worker/drift/registry.ts';
import { detailOf, listed } from '../support/records.ts';

const names = ['a', 'b'] as const;
type Name = (typeof names)[number];

type Step =
  /** the application appears or changes */
  | { readonly do: 'change'; readonly name: Name; readonly version: number }
  | { readonly do: 'delete'; readonly name: Name }
  | { readonly do: 'deliver' | 'lose'; readonly count: number }
  | { readonly do: 'reconnect' }
  | { readonly do: 'send-list' }
  | { readonly do: 'send-get'; readonly name: Name }
  /** the server makes the answer to one of the open requests, and then it arrives */
  | { readonly do: 'make' | 'answer' | 'fail'; readonly which: number };

interface Request {
  readonly ticket: Ticket;
  readonly name?: Name;
  answer?: readonly AppRecord[];
}

/** Few versions, so that lists may agree with events other than their own. */
function recordOf(name: string, version: number): AppRecord {
  return listed({
    name,
    sync: version % 2 === 0 ? 'Synced' : 'OutOfSync',
    target: `target-${version % 3}`,
    health: version % 5 === 0 ? 'Degraded' : 'Healthy',
    labels: { version: String(version % 4) },
  });
}

function withDetail(record: AppRecord, version: number): AppRecord {
  return { ...record, detail: detailOf({ deployed: `deployed-${version}` }) };
}

class World {
  readonly registry: Registry = createRegistry();
  private readonly apps = new Map<Name, number>();
  private events: { readonly type: 'changed' | 'deleted'; readonly record: AppRecord }[] = [];
  private open: Request[] = [];

  do(step: Step): void {
    switch (step.do) {
      case 'change':
        this.apps.set(step.name, step.version);
        this.events.push({ type: 'changed', record: this.whole(step.name, step.version) });
        return;
      case 'delete': {
        const version = this.apps.get(step.name);
        if (version === undefined) return;
        this.apps.delete(step.name);
        this.events.push({ type: 'deleted', record: this.whole(step.name, version) });
        return;
      }
      case 'deliver':
        for (const { type, record } of this.events.splice(0, step.count)) this.registry.event(type, record);
        return;
      case 'lose':
        this.events.splice(0, step.count);
        return;
      case 'reconnect':
        // Messages on their way are lost. The new stream begins with one event for each existing application.
        this.events = [...this.apps].map(([name, version]) => ({
          type: 'changed' as const,
          record: this.whole(name, version),
        }));
        return;
      case 'send-list':
        this.open.push({ ticket: this.registry.ticket() });
        return;
      case 'send-get':
        this.open.push({ ticket: this.registry.ticket(), name: step.name });
        return;
      case 'make': {
        const request = this.open[step.which % Math.max(1, this.open.length)];
        if (request !== undefined) this.make(request);
        return;
      }
      case 'answer': {
        const [request] = this.open.splice(step.which % Math.max(1, this.open.length), 1);
        if (request !== undefined) this.arrive(request);
        return;
      }
      case 'fail':
        this.open.splice(step.which % Math.max(1, this.open.length), 1);
    }
  }

  /** No message is on its way any more. */
  settle(): void {
    this.do({ do: 'deliver', count: Infinity });
    while (this.open.length > 0) this.do({ do: 'answer', which: 0 });
  }

  list(): readonly AppRecord[] {
    return [...this.apps].map(([name, version]) => recordOf(name, version));
  }

  known(): ReadonlyMap<string, AppRecord> {
    return new Map(
      [...this.registry.all()].map((record) => {
        const { detail: _, ...visible } = record;
        return [keyOf(record), visible];
      }),
    );
  }

  truth(): ReadonlyMap<string, AppRecord> {
    return new Map(this.list().map((record) => [keyOf(record), record]));
  }

  private whole(name: Name, version: number): AppRecord {
    return withDetail(recordOf(name, version), version);
  }

  private make(request: Request): void {
    if (request.answer !== undefined) return;
    if (request.name === undefined) {
      request.answer = this.list();
      return;
    }
    const version = this.apps.get(request.name);
    request.answer = version === undefined ? [] : [this.whole(request.name, version)];
  }

  private arrive(request: Request): void {
    this.make(request);
    const answer = request.answer ?? [];
    if (request.name === undefined) this.registry.list(request.ticket, answer);
    else for (const record of answer) this.registry.whole(request.ticket, record);
  }
}

const nameOf = fc.constantFrom(...names);
const which = fc.nat(3);
const faultless: fc.Arbitrary<Step>[] = [
  fc.record({ do: fc.constant('change' as const), name: nameOf, version: fc.nat(11) }),
  fc.record({ do: fc.constant('delete' as const), name: nameOf }),
  fc.record({ do: fc.constant('deliver' as const), count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant('send-list' as const) }),
  fc.record({ do: fc.constant('send-get' as const), name: nameOf }),
  fc.record({ do: fc.constant('make' as const), which }),
  fc.record({ do: fc.constant('answer' as const), which }),
  fc.record({ do: fc.constant('fail' as const), which }),
];
const faulty: fc.Arbitrary<Step>[] = [
  ...faultless,
  fc.record({ do: fc.constant('lose' as const), count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant('reconnect' as const) }),
];

it('is what a fresh list says once one that was sent last has come, whatever was lost before', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(...faulty), { maxLength: 60, size: 'max' }), (steps) => {
      const world = new World();
      for (const step of steps) world.do(step);
      world.settle();
      world.registry.list(world.registry.ticket(), world.list());
      expect(world.known()).toEqual(world.truth());
    }),
    { numRuns: 3_000 },
  );
});

it('is right without any list once every event has come, where none was lost', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(...faultless), { maxLength: 60, size: 'max' }), (steps) => {
      const world = new World();
      for (const step of steps) world.do(step);
      world.settle();
      expect(world.known()).toEqual(world.truth());
    }),
    { numRuns: 3_000 },
  );
});
