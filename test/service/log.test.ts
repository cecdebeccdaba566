import { spawn, spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { messageOf, silentLog } from '../../service/log.ts';
import { until } from './arrange.ts';

/** A script that makes a log and runs the code with `log` in scope. It uses the compiled code. */
function scriptOf(format: string, code: string): string {
  const module = new URL('../../dist/service/log.js', import.meta.url).href;
  return `import { createLog } from ${JSON.stringify(module)};
const log = await createLog({ level: 'info', format: ${JSON.stringify(format)} }, 'agent');
${code}`;
}

/** The output of a process with such a script. */
function outputOf(format: string, code: string): string {
  const script = scriptOf(format, code);
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return stdout + stderr;
}

test('lines are JSON with time, level, process and message; lines below the level are left out', () => {
  const lines = outputOf('json', "log.debug('not seen'); log.warn({ button: 'main' }, 'stuck');")
    .trim()
    .split('\n');
  expect(lines).toHaveLength(1);
  const line: unknown = JSON.parse(lines[0] ?? '');
  expect(line).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown,
    process: 'agent',
    button: 'main',
    msg: 'stuck',
  });
});

test('`auto` is JSON without a terminal, and `pretty` is for people', () => {
  expect(outputOf('auto', "log.info('hello')")).toMatch(/^\{.*"msg":"hello"\}\n$/);
  expect(outputOf('pretty', "log.info({ part: 'worker' }, 'hello')")).toMatch(/INFO: worker: hello\n/);
});

test.each(['json', 'pretty'])('secrets are masked in the format %s', (format) => {
  const output = outputOf(
    format,
    `log.info({ token: 's3cret', password: 's3cret', authorization: 's3cret', mqtt: { password: 's3cret' } }, 'connecting');
     log.info({ argocd: { token: 's3cret' }, headers: { authorization: 's3cret' } }, 'asking');`,
  );
  expect(output).toContain('connecting');
  expect(output).not.toContain('s3cret');
  // The lines for people do not have these members.
  expect(output.includes('********')).toBe(format === 'json');
});

test('of an error only its description is logged, not the request in it', () => {
  const output = outputOf(
    'json',
    `const error = Object.assign(new Error('refused', { cause: new Error('expired') }), {
       code: 'E1', options: { headers: { authorization: 'Bearer s3cret' } }, response: { body: 's3cret' } });
     log.error({ err: error }, 'asking failed'); log.error({ err: 'just text' }, 'odd');`,
  );
  expect(output).not.toContain('s3cret');
  const [first, second] = output
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(first).toMatchObject({
    err: {
      type: 'Error',
      message: 'refused: expired',
      code: 'E1',
      stack: expect.stringContaining('refused') as unknown,
    },
  });
  expect(second).toMatchObject({ err: 'just text' });
});

test.each([
  ['json', /"lost":\d+,"msg":"lost \d+ lines of the log here: .*EAGAIN/],
  ['pretty', /WARN: lost \d+ lines of the log here: .*EAGAIN/],
])(
  'a paused reader neither blocks the process nor fills its memory (format %s)',
  async (format, lostLine) => {
    const child = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        scriptOf(
          format,
          `for (let line = 0; line < 3_000; line += 1) log.info('line ' + line + ' ' + 'x'.repeat(1_000));
           process.stderr.write('all said');
           process.stdin.once('data', () => { log.info('the end'); process.exit(); });`,
        ),
      ],
      { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    let complaints = '';
    await new Promise<void>((resolve) => {
      child.stderr.on('data', (bytes: Buffer) => {
        complaints += bytes.toString();
        if (complaints.includes('all said')) resolve();
      });
    });
    expect(complaints).toContain('The program that reads it has stopped reading');
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
    await until(() => lostLine.test(output));
    child.stdin.end('go on');
    await new Promise((resolve) => {
      child.once('close', resolve);
    });
    expect(output.slice(-100)).toContain('the end');
    expect(output.length).toBeLessThan(1_000_000);
  },
);

test('a line that cannot be made pretty is written unchanged', () => {
  expect(outputOf('pretty', "log.info({ time: { odd: true } }, 'hello')")).toContain('hello');
});

test('a silent log writes nothing', () => {
  expect(silentLog().isLevelEnabled('fatal')).toBe(false);
});

test.each([
  ['the message', new Error('plain'), 'plain'],
  ['the causes', new Error('outer', { cause: new Error('inner', { cause: 'root' }) }), 'outer: inner: root'],
  [
    'the code if there is no message',
    Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' }),
    'ECONNREFUSED',
  ],
  ['the name if there is nothing else', new TypeError(''), 'TypeError'],
  ['the text of a thrown string', 'thrown text', 'thrown text'],
  ['nothing at all', undefined, 'undefined'],
])('the log of an error has %s', (_, error, message) => {
  expect(messageOf(error)).toBe(message);
});

test('an error whose causes form a circle has a finite text', () => {
  const first = new Error('first');
  first.cause = new Error('second', { cause: first });
  expect(messageOf(first)).toBe('first: second: first: second: first: second');
});
