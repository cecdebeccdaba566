// A signal publisher on a hand-moved clock; the test puts the applications into the registry.
import { onTestFinished } from 'vitest';
import type { AppRecord } from '../../../release-worker/argocd/application.ts';
import { createSignalPublisher } from '../../../release-worker/drift/signal-publisher.ts';
import type { Ending } from '../../../release-worker/drift/ending.ts';
import { createRegistry } from '../../../release-worker/drift/registry.ts';
import { silentLog } from '../../../service/log.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { button } from './buttons.ts';
import { createFakeLink } from './fake-link.ts';

export function publishingSignals(
  options: { readonly automatedGraceMs?: number; readonly apps?: readonly AppRecord[] } = {},
) {
  const clock = createFakeClock();
  const fake = createFakeLink();
  const registry = createRegistry();
  const over: string[] = [];
  let releasing = 0;
  let unwritable: string | undefined;
  let freshUntil = Infinity;
  const signalPublisher = createSignalPublisher({
    link: fake.link,
    registry,
    watch: {
      freshUntil: () => freshUntil,
      notFresh: () => {},
      reachable: () => true,
      problem: () => undefined,
      server: () => undefined,
    },
    access: {
      obstacleOf: () => undefined,
      stateOf: () => undefined,
    },
    clock,
    log: silentLog(),
    worker: 'main',
    server: 'https://argocd.example',
    buttons: [button()],
    automatedGraceMs: options.automatedGraceMs ?? 10_000,
    releasing: () => releasing,
    freeze: { of: () => [], ofAll: () => [] },
    claims: { claimedTwice: () => undefined, isOthers: () => false },
    unwritable: () => unwritable,
    onOver: ({ releaseId }: Ending) => void over.push(releaseId),
  });
  registry.list(registry.ticket(), options.apps ?? []);
  onTestFinished(registry.onChange((keys) => signalPublisher.changed(keys)));
  onTestFinished(() => signalPublisher.stop());
  signalPublisher.start();
  const gather = () => clock.advance(200);
  return {
    clock,
    signalPublisher,
    over,
    put: (app: AppRecord) => {
      registry.event('changed', app);
      gather();
    },
    setReleasing: (count: number) => {
      releasing = count;
      signalPublisher.changed();
      gather();
    },
    setUnwritable: (why: string | undefined) => {
      unwritable = why;
      signalPublisher.changed();
      gather();
    },
    setFreshUntil: (until: number) => {
      freshUntil = until;
      signalPublisher.changed();
      gather();
    },
    finished: (ending: Ending) => {
      signalPublisher.finished(ending);
      gather();
    },
    signal: () => fake.retained('button/main/signal'),
    signals: () =>
      fake
        .on('button/main/signal')
        .map((said) => (typeof said === 'object' && said !== null && 'signal' in said ? said.signal : said)),
    drift: () => fake.retained('worker/main/drift'),
  };
}
