// docker-compose.environments.yml: the demo of docs/environments.md, and then the installation of
// docs/environments-setup.md, with a token for each worker.
import { chownSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createWorkplace,
  publish,
  subscribe,
  type Subscriber,
  type Workplace,
} from '../support/processes.ts';
import { freePort } from '../support/ports.ts';
import { hasMosquitto } from '../support/programs.ts';
import { until } from '../support/wait.ts';
import { buildImage, docker, dockerOk, hasDocker, inspect } from './engine.ts';
import { deployments, drift } from './simulator.ts';

const root = join(import.meta.dirname, '../..');
const project = 'release-button-test-environments';
const file = 'docker-compose.environments.yml';
const environments = ['staging', 'production'] as const;
type Environment = (typeof environments)[number];
const services = [
  'broker',
  'gpio-agent',
  'home-assistant',
  'worker-staging',
  'worker-production',
  'argocd-staging',
  'argocd-production',
];

/**
 * Root gives the secrets to the user of the containers, as the page says. Any other user lets the containers run as
 * himself.
 */
const isRoot = process.getuid?.() === 0;
const uid = isRoot ? 1000 : (process.getuid?.() ?? 1000);
const gid = isRoot ? 1000 : (process.getgid?.() ?? 1000);

describe.skipIf(!hasDocker || !hasMosquitto)(
  'staging and production (skipped without a Docker engine or mosquitto-clients)',
  () => {
    let workplace: Workplace;
    /** a copy of the checkout, because settings and secrets are written into it */
    let folder: string;
    let brokerUrl: string;
    let argocdUrl: Readonly<Record<Environment, string>>;
    let env: Readonly<Record<string, string>>;
    let subscriber: Subscriber;

    const composed = (args: readonly string[]) => ['compose', '-f', file, '-p', project, ...args];
    const compose = (...args: string[]) => dockerOk(composed(args), env, folder);
    const containersOf = (...names: string[]) =>
      inspect(
        compose('ps', '--all', '--quiet', ...names)
          .trim()
          .split('\n'),
      );
    const token = (environment: Environment, content: string) => {
      const path = join(folder, 'secrets', environment, 'token');
      writeFileSync(path, `${content}\n`, { mode: 0o600 });
      if (isRoot) chownSync(path, uid, gid);
    };
    const light = (led: Environment) => subscriber.latest(`release-button/led/${led}/state`)?.['pattern'];
    const untilLight = (led: Environment, pattern: string) =>
      until(
        `the light ${led} to show ${pattern}; it shows ${String(light(led))}`,
        () => light(led) === pattern,
        90_000,
      );
    /** Waits for the end of the release, because the light may stay on if something drifts again. */
    const pressAndRelease = async (environment: Environment, id: string) => {
      const press = JSON.stringify({ id });
      publish(brokerUrl, ['-q', '1', '-t', `release-button/button/${environment}/press`, '-m', press]);
      const result = () => subscriber.latest(`release-button/button/${environment}/result`);
      const last = () => subscriber.latest(`release-button/worker/${environment}/release/last`);
      await until('the result', () => result()?.['pressId'] === id, 60_000);
      expect(result()).toMatchObject({ outcome: 'accepted' });
      await until('the end of the release', () => last()?.['pressId'] === id, 90_000);
      expect(last()).toMatchObject({ outcome: 'succeeded' });
    };
    const listen = () => (subscriber = subscribe(workplace, brokerUrl));
    const deployed = async () => [
      await deployments(argocdUrl.staging, 'simulated-staging'),
      await deployments(argocdUrl.production, 'simulated-production'),
    ];

    beforeAll(async () => {
      workplace = createWorkplace();
      folder = join(workplace.directory, 'installation');
      mkdirSync(folder);
      for (const part of ['docker-compose.yml', file, 'config', 'secrets', 'deploy'])
        cpSync(join(root, part), join(folder, part), { recursive: true });
      const [mqtt, staging, production] = [await freePort(), await freePort(), await freePort()];
      brokerUrl = `mqtt://127.0.0.1:${mqtt}`;
      argocdUrl = {
        staging: `http://127.0.0.1:${staging}`,
        production: `http://127.0.0.1:${production}`,
      };
      env = {
        MQTT_PORT: String(mqtt),
        STAGING_SIMULATOR_PORT: String(staging),
        PRODUCTION_SIMULATOR_PORT: String(production),
        RUN_AS: `${uid}:${gid}`,
      };
      buildImage();
    });
    afterAll(async () => {
      docker(composed(['down', '--volumes', '--timeout', '15']), env, folder);
      await workplace.clear();
    });

    it.each([
      ['as it is', []],
      ['with the pins', ['-f', 'docker-compose.gpio.yml']],
    ])('is understood without a warning %s, and builds the image once', (_, flags) => {
      const args = ['compose', '-f', file, ...flags, 'config'];
      const { code, stdout, err } = docker(args, { ...env, GPIO_GID: '997' });
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(stdout.match(/^    build:$/gm)).toHaveLength(1);
    });

    it('becomes healthy, reachable from this machine only, with each process without needless rights', () => {
      compose('up', '--detach', '--no-build', '--wait', '--wait-timeout', '150');
      expect(compose('ps', '--services').trim().split('\n').toSorted()).toEqual(services.toSorted());
      for (const { Config, HostConfig, State } of containersOf()) {
        expect(State.Health?.Status).toBe('healthy');
        expect(Config.User).toBe(`${uid}:${gid}`);
        expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, Privileged: false, CapDrop: ['ALL'] });
        for (const { HostIp } of Object.values(HostConfig.PortBindings).flat())
          expect(HostIp).toBe('127.0.0.1');
      }
    });

    it('releases by each button at its own Argo CD, and at no other', async () => {
      listen();
      for (const environment of environments) await untilLight(environment, 'on');
      const before = await deployed();
      await pressAndRelease('staging', 'first');
      const deployedAfterFirst = await deployed();
      expect(deployedAfterFirst[0]).toBeGreaterThan(before[0] ?? 0);
      expect(deployedAfterFirst[1]).toBe(before[1]);
      expect(
        compose('exec', '-T', 'worker-production', 'release-button', 'press', 'production', '--wait'),
      ).toContain('succeeded: the release of button production has ended');
      expect((await deployed())[1]).toBeGreaterThan(deployedAfterFirst[1] ?? 0);
    });

    it('goes on in one environment when the worker and the Argo CD of the other are killed', async () => {
      compose('kill', 'worker-production', 'argocd-production');
      await untilLight('production', 'double-blink');
      await drift(argocdUrl.staging);
      await untilLight('staging', 'on');
      await pressAndRelease('staging', 'second');
      compose('start', 'worker-production');
      await untilLight('production', 'heartbeat');
      compose('start', 'argocd-production');
      await untilLight('production', 'on');
    });

    it('takes settings and tokens as the page says, and shows each worker only its own', () => {
      compose('down', '--volumes');
      const configFolder = join(folder, 'config/environments');
      mkdirSync(configFolder);
      for (const name of ['panel', ...environments]) {
        const example = readFileSync(join(folder, `deploy/environments/${name}.yaml`), 'utf8');
        const tokenFile = 'tokenFile: /run/secrets/argocd/token';
        writeFileSync(join(configFolder, `${name}.yaml`), example.replace(/token: simulated-\w+/, tokenFile));
      }
      for (const environment of environments) token(environment, `simulated-${environment}`);
      env = { ...env, ENVIRONMENTS: './config/environments' };
      compose('up', '--detach', '--no-build', '--wait', '--wait-timeout', '150');
      const sees = (service: string) =>
        compose(
          'exec',
          '-T',
          service,
          'sh',
          '-c',
          'cat /run/secrets/*/token 2>/dev/null; grep -h simulated- config/*.yaml; grep -hE "^  id:" config/*.yaml; true',
        )
          .trim()
          .split('\n')
          .map((line) => line.trim());
      expect(sees('worker-staging')).toEqual(['simulated-staging', 'id: staging']);
      expect(sees('worker-production')).toEqual(['simulated-production', 'id: production']);
      for (const service of ['gpio-agent', 'home-assistant', 'broker'])
        expect(sees(service)).toEqual(['id: panel']);
      for (const environment of environments)
        expect(
          compose('exec', '-T', `worker-${environment}`, 'release-button', 'doctor', 'release-worker'),
        ).toContain(`button ${environment}`);
    });

    it('reports that production does not accept the token of staging', () => {
      token('production', 'simulated-staging');
      const doctor = composed([
        'exec',
        '-T',
        'worker-production',
        'release-button',
        'doctor',
        'release-worker',
      ]);
      const { code, stdout } = docker(doctor, env, folder);
      expect(code).toBe(1);
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain('does not accept the token: it is wrong or revoked');
    });

    it('stops with exit code 0 in time, and leaves nothing behind', () => {
      compose('stop', '--timeout', '15');
      for (const { State } of containersOf()) expect(State.ExitCode).toBe(0);
      compose('down', '--volumes');
      for (const kind of [
        ['ps', '--all'],
        ['volume', 'ls'],
      ])
        expect(
          dockerOk([...kind, '--quiet', '--filter', `label=com.docker.compose.project=${project}`]),
        ).toBe('');
    });
  },
);
