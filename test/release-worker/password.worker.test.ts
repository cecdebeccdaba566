// A whole worker that logs in with name and password, while passwords and sessions change.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { worldOf } from '../support/argocd-control.ts';
import { until } from '../support/wait.ts';
import { simulatedArgoCd } from './support/argocd.ts';
import { onBroker, startWorker, stateDirectory, workerConfig } from './support/worker.ts';

const accounts = (password: string) => [{ name: 'button', get: ['*'], sync: ['*'], password }];

/** @param password the content of argocd.passwordFile */
async function installation(password: string) {
  const { control } = await simulatedArgoCd({
    ...Object(worldOf([{ name: 'shop', drifted: true, syncMs: 20 }])),
    accounts: accounts('first-password'),
    tokens: [],
  });
  const stateDir = stateDirectory();
  const passwordFile = join(stateDir, 'password');
  const write = (text: string) => writeFileSync(passwordFile, text);
  write(password);
  const broker = await onBroker();
  const config = workerConfig(broker.url, control.url, { stateDir });
  const { token, ...argocd } = config.argocd;
  await startWorker(
    { ...config, argocd: { ...argocd, username: 'button', password } },
    new Map([['argocd.password', passwordFile]]),
  );
  return { ...broker, control, write };
}

it('an expired session is followed by another one, and the press in between is carried out once', async () => {
  const { control, untilSignal, publish, result } = await installation('first-password');
  await untilSignal('main', 'drifted');
  // As after a restart of Argo CD with another key: all earlier sessions are invalid.
  await control.post('world', { access: { accounts: accounts('first-password') } });
  await publish('button/main/press', '{"id": "p1"}');
  expect(await result('main', 'p1')).toMatchObject({ outcome: 'accepted' });
  await untilSignal('main', 'succeeded');
  expect((await control.syncs()).filter(({ status }) => status === 200)).toHaveLength(1);
  await untilSignal('main', 'clear');
  await control.post('drift', { app: 'shop' });
  await untilSignal('main', 'drifted');
});

it('a wrong password makes the light unknown with the remedy; the right one in the file works without a restart', async () => {
  const { untilSignal, latest, publish, result, write, heard } = await installation('wrong-password');
  await until('the reason', () =>
    /argocd\.username and argocd\.password/.test(String(latest('button/main/signal')?.['reason'])),
  );
  expect(latest('button/main/signal')).toMatchObject({ signal: 'unknown' });
  await publish('button/main/press', '{"id": "p1"}');
  expect(await result('main', 'p1')).toMatchObject({ outcome: 'rejected', reason: 'argocd-unreachable' });
  write('first-password');
  await untilSignal('main', 'drifted');
  await publish('button/main/press', '{"id": "p2"}');
  await untilSignal('main', 'succeeded');
  expect(JSON.stringify(heard)).not.toMatch(/wrong-password|first-password/);
});

it('a password that is changed at Argo CD and in the file needs no restart', async () => {
  const { control, untilSignal, publish, result, write } = await installation('first-password');
  await untilSignal('main', 'drifted');
  write('second-password');
  await control.post('world', { access: { accounts: accounts('second-password') } });
  await publish('button/main/press', '{"id": "p1"}');
  await result('main', 'p1');
  await untilSignal('main', 'succeeded');
});
