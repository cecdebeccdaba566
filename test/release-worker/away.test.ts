// Argo CD disappears and returns, with a whole worker on a real broker. State counts for an hour here, so the light never
// shows unknown because of its age.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../service/clock.ts';
import { hurriedClock } from '../support/hurried-clock.ts';
import { until } from '../support/wait.ts';
import type { Fault } from './support/breakable-argocd.ts';
import { hurry, showing } from './support/showing.ts';

const apps = { shop: 'OutOfSync', till: 'Synced' } as const;
const maxAgeMs = 3_600_000;

const isStream = ({ url = '' }: IncomingMessage) => url.startsWith('/api/v1/stream/');
const isList = ({ url = '' }: IncomingMessage) => url.startsWith('/api/v1/applications?');
const isSync = ({ method, url = '' }: IncomingMessage) => method === 'POST' && url.endsWith('/sync');
const isVersion = ({ url }: IncomingMessage) => url === '/api/version';
const answer = (response: ServerResponse, status: number, body = '') => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  return true;
};
/** More than the tries of one question, so that the last answers of two questions in a row always differ. */
const gatewayStates = [502, 503, 504, 520];
const refusedToken = '{"error":"x","code":16,"message":"invalid session: token is expired"}';

/** A gateway in front of an absent Argo CD, whose error differs each time; counted by kind of request. */
function gateway() {
  const asked: string[] = [];
  const fault: Fault = (request, response) => {
    if (isStream(request)) return false;
    asked.push(request.url ?? '');
    return answer(response, gatewayStates[asked.length % gatewayStates.length] ?? 502);
  };
  return { asked, fault };
}

async function here(over: Partial<Parameters<typeof showing>[0]> = {}) {
  const all = await showing({ apps, maxAgeMs, ...over });
  await all.untilShown(over.apps ?? apps);
  await until('the stream', () => all.argocd.streams().length > 0);
  return {
    ...all,
    press: async (id: string) => {
      await all.publish('button/main/press', JSON.stringify({ id }));
      return all.result('main', id);
    },
  };
}

describe('with a closed port', () => {
  it('the light is unknown, presses are refused with the reason, and everything recovers when Argo CD is back', async () => {
    const { argocd, untilUnknown, untilShown, press, on } = await here();
    await argocd.close();
    await untilUnknown(/ECONNREFUSED.*argocd\.server/);
    expect(await press('away')).toMatchObject({
      outcome: 'rejected',
      reason: 'argocd-unreachable',
      message: expect.stringMatching(/ECONNREFUSED/),
    });
    expect(on('worker/main/release')).toEqual([]);

    argocd.secretlyHas({ shop: 'Synced', till: 'OutOfSync' });
    await argocd.listen();
    await untilShown({ shop: 'Synced', till: 'OutOfSync' });
    await until('the stream again', () => argocd.streams().length > 0);
  });

  it('a break that heals at once does not affect the light', async () => {
    const { argocd, untilShown, signals } = await here();
    const before = signals().length;
    for (let round = 0; round < 3; round += 1) {
      argocd.cut();
      await until('the stream again', () => argocd.streams().length > 0);
    }
    argocd.has({ ...apps, till: 'OutOfSync' });
    await untilShown({ ...apps, till: 'OutOfSync' });
    expect(signals().slice(before)).not.toContain('unknown');
  });
});

