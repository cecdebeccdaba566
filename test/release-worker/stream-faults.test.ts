// Faults of Argo CD, or of a proxy in front of it. Meanwhile the worker shows that it does not know, and why; in the end it
// shows the truth. Whole workers, a real broker, real HTTP.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../service/clock.ts';
import { hurriedClock } from '../support/hurried-clock.ts';
import { until } from '../support/wait.ts';
import { eventHead, eventOf, type BreakableArgoCd, type Fault } from './support/breakable-argocd.ts';
import { hurry, showing } from './support/showing.ts';

const before = { shop: 'Synced', till: 'OutOfSync' } as const;
/** One application is new, one is gone, one has changed. */
const after = { till: 'Synced', ledger: 'OutOfSync', vault: 'OutOfSync' } as const;

const isStream = ({ url = '' }: IncomingMessage) => url.startsWith('/api/v1/stream/');
const answers =
  (status: number, headers: Record<string, string>, body: string): Fault =>
  (_, response) => {
    response.writeHead(status, headers).end(body);
    return true;
  };
const html = { 'content-type': 'text/html' };
const json = { 'content-type': 'application/json' };
const page = '<!doctype html><html><body><h1>Welcome</h1></body></html>';

/** Byte by byte, without end. */
function trickle(response: ServerResponse, text: string): void {
  let at = 0;
  const timer = setInterval(() => response.write(text.charAt(at++ % text.length)), 20);
  response.once('close', () => clearInterval(timer));
}

const storm: Fault = (() => {
  let number = 0;
  return (request: IncomingMessage, response: ServerResponse) => {
    const status = [500, 502, 503, 504, 429][(number += 1) % 5] ?? 500;
    return answers(status, html, page)(request, response);
  };
})();

interface Row {
  readonly begin: (argocd: BreakableArgoCd) => void | Promise<void>;
  readonly end?: (argocd: BreakableArgoCd) => void | Promise<void>;
  /** what the light shows meanwhile */
  readonly reason: RegExp;
}

/** Nothing newer can be known. */
const blinding: Readonly<Record<string, Row>> = {
  'a web page with status 200': {
    begin: (argocd) => argocd.break(answers(200, html, page)),
    reason: /not Argo CD's/,
  },
  'a web page that says it is JSON': {
    begin: (argocd) => argocd.break(answers(200, json, page)),
    reason: /not Argo CD's/,
  },
  'a storm of 5xx': { begin: (argocd) => argocd.break(storm), reason: /HTTP (5\d\d|429)/ },
  'a server that accepts and never answers': {
    begin: (argocd) => argocd.break(() => true),
    reason: /no answer within/,
  },
  'answers that trickle and never end': {
    begin: (argocd) =>
      argocd.break((_, response) => {
        response.writeHead(200, json);
        trickle(response, '{"items": [ ');
        return true;
      }),
    reason: /no answer within/,
  },
  'answers that are cut off': {
    begin: (argocd) =>
      argocd.break((_, response) => {
        response.writeHead(200, { ...json, 'content-length': '1000' });
        response.write('{"items":[{"metadata":{"name":"sh', () => response.destroy());
        return true;
      }),
    reason: /ECONNRESET|aborted|Premature close/,
  },
  'a redirect to a login page': {
    begin: (argocd) => argocd.break(answers(302, { location: 'https://login.example/?state=x' }, '')),
    reason: /redirect.*https:\/\/login\.example/,
  },
  'a token that is not accepted any more': {
    begin: (argocd) =>
      argocd.break((request, response) =>
        request.url === '/api/v1/session/userinfo'
          ? answers(200, json, '{}')(request, response)
          : answers(
              401,
              json,
              '{"error":"x","code":16,"message":"invalid session: token is expired"}',
            )(request, response),
      ),
    reason: /does not accept the token/,
  },
  'a restart with other contents': {
    begin: (argocd) => argocd.close(),
    end: (argocd) => argocd.listen(),
    reason: /ECONNREFUSED/,
  },
};

