// What the command answers to a newcomer: hints, lists of choices, and exit codes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startInOne, type Installation } from '../support/installation.ts';
import { createWorkplace, type Running, type Workplace } from '../support/processes.ts';

async function outcomeOf(running: Running): Promise<{ code: number | null; output: string }> {
  const { code } = await running.exited;
  return { code, output: running.output() };
}

describe('a command line with a mistake', () => {
  let workplace: Workplace;
  beforeEach(() => {
    workplace = createWorkplace();
  });
  afterEach(() => workplace.clear());

  it.each([
    ['relaese', '`press` releases the applications of a button'],
    ['prss', 'did you mean `press`?'],
    ['status', '`watch` shows presses'],
    ['version', '`release-button --version`'],
    ['xyzzy', 'The commands are: start, broker,'],
    ['help xyzzy', 'there is no command "xyzzy"'],
    ['help constructor', 'there is no command "constructor"'],
    ['help relaese', '`press` releases the applications of a button'],
    ['config worker', 'Did you mean release-worker?'],
    ['config realese-worker', 'Did you mean release-worker?'],
    ['health xyzzy', 'Known: start, broker,'],
    ['doctor broker', 'doctor cannot check the process "broker". Known: start, release-worker, gpio-agent'],
    [
      'home-assistant clear',
      'unknown action "clear": use `home-assistant` to announce, or `home-assistant clean`',
    ],
    ['start --mqtt-ulr x', '(Did you mean --mqtt-url?)'],
    ['press --wait soon', '--wait soon: must be a number with s, m, h or d'],
    ['press --only shop', '--only shop: must be <namespace>/<name>, such as argocd/shop'],
    ['freeze', "required option '--reason <text>' not specified"],
  ])('gets a hint for "%s"', async (line, hint) => {
    const { code, output } = await outcomeOf(workplace.start(line.split(' ')));
    expect(output).toContain(hint);
    expect(output).toMatch(/^release-button: /);
    expect(code).toBe(2);
  });

  it('may ask for help: the few settings that matter come first with their defaults, and all of them on request', async () => {
    const { output: short } = await outcomeOf(workplace.start(['start', '--help']));
    const { code, output: wholeHelp } = await outcomeOf(workplace.start(['start', '--help-all']));
    const settings = (text: string) => text.match(/^ {2}--\S+/gm) ?? [];
    expect(settings(short).length).toBeLessThan(20);
    expect(settings(wholeHelp).length).toBeGreaterThan(60);
    expect(short).toMatch(/--broker-port <number>.*\(default:\s+1883\)/s);
    expect(short).toContain('`release-button start --help-all` shows');
    expect(wholeHelp).toContain('--worker-release-app-timeout-ms');
    expect(code).toBe(0);
  });

  it('may use the hidden settings too, and a boolean with or without its value', async () => {
    const { output } = await outcomeOf(
      workplace.start(['config', '--worker-release-wait-healthy', '--health-enabled', 'false']),
    );
    expect(output).toMatch(/worker\.release\.waitHealthy +true +# --worker-release-wait-healthy/);
    expect(output).toMatch(/health\.enabled +false +# --health-enabled/);
  });
});

it('leads to an exit code that --help and docs/commands.md explain in the same words', async () => {
  const workplace = createWorkplace();
  const { output } = await outcomeOf(workplace.start(['--help']));
  await workplace.clear();
  const explained = [...output.matchAll(/^ {2}(\d+) +(.+)$/gm)].map(([, code, meaning]) => [code, meaning]);
  const page = readFileSync(join(import.meta.dirname, '../../docs/commands.md'), 'utf8');
  const documented = [...page.matchAll(/^\| (\d+) +\| (.+?) +\|$/gm)].map(([, code, meaning]) => [
    code,
    meaning?.replaceAll('`', ''),
  ]);
  expect(documented).toEqual(explained);
});

describe('the command beside a running installation', () => {
  let running: Installation;
  afterEach(() => running.workplace.clear());
  const run = (...args: string[]) =>
    outcomeOf(running.workplace.start(args, { RELEASE_BUTTON_MQTT_URL: running.brokerUrl }));

  it('lists the buttons and applications that exist if an unknown one is named', async () => {
    running = await startInOne([{ name: 'shop', drifted: true }]);
    await running.untilSignal('drifted');
    for (const line of [
      ['press', 'Big Red'],
      ['press', 'mian'],
      ['rollback', 'garden'],
      ['freeze', '--reason', 'x', '--button', 'Big Red'],
      ['unfreeze', '--button', 'garden'],
    ]) {
      const { code, output } = await run(...line);
      expect(output).toMatch(/there is no button ".+"\. .*Known: main$/m);
      expect(code).toBe(2);
    }
    expect(await run('press', '--only', 'argocd/shopp')).toEqual({
      code: 5,
      output: expect.stringContaining('Did you mean argocd/shop? Known: argocd/shop'),
    });
    expect(await running.argocd.syncs()).toEqual([]);
  });

  it('presses the only button, whatever its name', async () => {
    running = await startInOne([{ name: 'shop', drifted: true }], {
      RELEASE_BUTTON_WORKER_BUTTONS: '[{id: red, select: {all: true}}]',
    });
    expect(await run('press', '--wait')).toEqual({
      code: 0,
      output: expect.stringMatching(
        /^accepted: releasing argocd\/shop\nsucceeded: the release of button red has ended\n {2}argocd\/shop: in-sync .*\n$/,
      ),
    });
  });

  it('waits for the end of the release, and reports a failed release by exit code and message', async () => {
    running = await startInOne([
      { name: 'shop', drifted: true, fails: { message: 'the hook migrate failed' } },
    ]);
    await running.untilSignal('drifted');
    const { code, output } = await run('press', '--wait', '2m');
    expect(output).toMatch(
      /^accepted: releasing argocd\/shop\nfailed: the release of button main has ended\n {2}argocd\/shop: failed \(.*the hook migrate failed.*\)\n$/,
    );
    expect(code).toBe(7);
    const { output: report } = await run('doctor', 'release-worker');
    expect(report).toMatch(/^! release main +the last release \(.+ ago, at .+ [+-]\d\d:\d\d\)/m);
    expect(report).toContain('the hook migrate failed');
  });
});
