import { expect, it, onTestFinished } from 'vitest';
import { keyOf, type AppRecord } from '../../../release-worker/argocd/application.ts';
import type { RevisionMetadata } from '../../../release-worker/argocd/client.ts';
import { createRevisions } from '../../../release-worker/drift/revisions.ts';
import { silentLog } from '../../../service/log.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { scriptedArgoCd } from '../support/argocd.ts';
import { detailOf, newCommit, oldCommit, whole } from '../support/records.ts';
import { settle } from '../support/settle.ts';
import { unreachable } from '../support/watching.ts';

function revisions(answer: (revision: string) => Promise<RevisionMetadata>) {
  const clock = createFakeClock();
  const asked: string[] = [];
  const changed: string[][] = [];
  /** the registry's record of an application; applications without one are gone */
  const shown = new Map<string, AppRecord>();
  const made = createRevisions({
    registry: shown,
    argocd: scriptedArgoCd({
      revisionMetadata: (_, revision) => {
        asked.push(revision);
        return answer(revision);
      },
    }),
    clock,
    log: silentLog(),
    onChange: (keys) => void changed.push([...keys]),
  });
  onTestFinished(() => made.stop());
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 200) {
      clock.advance(200);
      await settle();
    }
  };
  const of = (app: AppRecord, revision: string) => {
    shown.set(keyOf(app), { ...app, target: revision });
    return made.of(app, revision);
  };
  return { clock, asked, changed, shown, pass, of, stop: made.stop };
}

const robin = { author: 'Robin Reviewer', title: 'a change' };
const commit = (index: number) => index.toString(16).padStart(40, '0');

it('asks once a revision and repository, and tells every application that waits for it', async () => {
  const { of, asked, changed } = revisions(() => Promise.resolve(robin));
  expect(of(whole({ name: 'a' }), newCommit)).toBeUndefined();
  expect(of(whole({ name: 'b' }), newCommit)).toBeUndefined();
  expect(of(whole({ name: 'c', repository: 'https://git.example/other.git' }), newCommit)).toBeUndefined();
  await settle();

  expect(asked).toEqual([newCommit, newCommit]);
  expect(changed).toEqual([['argocd/a', 'argocd/b'], ['argocd/c']]);
  expect(of(whole({ name: 'a' }), newCommit)).toEqual(robin);
  await settle();
  expect(asked.length).toBe(2);
});

it('asks again what nobody was there to answer, and then goes on with the others', async () => {
  let isThere = false;
  const { of, asked, changed, pass } = revisions(() => (isThere ? Promise.resolve(robin) : unreachable()));
  of(whole({ name: 'a' }), newCommit);
  of(whole({ name: 'b' }), oldCommit);
  await pass(25_000);
  expect(asked).toEqual([newCommit, oldCommit, newCommit]);
  expect(changed).toEqual([]);
  isThere = true;
  await pass(10_000);
  expect(changed).toEqual([['argocd/b'], ['argocd/a']]);
  expect(of(whole({ name: 'a' }), newCommit)).toEqual(robin);
});

it('asks only for whole commits of applications with one source', async () => {
  const { of, asked } = revisions(() => Promise.resolve(robin));
  of(whole(), 'main');
  of(whole(), '');
  of(whole(), newCommit.slice(1));
  of(whole({ sources: 2 }), newCommit);
  await settle();
  expect(asked).toEqual([]);
});

it('remembers a failure for ten minutes', async () => {
  let fails = true;
  const { of, asked, clock } = revisions(() =>
    fails ? Promise.reject(new Error('no')) : Promise.resolve(robin),
  );
  of(whole(), newCommit);
  await settle();
  clock.advance(599_000);
  expect(of(whole(), newCommit)).toEqual({});
  fails = false;
  clock.advance(1_000);
  of(whole(), newCommit);
  await settle();

  expect(asked.length).toBe(2);
  expect(of(whole(), newCommit)).toEqual(robin);
});

