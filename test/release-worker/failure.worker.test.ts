// How the light of a whole worker shows a release that did not succeed, and when it stops.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JournalLine } from '../../release-worker/releases/journal-lines.ts';
import { systemClock, type Clock } from '../../service/clock.ts';
import { hurriedClock } from '../support/hurried-clock.ts';
import { worldOf } from '../support/argocd-control.ts';
import { stays, until } from '../support/wait.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { button } from './support/buttons.ts';
import { newestCommit } from './support/records.ts';
import { linesOf, planned, releaseOf } from './support/releases.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

const shop = { name: 'shop', drifted: true, syncMs: 20 };
const desk = { name: 'desk' };
/** The light shows the end of a release for 5 s: here for a fifth of that. */
const clock = hurriedClock(5);
const endShownMs = 5_000 / 5;
const refreshing = button({ coolDownMs: 0, on: { press: 'release', double: 'refresh' } });

async function arranged(applications: Parameters<typeof worldOf>[0]) {
  const { control } = await simulatedArgoCd(worldOf(applications));
  const broker = await onBroker();
  const stateDir = stateDirectory();
  const start = (time: Clock = clock) =>
    startWorker(workerConfig(broker.url, control.url, { stateDir, buttons: [refreshing] }), new Map(), {
      clock: time,
    });
  const signal = () => broker.latest('button/main/signal');
  return {
    ...broker,
    control,
    stateDir,
    start,
    signal,
    journal: () => readFileSync(join(stateDir, 'journal.jsonl'), 'utf8'),
    says: (what: string, reason: RegExp) =>
      until(`${what}, ${String(reason)}`, () => {
        const said = signal();
        return said?.['signal'] === what && reason.test(String(said['reason']));
      }),
  };
}