describe('shows the truth after, and unknown during', () => {
  it.each(Object.entries(blinding))('%s', async (_, { begin, end, reason }) => {
    const { argocd, untilShown, untilUnknown } = await showing({ apps: before, maxAgeMs: 20_000 });
    await untilShown(before);
    await begin(argocd);
    argocd.cut();
    argocd.secretlyHas(after);
    await untilUnknown(reason);
    await end?.(argocd);
    argocd.mend();
    // Otherwise a request that hangs would have to reach its time limit first.
    argocd.cut();
    await untilShown(after);
  });
});

/** Only the stream: lists still work, so the light need not go out. */
const streams: Readonly<Record<string, (argocd: BreakableArgoCd) => void | Promise<void>>> = {
  'cut in the middle of a line': (argocd) =>
    cutAfter(argocd, eventOf('MODIFIED', 'till', 'Synced').slice(0, 60)),
  'cut in the middle of a character': (argocd) => {
    const whole = Buffer.from(eventOf('MODIFIED', 'till', 'Synced', 'done 😀'));
    cutAfter(argocd, whole.subarray(0, whole.indexOf(0xf0) + 2));
  },
  'cut between two events': (argocd) => cutAfter(argocd, eventOf('MODIFIED', 'till', 'Synced')),
  'an event of 8 MB': (argocd) =>
    eachStream(argocd, (stream) => {
      stream.write(eventOf('MODIFIED', 'till', 'OutOfSync', 'm'.repeat(8_388_608)));
    }),
  'bytes that are no text': (argocd) =>
    eachStream(argocd, (stream) => {
      stream.write(Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 7919) % 256)));
    }),
  'events that are no JSON': (argocd) =>
    eachStream(argocd, (stream) => {
      stream.write('data: {"result": \n\n'.repeat(1_000));
    }),
  'a web page': (argocd) => {
    argocd.break((request, response) => isStream(request) && answers(200, html, page)(request, response));
    argocd.cut();
  },
  'a web page that says it is a stream': (argocd) => {
    argocd.break(
      (request, response) => isStream(request) && answers(200, eventHead, page)(request, response),
    );
    argocd.cut();
  },
  'refused by 5xx': (argocd) => {
    argocd.break((request, response) => isStream(request) && storm(request, response));
    argocd.cut();
  },
  'accepted and never answered': (argocd) => {
    argocd.break(isStream);
    argocd.cut();
  },
  'events of unknown kinds and of applications that were never there': (argocd) =>
    eachStream(argocd, (stream) => {
      stream.write(eventOf('DELETED', 'nobody', 'Synced'));
      stream.write('data: {"result":{"type":"BOOKMARK"}} \n\n\ndata: null \n\n\ndata: [] \n\n\n');
      stream.write('event: error\nid: 7\nretry: 1\ndata: {}\n\n');
    }),
};

function cutAfter(argocd: BreakableArgoCd, bytes: string | Buffer): void {
  for (const stream of argocd.streams()) stream.write(bytes, () => stream.destroy());
}

function eachStream(argocd: BreakableArgoCd, write: (stream: ServerResponse) => void): void {
  for (const stream of argocd.streams()) write(stream);
  // Streams that are opened meanwhile get it too.
  argocd.break((request, response) => {
    if (!isStream(request)) return false;
    response.writeHead(200, eventHead);
    write(response);
    return true;
  });
}

describe('shows the truth from lists although the stream is', () => {
  it.each(Object.entries(streams))('%s', async (_, begin) => {
    const { argocd, untilShown, signals } = await showing({ apps: before });
    await untilShown(before);
    await until('the stream', () => argocd.streams().length > 0);
    const first = signals().length;
    await begin(argocd);
    argocd.secretlyHas(after);
    await untilShown(after);
    expect(signals().slice(first)).not.toContain('unknown');

    argocd.mend();
    argocd.cut();
    await until('a stream again', () => argocd.streams().length > 0);
    argocd.has({ ...after, ledger: 'Synced' });
    await untilShown({ ...after, ledger: 'Synced' });
  });
});