it('forgets the oldest of very many', async () => {
  const { of, asked, clock } = revisions(() => Promise.resolve(robin));
  for (let index = 0; index <= 10_000; index += 1) {
    of(whole({ name: `app-${index}` }), commit(index));
    if (index % 20 === 19) {
      await settle();
      clock.advance(4_000);
    }
  }
  await settle();
  const before = asked.length;
  expect(before).toBe(10_001);
  expect(of(whole(), commit(10_000))).toEqual(robin);
  expect(of(whole(), commit(0))).toBeUndefined();
});

it('asks for what has come last first, and has those that the queue has no room for ask again when it has emptied', async () => {
  const { of, asked, changed, pass } = revisions(() => Promise.resolve(robin));
  for (let index = 0; index < 300; index += 1) of(whole({ name: `app-${index}` }), commit(index));
  await settle();
  expect(asked.length).toBe(20);
  expect(asked.slice(0, 3)).toEqual([commit(0), commit(299), commit(298)]);
  await pass(1_000);
  of(whole({ name: 'changed' }), newCommit);
  await pass(400);
  expect(asked).toContain(newCommit);
  await pass(600);
  expect(asked.length).toBe(30);
  await pass(40_000);

  expect(asked.length).toBe(201);
  expect(changed.at(-1)?.length).toBe(100);
  expect(changed.at(-1)).toContain('argocd/app-1');
});

it('asks for no commit that nobody shows any more when its turn comes', async () => {
  const { of, asked, shown, pass } = revisions(() => Promise.resolve(robin));
  for (let index = 0; index < 25; index += 1) of(whole({ name: `app-${index}` }), commit(index));
  await settle();
  expect(asked.length).toBe(20);
  // Three later ones: one returns to another commit, one disappears, one is deployed meanwhile.
  shown.set('argocd/app-5', whole({ name: 'app-5', target: oldCommit }));
  shown.delete('argocd/app-4');
  shown.set('argocd/app-3', whole({ name: 'app-3', detail: detailOf({ deployed: commit(3) }) }));
  await pass(2_000);

  expect(asked.slice(20)).toEqual([commit(3), commit(2), commit(1)]);
});

it('asks less often while more comes than it could ask for', async () => {
  const { of, asked, pass } = revisions(() => Promise.resolve(robin));
  const push = (index: number) => of(whole({ name: `app-${index}` }), commit(index));
  for (let index = 0; index < 50; index += 1) push(index);
  await settle();
  const before = asked.length;
  for (let round = 0; round < 25; round += 1) {
    push(1_000 + 2 * round);
    push(1_001 + 2 * round);
    await pass(200);
  }
  expect(asked.length - before).toBe(5);
  const during = asked.length;
  await pass(2_000);
  expect(asked.length - during).toBeGreaterThanOrEqual(6);
});

it('goes on asking when something new comes at the very moment at which it ends', async () => {
  let tell = () => {};
  const asked: string[] = [];
  const made = createRevisions({
    argocd: scriptedArgoCd({
      revisionMetadata: (_, revision) => {
        asked.push(revision);
        return Promise.resolve(robin);
      },
    }),
    registry: { get: () => whole({ target: oldCommit }) },
    clock: createFakeClock(),
    log: silentLog(),
    onChange: () => tell(),
  });
  tell = () => {
    tell = () => {};
    // In one of the next steps, while a press is decided.
    void Promise.resolve().then(() => made.of(whole(), oldCommit));
  };
  made.of(whole(), newCommit);
  await settle();

  expect(asked).toEqual([newCommit, oldCommit]);
  await made.stop();
});

it('asks for nothing more once it is stopped', async () => {
  const { of, asked, stop } = revisions(() => Promise.resolve(robin));
  of(whole(), newCommit);
  of(whole(), oldCommit);
  await stop();
  of(whole(), commit(3));
  await settle();
  expect(asked).toEqual([newCommit]);
});