/** The journal of an earlier process whose only release failed some time ago. */
function writeFailure(stateDir: string): void {
  const lines = linesOf(releaseOf([planned('shop')])).map((line): JournalLine => {
    if (line.type === 'finished') return { ...line, outcome: 'failed' };
    if (line.type !== 'app' || line.step !== 'done') return line;
    return { ...line, outcome: 'failed', message: 'no such namespace', good: false };
  });
  writeFileSync(join(stateDir, 'journal.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

it('a failure stays while its application cannot be compared, is shown beside its remedy, and ends with a release', async () => {
  const { control, start, untilSignal, publish, result, signal, says } = await arranged([shop, desk]);
  await start();
  await untilSignal('main', 'drifted');
  await control.post('faults', { repositoryServerDown: true });
  await publish('button/main/press', '{"id": "p1"}');
  expect(await result('main', 'p1')).toMatchObject({ outcome: 'accepted' });
  await says(
    'failed',
    /^the last release failed at .*: argocd\/shop: .*; argocd\/shop was out of sync at .* and cannot be compared now: ComparisonError/,
  );
  await stays('the failure', () => signal()?.['signal'] === 'failed', 2 * endShownMs);
  await publish('button/main/press', '{"id": "p2"}');
  expect(await result('main', 'p2')).toMatchObject({
    outcome: 'rejected',
    reason: 'argocd-unreachable',
    message: expect.stringMatching(/argocd\/shop was out of sync at .* ComparisonError/),
  });

  await control.post('faults', { clear: true });
  await publish('button/main/press', '{"id": "look", "gesture": "double"}');
  await says('failed', /^the last release failed at [^;]*$/);
  await control.post('drift', { app: 'shop', revision: newestCommit });
  await says('drifted', /^the last release failed at .*: argocd\/shop: /);

  await publish('button/main/press', '{"id": "p3"}');
  expect(await result('main', 'p3')).toMatchObject({ outcome: 'accepted' });
  await untilSignal('main', 'succeeded');
  await untilSignal('main', 'clear');
});

it('an application that was out of sync and cannot be compared is neither shown as clear nor reported as in sync', async () => {
  const { control, start, untilSignal, publish, result, latest, on, says } = await arranged([shop, desk]);
  await start();
  await untilSignal('main', 'drifted');
  await control.post('faults', { repositoryServerDown: true });
  await publish('button/main/press', '{"id": "look", "gesture": "double"}');
  await says('unknown', /^argocd\/shop was out of sync at .* and cannot be compared now: ComparisonError/);
  await until('the summary', () => latest('worker/main/drift')?.['state'] === 'unknown');
  await publish('button/main/press', '{"id": "p1"}');
  expect(await result('main', 'p1')).toMatchObject({ outcome: 'rejected', reason: 'argocd-unreachable' });
  await control.post('faults', { clear: true });
  await publish('button/main/press', '{"id": "again", "gesture": "double"}');
  await untilSignal('main', 'drifted');
  expect(on('button/main/signal').map(({ signal }) => signal)).not.toContain('clear');
});

it('a failure ends when the failed application is in sync, even if another one is out of sync', async () => {
  const { control, start, stateDir, untilSignal } = await arranged([shop, desk]);
  writeFailure(stateDir);
  await start();
  await untilSignal('main', 'failed');
  await control.post('world', worldOf([{ name: 'shop' }, { ...desk, drifted: true }]));
  await untilSignal('main', 'drifted');
});

describe('after a restart', () => {
  it('a failure is still shown, with its reason, but not for applications outside it', async () => {
    const { start, stateDir, says } = await arranged([shop, desk]);
    writeFailure(stateDir);
    await start();
    await says('failed', /^the last release failed at 20.*: argocd\/shop: no such namespace$/);
  });

  it('a failure that had ended does not come back', async () => {
    const { control, start, stateDir, untilSignal, signal, on, journal } = await arranged([shop]);
    writeFailure(stateDir);
    const first = await start();
    await untilSignal('main', 'failed');
    await control.post('world', worldOf([{ name: 'shop' }]));
    await untilSignal('main', 'clear');
    await until('the line', () => journal().includes('"over"'));
    await control.post('world', worldOf([shop]));
    await untilSignal('main', 'drifted');
    await first.stop();

    const before = on('button/main/signal').length;
    await start();
    await until('a look at Argo CD', () => on('button/main/signal').length > before + 1);
    await until('drift', () => signal()?.['signal'] === 'drifted');
    const said = on('button/main/signal').slice(before);
    expect(said.map((one) => one['signal'])).not.toContain('failed');
  });

  it('a failure that was fixed meanwhile is not shown again', async () => {
    const { start, stateDir, untilSignal, on } = await arranged([{ name: 'shop' }]);
    writeFailure(stateDir);
    await start();
    await untilSignal('main', 'clear');
    expect(on('button/main/signal').map((one) => one['signal'])).not.toContain('failed');
  });

  it('an application that cannot be compared still counts as out of sync, until it can be compared', async () => {
    const { control, start, untilSignal, publish, on, says, journal } = await arranged([shop, desk]);
    const first = await start();
    await untilSignal('main', 'drifted');
    await control.post('faults', { repositoryServerDown: true });
    await publish('button/main/press', '{"id": "look", "gesture": "double"}');
    await says('unknown', /^argocd\/shop was out of sync/);
    await until('the line', () => journal().includes('"compared"'));
    await first.stop();

    const before = on('button/main/signal').length;
    await start();
    // The last message of the earlier process is still retained.
    await until('the same again', () =>
      on('button/main/signal')
        .slice(before)
        .some(({ reason }) => /^argocd\/shop was out of sync at .* ComparisonError/.test(String(reason))),
    );
    await control.post('faults', { clear: true });
    await publish('button/main/press', '{"id": "again", "gesture": "double"}');
    await untilSignal('main', 'drifted');
    const said = on('button/main/signal').slice(before);
    expect(said.map(({ signal }) => signal)).not.toContain('clear');
  });

  it('a recent success is still shown', async () => {
    const { start, stateDir, untilSignal } = await arranged([{ name: 'shop' }]);
    const at = new Date().toISOString();
    const lines = linesOf(releaseOf([planned('shop')])).map((line) => ({ ...line, at }));
    writeFileSync(join(stateDir, 'journal.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await start(systemClock());
    await untilSignal('main', 'succeeded');
    await untilSignal('main', 'clear');
  });
});
