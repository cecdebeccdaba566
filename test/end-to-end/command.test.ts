// The command as people use it: press, watch, config, health, help.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, createWorkplace, type Running, type Workplace } from '../support/processes.ts';
import { controlOf, worldOf } from '../support/argocd-control.ts';
import { until } from '../support/wait.ts';

const version = /"version": "([^"]+)"/.exec(
  readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
)?.[1];

let workplace: Workplace;
beforeEach(() => {
  workplace = createWorkplace();
});
afterEach(() => workplace.clear());

async function outcomeOf(running: Running): Promise<{ code: number | null; output: string }> {
  const { code } = await running.exited;
  return { code, output: running.output() };
}

describe('the command', () => {
  it('explains the product, every command, the light and the exit codes with --help', async () => {
    const { code, output } = await outcomeOf(workplace.start(['--help']));
    expect(code).toBe(0);
    for (const name of [
      'start',
      'broker',
      'gpio-agent',
      'release-worker',
      'argocd-simulator',
      'press',
      'freeze',
      'unfreeze',
      'terminate',
      'rollback',
      'watch',
      'config',
      'health',
      'doctor',
    ])
      expect(output).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    expect(output).toContain('mosquitto_pub');
    expect(output).toMatch(/SOS.*failed/);
    expect(output).toMatch(/Exit codes/);
  });

  it('ends silently when the reader of its output ends', async () => {
    const piped = workplace.spawn('sh', ['-c', `node ${command} start --help | head -n 1; echo done`]);
    await piped.exited;
    expect(piped.output()).toBe('Usage: release-button start [options]\ndone\n');
  });

  it('prints the version of the package', async () => {
    const { code, output } = await outcomeOf(workplace.start(['--version']));
    expect({ code, output }).toEqual({
      code: 0,
      output: `release-button ${version}\n`,
    });
  });

  it('tests the wiring with gpio-agent --check, and ends with 3 if nobody presses', async () => {
    const { code, output } = await outcomeOf(
      workplace.start(['gpio-agent', '--check', '1', '--agent-driver', 'simulated']),
    );
    expect(output).toContain('driver  simulated (agent.driver says simulated');
    expect(output).toContain('button main        press and release it, within 1 s');
    expect(output).toContain('Needs a look (see above): button main.');
    expect(code).toBe(3);
  });

  it('warns of a debounce time that counts hum: in config, the self-test, doctor and the log of the agent', async () => {
    const env = {
      RELEASE_BUTTON_AGENT_BUTTONS: '[{"debounceMs":10}]',
      RELEASE_BUTTON_AGENT_DRIVER: 'simulated',
      RELEASE_BUTTON_MQTT_URL: 'mqtt://127.0.0.1:1',
    };
    const words = 'agent.buttons[0].debounceMs';
    for (const args of [
      ['config', 'gpio-agent'],
      ['gpio-agent', '--check', '1'],
      ['doctor', 'gpio-agent'],
    ]) {
      const { output } = await outcomeOf(workplace.start(args, env));
      expect(output.replaceAll(/\s+/g, ' '), args.join(' ')).toContain('set it to 21 or more');
      expect(output).toContain(words);
    }
    const agent = workplace.start(['gpio-agent'], env);
    await until('the warning', () => agent.logs().some(({ msg }) => String(msg).includes(words)));
  });

  it('ends a self-test that is interrupted', async () => {
    const running = workplace.start(['gpio-agent', '--check', '60', '--agent-driver', 'simulated']);
    await running.untilOutput('within 60 s');
    running.signal('SIGINT');
    const { code, output } = await outcomeOf(running);
    expect(output).toContain('ended before everything was tested');
    expect(code).toBe(130);
  });

  it('refuses an invalid time for the self-test', async () => {
    const { code, output } = await outcomeOf(workplace.start(['gpio-agent', '--check=soon']));
    expect(output).toContain('Give a whole number of seconds from 1 to 3600.');
    expect(code).toBe(2);
  });

  it('does not simulate a missing GPIO chip: the agent ends with 3 and the remedy', async () => {
    const { code, output } = await outcomeOf(
      workplace.start([
        'gpio-agent',
        '--agent-driver',
        'gpiochip',
        '--agent-chip',
        '/dev/no-chip',
        '--health-port',
        '0',
      ]),
    );
    expect(output).toMatch(/no GPIO chip here|\/dev\/no-chip cannot be opened/);
    expect(code).toBe(3);
  });

  it('shows the values in force and their origins with config, and masks secrets', async () => {
    writeFileSync(join(workplace.directory, 'token'), 'a-very-secret-token\n');
    writeFileSync(
      join(workplace.directory, 'button.yaml'),
      'argocd:\n  server: https://argocd.example/argo\n  tokenFile: token\nworker:\n  buttons:\n    - select: {projects: [shop]}\n',
    );
    const { code, output } = await outcomeOf(
      workplace.start(['config', '--config', 'button.yaml', '--broker-port', '1999', '--argocd-insecure'], {
        RELEASE_BUTTON_LOG_LEVEL: 'warn',
      }),
    );
    expect(code).toBe(0);
    expect(output).toMatch(/argocd\.server +https:\/\/argocd\.example\/argo +# button\.yaml:2/);
    expect(output).toMatch(/argocd\.token +\*{8}/);
    expect(output).not.toContain('a-very-secret-token');
    expect(output).toMatch(/broker\.port +1999 +# --broker-port/);
    expect(output).toMatch(/argocd\.insecure +true +# --argocd-insecure/);
    expect(output).toMatch(/log\.level +warn +# RELEASE_BUTTON_LOG_LEVEL/);
    expect(output).toMatch(/agent\.sampleMs +5 +# default/);
  });

  it('runs the demo without a file and without --argocd, whatever the variables ARGOCD_* are', async () => {
    const real = { ARGOCD_SERVER: 'https://production.example', ARGOCD_AUTH_TOKEN: 'production-token' };
    const config = await outcomeOf(workplace.start(['config'], real));
    expect(config.code).toBe(0);
    expect(config.output).toContain('the demo');
    expect(config.output).not.toContain('production.example');
    const start = workplace.start(['start'], real);
    await start.untilOutput('this is the demo');
    await start.untilOutput(/button main releases 12 applications of Argo CD at http:\/\/127\.0\.0\.1/);
    expect(start.output()).not.toContain('production');
  });
});

describe('release-button press, watch and health', () => {
  let start: Running;
  let env: Readonly<Record<string, string>>;
  beforeEach(async () => {
    const argocd = await controlOf(workplace.startArgoCd());
    await argocd.post('world', worldOf([{ name: 'shop', drifted: true }]));
    start = workplace.start(['start', '--argocd'], {
      ARGOCD_SERVER: argocd.url,
      ARGOCD_AUTH_TOKEN: 'simulated',
      RELEASE_BUTTON_WORKER_BUTTONS: '[{select: {all: true}}]',
    });
    env = { RELEASE_BUTTON_MQTT_URL: await start.untilListening((line) => line['part'] === 'broker') };
    await start.untilOutput('button main releases');
  });

  it('presses, and ends with 0 if accepted, 4 if rejected, 5 if there is nothing to release, and 6 without an answer', async () => {
    await start.untilOutput(/"signal":"drifted"/);
    const watch = workplace.start(['watch'], env);
    await watch.untilOutput(/worker main +online/);

    expect(await outcomeOf(workplace.start(['press', '--gesture', 'double'], env))).toMatchObject({
      code: 4,
      output: expect.stringContaining('double'),
    });
    expect(await outcomeOf(workplace.start(['press'], env))).toEqual({
      code: 0,
      output: 'accepted: releasing argocd/shop\n',
    });
    await start.untilOutput(/"signal":"clear"/);
    expect(await outcomeOf(workplace.start(['press'], env))).toMatchObject({
      code: 5,
      output: expect.stringContaining('in sync'),
    });
    const nobody = workplace.start(['broker']);
    const empty = {
      RELEASE_BUTTON_MQTT_URL: await nobody.untilListening((line) => line['part'] === 'broker'),
    };
    expect(await outcomeOf(workplace.start(['press'], empty))).toMatchObject({
      code: 6,
      output: expect.stringContaining('release worker'),
    });

    const withoutBroker = { RELEASE_BUTTON_MQTT_URL: 'mqtt://127.0.0.1:1' };
    const blind = workplace.start(['watch'], withoutBroker);
    await blind.untilOutput(/broker +the broker at mqtt:\/\/127\.0\.0\.1:1 cannot be reached/);
    blind.signal('SIGINT');
    await blind.exited;
    expect(blind.output()).not.toContain('next try');
    expect(await outcomeOf(workplace.start(['press'], withoutBroker))).toEqual({
      code: 6,
      output: expect.stringMatching(/^no answer: the broker .* cannot be reached: .*is mqtt\.url right\?\n$/),
    });

    await watch.untilOutput(/press main +press from cli/);
    await watch.untilOutput(/result main +accepted: releasing argocd\/shop/);
    await watch.untilOutput(/light main +pulse/);
    await watch.untilOutput(/release main +finished: succeeded/);
    await watch.untilOutput(/light main +off/);
    watch.signal('SIGINT');
    expect(await watch.exited).toMatchObject({ code: 0 });
  });

  it('asks for health from outside, and ends with 0 if healthy and 1 without an answer', async () => {
    const { port } = new URL(await start.untilListening((line) => line['what'] === 'health and metrics'));
    const healthy = await outcomeOf(workplace.start(['health'], { RELEASE_BUTTON_HEALTH_PORT: port }));
    expect(healthy.output).toMatch(/^ok [\s\S]*✓ argocd since \d{4}-\d\d-\d\d \d\d:\d\d [+-]\d\d:\d\d/);
    expect(healthy.code).toBe(0);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toMatch(
      /^release_button_applications{button="main",state="out-of-sync",worker="main"} 1$/m,
    );
    start.signal('SIGTERM');
    expect(await start.exited).toEqual({ code: 0, signal: null });
    const unhealthy = await outcomeOf(workplace.start(['health'], { RELEASE_BUTTON_HEALTH_PORT: port }));
    expect(unhealthy.code).toBe(1);
    expect(unhealthy.output).toContain('Is `release-button start` running');
  });

  it('asks a process that listens on every address by the address of this machine, and also the simulator', async () => {
    const simulator = workplace.start(['argocd-simulator', '--health-host', '0.0.0.0']);
    const { port } = new URL(await simulator.untilListening((line) => line['what'] === 'health and metrics'));
    await simulator.untilListening((line) => line['part'] === 'simulator');
    const args = ['health', 'argocd-simulator', '--health-host', '0.0.0.0', '--health-port', port];
    expect(await outcomeOf(workplace.start(args))).toMatchObject({
      code: 0,
      output: expect.stringContaining(`ok (http://127.0.0.1:${port}/healthz)`),
    });
  });
});
