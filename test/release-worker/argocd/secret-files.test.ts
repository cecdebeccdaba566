// Tokens and headers in files: read again while the worker runs, and at once if Argo CD refuses the present ones.
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseHeaders, tokenFault } from '../../../config/argocd-secrets.ts';
import { secretInFile } from '../../../release-worker/argocd/secret-source.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { follow } from './follow.ts';
import { keptLog } from './kept-log.ts';
import { bodyText, clientOf, serve } from './playback.ts';
import { recording } from './recordings.ts';
import { refusalOf } from './situations.ts';

const guestbook = { namespace: 'argocd', name: 'guestbook', project: 'default' };
const nothing = { prune: false, infos: [] };
const json = { 'content-type': 'application/json' };
const first = 'first-token-of-this-test';
const second = 'second-token-of-this-test';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'release-button-token-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** An Argo CD that accepts one token at a time, and a client whose token is in a file. */
async function rotating(file: string) {
  let accepted = first;
  const { url, asked } = await serve((response, { method, path, headers }) => {
    if (headers.authorization !== `Bearer ${accepted}`) {
      const { status, body } = recording('list-revoked-token').response;
      response.writeHead(status ?? 401, json).end(bodyText(body));
    } else if (path.includes('/stream/'))
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(':\n');
    else
      response
        .writeHead(200, json)
        .end(bodyText(recording(method === 'POST' ? 'sync-ok-with-infos' : 'get-one').response.body));
  });
  const clock = createFakeClock();
  const kept = keptLog();
  const token = secretInFile({
    file,
    key: 'argocd.tokenFile',
    first: { text: first, value: first },
    parse: (text) => {
      const fault = tokenFault(text);
      return fault === undefined ? { value: text } : { fault };
    },
    clock,
    log: kept.log,
  });
  return {
    asked,
    clock,
    kept,
    argocd: clientOf(url, { credentials: { token, tokenFile: file }, clock }),
    accept: (next: string) => {
      accepted = next;
    },
    tokens: () => asked.map(({ headers }) => headers.authorization?.replace('Bearer ', '')),
  };
}

describe('a token in a file', () => {
  it('that has been replaced is used some seconds later, without a refusal', async () => {
    const file = join(await folder(), 'token');
    await writeFile(file, `${first}\n`);
    const { argocd, clock, accept, tokens, kept } = await rotating(file);
    await argocd.get(guestbook);
    await writeFile(`${file}.new`, `${second}\n`);
    await rename(`${file}.new`, file);
    await argocd.get(guestbook);
    accept(second);
    clock.advance(5_000);
    await argocd.get(guestbook);
    expect(tokens()).toEqual([first, first, second]);
    expect(kept.lines.join('')).toContain('has changed');
    expect(kept.lines.join('')).not.toContain(second);
  });

  it('is followed through the links of a Secret that Kubernetes swaps', async () => {
    const root = await folder();
    for (const [name, token] of [
      ['..1', first],
      ['..2', second],
    ] as const) {
      await mkdir(join(root, name));
      await writeFile(join(root, name, 'token'), token);
    }
    await symlink('..1', join(root, '..data'));
    await symlink('..data/token', join(root, 'token'));
    const { argocd, accept, tokens } = await rotating(join(root, 'token'));
    await argocd.get(guestbook);
    await symlink('..2', join(root, '..data_tmp'));
    await rename(join(root, '..data_tmp'), join(root, '..data'));
    accept(second);
    await argocd.get(guestbook);
    expect(tokens()).toEqual([first, first, second]);
  });

  it('is read at once when Argo CD refuses the old one: a read and a sync are sent again', async () => {
    for (const method of ['GET', 'POST']) {
      const file = join(await folder(), 'token');
      await writeFile(file, second);
      const { argocd, accept, asked, tokens } = await rotating(file);
      accept(second);
      await (method === 'GET' ? argocd.get(guestbook) : argocd.sync(guestbook, nothing));
      expect(asked.map((each) => each.method)).toEqual([method, method]);
      expect(tokens()).toEqual([first, second]);
    }
  });

  it('is read when the stream is refused: the next stream has it', async () => {
    const file = join(await folder(), 'token');
    await writeFile(file, second);
    const { argocd, accept, tokens } = await rotating(file);
    accept(second);
    expect(await follow(argocd).end).toMatchObject({ kind: 'unauthenticated' });
    expect(await follow(argocd).end).toMatchObject({ kind: 'unavailable' });
    expect(tokens()).toEqual([first, second]);
  });

  it('that has not changed when Argo CD refuses is not sent again, and the remedy names the file', async () => {
    const file = join(await folder(), 'token');
    await writeFile(file, first);
    const { argocd, accept, asked } = await rotating(file);
    accept('another');
    for (const ask of [() => argocd.get(guestbook), () => argocd.sync(guestbook, nothing)]) {
      const refusal = await refusalOf(ask());
      expect(refusal.kind).toBe('unauthenticated');
      expect(refusal.message).toContain(`write it into ${file}`);
    }
    expect(asked).toHaveLength(2);
  });

  it('is not sent a third time if the new one is refused as well', async () => {
    const file = join(await folder(), 'token');
    await writeFile(file, second);
    const { argocd, accept, asked } = await rotating(file);
    accept('another');
    await refusalOf(argocd.sync(guestbook, nothing));
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['is missing', undefined, 'does not exist'],
    ['is empty', '\n', 'is empty'],
    ['has a token that cannot be one', `${second} ${second}`, 'has a space in it'],
  ])('that %s for a while leaves the last one in use, and is told of once', async (_, text, words) => {
    const file = join(await folder(), 'token');
    if (text !== undefined) await writeFile(file, text);
    const { argocd, clock, accept, tokens, kept } = await rotating(file);
    for (let round = 0; round < 3; round += 1) {
      clock.advance(5_000);
      await argocd.get(guestbook);
    }
    expect(tokens()).toEqual([first, first, first]);
    expect([kept.count('warn'), kept.count('info')]).toEqual([1, 0]);
    expect(kept.lines[0]).toContain(words);
    expect(kept.lines[0]).toContain(file);
    expect(kept.lines[0]).not.toContain(second);

    await writeFile(file, second);
    accept(second);
    clock.advance(5_000);
    await argocd.get(guestbook);
    expect(kept.count('warn')).toBe(1);
    expect(kept.lines[1]).toContain('is valid again');
  });
});

it('headers in a file are read again too', async () => {
  const file = join(await folder(), 'headers');
  const text = 'Proxy-Authorization: Bearer first-of-an-hour\n';
  await writeFile(file, text);
  const { url, asked } = await serve((response) =>
    response.writeHead(200, json).end(bodyText(recording('get-one').response.body)),
  );
  const clock = createFakeClock();
  const parse = (lines: string) => {
    const parsed = parseHeaders(lines);
    return parsed.fault === undefined ? { value: parsed.headers } : parsed;
  };
  const value = [{ name: 'proxy-authorization', value: 'Bearer first-of-an-hour' }];
  const { log } = keptLog();
  const headers = secretInFile({
    file,
    key: 'argocd.headersFile',
    first: { text, value },
    parse,
    clock,
    log,
  });
  const argocd = clientOf(url, { headers, clock });
  await argocd.get(guestbook);
  await writeFile(file, text.replace('first', 'second'));
  clock.advance(5_000);
  await argocd.get(guestbook);
  expect(asked.map((each) => each.headers['proxy-authorization'])).toEqual([
    'Bearer first-of-an-hour',
    'Bearer second-of-an-hour',
  ]);
});