it('reads a character that arrives in two pieces', async () => {
  const { argocd, untilShown, latest } = await showing({ apps: before });
  await untilShown(before);
  const [stream] = await until('the stream', () =>
    argocd.streams().length > 0 ? argocd.streams() : undefined,
  );
  const whole = Buffer.from(eventOf('MODIFIED', 'till', 'OutOfSync', 'naïve → 😀 店鋪'));
  for (let at = 0; at < whole.length; at += 1)
    await new Promise((resolve) => stream?.write(whole.subarray(at, at + 1), resolve));
  await until('the message', () => latest('worker/main/app/argocd/till')?.['message'] === 'naïve → 😀 店鋪');
});

it('reads no more than the limit of an event without end, and continues', async () => {
  const { argocd, untilShown } = await showing({ apps: before });
  await untilShown(before);
  const taken: number[] = [];
  argocd.break((request, response) => {
    if (!isStream(request)) return false;
    let sent = 0;
    const more = (): void => {
      sent += 65_536;
      if (sent > 100_000_000) response.end();
      else response.write('x'.repeat(65_536), more);
    };
    response.once('close', () => taken.push(sent));
    response.writeHead(200, eventHead).write('data: ', more);
    return true;
  });
  argocd.cut();
  await until('three attempts', () => taken.length >= 3);
  // 4 MiB, and what the kernel buffers for both sockets.
  for (const bytes of taken) expect(bytes).toBeLessThan(20_000_000);
  argocd.mend();
  argocd.secretlyHas(after);
  await untilShown(after);
});

describe('a clock that jumps', () => {
  /** Its timers jump with it, as those of a paused process do. */
  const jumping = () => {
    const real = systemClock();
    const clock = hurriedClock(hurry);
    const jump = { wall: 0, monotonic: 0 };
    const monotonic = () => clock.monotonic() + jump.monotonic;
    const repeat = (fn: () => void, ms: number, times: number) => {
      let at = monotonic() + ms;
      let left = times;
      const poll = real.setInterval(() => {
        if (monotonic() < at) return;
        at += ms;
        left -= 1;
        if (left === 0) poll.cancel();
        fn();
      }, 5);
      return poll;
    };
    return {
      jump,
      clock: {
        now: () => clock.now() + jump.wall,
        monotonic,
        setTimeout: (fn: () => void, ms: number) => repeat(fn, ms, 1),
        setInterval: (fn: () => void, ms: number) => repeat(fn, ms, Infinity),
      },
    };
  };
  const day = 86_400_000;

  it.each([day, -day, -400 * day])('by %i ms on the wall changes nothing that is shown', async (ms) => {
    const { jump, clock } = jumping();
    const { argocd, untilShown, signals } = await showing({ apps: before, clock });
    await untilShown(before);
    await until('the stream', () => argocd.streams().length > 0);
    const first = signals().length;
    jump.wall = ms;
    argocd.has(after);
    await untilShown(after);
    jump.wall = 0;
    argocd.has(before);
    await untilShown(before);
    expect(signals().slice(first)).not.toContain('unknown');
  });

  it('by hours without news makes the known state stale', async () => {
    const { jump, clock } = jumping();
    const { argocd, untilShown, untilUnknown } = await showing({ apps: before, clock, maxAgeMs: 3_600_000 });
    await untilShown(before);
    argocd.break(() => true);
    argocd.cut();
    jump.monotonic = 7_200_000;
    await untilUnknown(/has sent nothing for more than|no answer within|ECONNRESET/);
    argocd.mend();
    argocd.cut();
    argocd.secretlyHas(after);
    await untilShown(after);
  });
});