describe('behind a gateway that keeps the stream open', () => {
  it('a press without Argo CD is refused, and its result does not claim that anything is in sync', async () => {
    const { argocd, press, untilUnknown } = await here({
      apps: { shop: 'Synced' },
      clock: systemClock(),
    });
    argocd.break(gateway().fault);
    expect(await press('first')).toMatchObject({ outcome: 'rejected', reason: 'argocd-unreachable' });
    await untilUnknown(/HTTP 5[02]\d/);
  });

  it('so is a press that gets no answer in time', async () => {
    const { argocd, press } = await here({ apps: { shop: 'Synced' }, clock: systemClock() });
    argocd.break((request) => !isStream(request));
    expect(await press('first')).toMatchObject({ outcome: 'rejected', reason: 'argocd-unreachable' });
  });

  it('so is a press before the outage was noticed, if Argo CD has been silent for some seconds', async () => {
    const clock = hurriedClock(hurry);
    const { argocd, press, on, untilUnknown } = await here({ clock });
    for (const stream of argocd.streams()) stream.write = () => true;
    argocd.break(gateway().fault);
    const from = clock.monotonic();
    await until('some seconds of its clock', () => clock.monotonic() - from > 6_000);
    expect(await press('first')).toMatchObject({ outcome: 'rejected', reason: 'argocd-unreachable' });
    await untilUnknown(/HTTP 5[02]\d/);
    expect(on('worker/main/release')).toEqual([]);
  });

  it('a release without Argo CD makes the light unknown, and the next press is refused', async () => {
    const { argocd, press, untilShown, untilUnknown } = await here({ clock: systemClock() });
    const next = { ...apps, till: 'OutOfSync' } as const;
    argocd.has(next);
    await untilShown(next);
    // Argo CD has just answered, so no question delays the press.
    argocd.break(gateway().fault);
    expect(await press('first')).toMatchObject({ outcome: 'accepted' });
    await untilUnknown(/HTTP 5[02]\d/);
    expect(await press('second')).toMatchObject({ outcome: 'rejected', reason: 'argocd-unreachable' });
  });

  it('one message reports it, however the errors of the gateway vary, and no list is requested meanwhile', async () => {
    const { argocd, untilUnknown, untilShown, on } = await here();
    const { asked, fault } = gateway();
    argocd.break(fault);
    argocd.cut();
    await untilUnknown(/HTTP 5[02]\d/);
    const said = () => [on('button/main/signal').length, on('worker/main/drift').length];
    // Calls in progress end first, each with its own message.
    await until(
      'nothing but questions',
      () => asked.length >= 9 && asked.slice(-9).every((url) => url === '/api/version'),
    );
    const before = said();
    // A list that was in progress when the first question failed still has its own tries.
    await until(
      'questions only',
      () => asked.length > 6 && asked.slice(-6).every((url) => url === '/api/version'),
    );
    const from = asked.length;
    await until('many questions', () => asked.length - from >= 30);
    expect(said()).toEqual(before);
    expect(new Set(asked.slice(from))).toEqual(new Set(['/api/version']));
    argocd.mend();
    await untilShown(apps);
  });
});

it('a paused server, which closes no connection, is noticed by its silence', async () => {
  const { argocd, untilUnknown, untilShown } = await here();
  // Its keep-alives stop too.
  for (const stream of argocd.streams()) stream.write = () => true;
  argocd.break(() => true);
  await untilUnknown(/no answer within/);
  argocd.mend();
  argocd.cut();
  await untilShown(apps);
});

it('a slow list is no outage', async () => {
  const { argocd, signals, press } = await here();
  let lists = 0;
  argocd.break((request, response) => isList(request) && (lists += 1) > 0 && answer(response, 500));
  const before = signals().length;
  argocd.cut();
  await until('some lists', () => lists >= 3);
  await until('the stream again', () => argocd.streams().length > 0);
  expect(signals().slice(before)).not.toContain('unknown');
  expect(await press('slow')).toMatchObject({ outcome: 'accepted' });
});

describe('a token that is no longer accepted', () => {
  it('and is first refused for a sync makes the light unknown and not failed, until another one is accepted', async () => {
    const { argocd, press, untilUnknown, untilShown, signals, latest } = await here();
    let revoked = false;
    argocd.break((request, response) => {
      revoked ||= isSync(request);
      if (!revoked || isVersion(request) || isStream(request)) return false;
      return request.url === '/api/v1/session/userinfo'
        ? answer(response, 200, '{}')
        : answer(response, 401, refusedToken);
    });
    const before = signals().length;
    expect(await press('refused')).toMatchObject({ outcome: 'accepted' });
    await untilUnknown(/does not accept the token/);
    const last = await until('the end of the release', () => latest('worker/main/release/last'));
    expect(last).toMatchObject({
      outcome: 'failed',
      apps: [{ outcome: 'refused', message: expect.stringMatching(/had no effect.*token/) }],
    });
    expect(await press('again')).toMatchObject({ outcome: 'rejected', reason: 'argocd-unreachable' });
    expect(signals().slice(before)).not.toContain('failed');

    argocd.mend();
    await until('the light to know again', () => signals().at(-1) !== 'unknown');
    argocd.has({ shop: 'Synced', till: 'Synced' });
    await untilShown({ shop: 'Synced', till: 'Synced' });
  });

  it('for syncs only is a failure, since the worker can still read', async () => {
    const { argocd, press, untilSignal } = await here();
    argocd.break((request, response) => isSync(request) && answer(response, 401, refusedToken));
    expect(await press('refused')).toMatchObject({ outcome: 'accepted' });
    await untilSignal('main', 'failed');
  });
});
